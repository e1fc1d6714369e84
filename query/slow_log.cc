#include "query/slow_log.h"

#include <optional>
#include <string>

#include "base/log.h"
#include "base/time_text.h"
#include "query/language/ast.h"

namespace duramen::query {
namespace {

std::string bound_text(const std::optional<TimeNs>& time) {
  return time ? to_rfc3339(*time) : std::string("none");
}

std::string cut(std::string text) {
  if (text.size() <= kLoggedQueryBytes) return text;
  const auto continues = [&](std::size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
  };
  std::size_t end = kLoggedQueryBytes;
  while (end > 0 && continues(end)) --end;
  text.resize(end);
  return text + "…";
}

}  // namespace

std::string logged_text(const Query& query) { return cut(to_text(query)); }

void log_slow(const Execution& execution, const PlanReport& plan, const Progress& progress,
              std::uint64_t id, std::string_view outcome) {
  log_warning("slow query", {{"id", id},
                             {"outcome", outcome},
                             {"took", to_duration_text(progress.elapsed())},
                             {"q", logged_text(execution.query)},
                             {"start", bound_text(execution.request.start)},
                             {"end", bound_text(execution.request.end)},
                             {"looked_up", cut(plan.looked_up)},
                             {"blocks", plan.blocks()},
                             {"candidates", plan.candidates()},
                             {"frames", progress.frames.load()},
                             {"scanned_rows", progress.scanned_rows.load()},
                             {"scanned_bytes", progress.scanned_bytes.load()},
                             {"scan_units", progress.units.load()},
                             {"scan_units_total", progress.units_total.load()}});
}

}  // namespace duramen::query
