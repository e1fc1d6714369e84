#include "query/slow_log.h"

#include <optional>
#include <string>

#include "base/log.h"
#include "base/time_text.h"
#include "query/ast.h"

namespace duramen::query {
namespace {

std::string bound_text(const std::optional<TimeNs>& time) {
  return time ? to_rfc3339(*time) : std::string("none");
}

}  // namespace

std::string logged_text(const Query& query) {
  std::string text = to_text(query);
  if (text.size() <= kLoggedQueryBytes) return text;
  const auto continues = [&](std::size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
  };
  std::size_t end = kLoggedQueryBytes;
  while (end > 0 && continues(end)) --end;
  text.resize(end);
  return text + "…";
}

void log_slow(const Execution& execution, const Progress& progress, std::uint64_t id,
              std::string_view outcome) {
  log_warning("slow query", {{"id", id},
                             {"outcome", outcome},
                             {"took", to_duration_text(progress.elapsed())},
                             {"q", logged_text(execution.query)},
                             {"start", bound_text(execution.request.start)},
                             {"end", bound_text(execution.request.end)},
                             {"scanned_rows", progress.scanned_rows.load()},
                             {"scanned_bytes", progress.scanned_bytes.load()},
                             {"scan_units", progress.units.load()},
                             {"scan_units_total", progress.units_total.load()}});
}

}  // namespace duramen::query
