#include <nlohmann/json.hpp>
#include <optional>

#include "base/json_text.h"
#include "store/offline_verify.h"
#include "tools/cli/context.h"
#include "tools/cli/json_access.h"
#include "tools/cli/problem.h"
#include "tools/cli/progress.h"
#include "tools/cli/row.h"
#include "tools/cli/table.h"

namespace duramen::cli {
namespace {

using Json = nlohmann::json;

constexpr std::chrono::minutes kPatience{30};  // between two lines of progress

struct Report {
  store::VerifyReport store;
  /// None without a daemon: the index is derived, and checked or made again by the next start.
  std::optional<std::uint64_t> index_parts;
};

std::string report_json(const Report& whole) {
  const store::VerifyReport& report = whole.store;
  std::string out = std::string("{\"ok\":") + (report.faults.empty() ? "true" : "false") +
                    ",\"blocks\":" + std::to_string(report.blocks) +
                    ",\"rows\":" + std::to_string(report.rows) +
                    ",\"journal_entries\":" + std::to_string(report.journal_entries) +
                    ",\"table_files\":" + std::to_string(report.table_files);
  if (whole.index_parts) out += ",\"index_parts\":" + std::to_string(*whole.index_parts);
  out += ",\"faults\":[";
  for (std::size_t i = 0; i < report.faults.size(); ++i) {
    if (i != 0) out.push_back(',');
    append_json_string_lossy(out, report.faults[i]);
  }
  return out + "]}";
}

Result<int> print_report(const Context& context, const Report& whole) {
  const store::VerifyReport& report = whole.store;
  if (context.options.output == OutputFormat::kJson) {
    DURAMEN_TRY_VOID(context.out.line(report_json(whole)));
    return report.faults.empty() ? kExitOk : kExitError;
  }
  for (const std::string& fault : report.faults) {
    DURAMEN_TRY_VOID(context.out.write("FAULT  " + visible_on_one_line(fault) + "\n"));
  }
  std::string counts = grouped_digits(report.blocks) + " blocks, " + grouped_digits(report.rows) +
                       " rows, " + grouped_digits(report.journal_entries) + " journal entries, " +
                       grouped_digits(report.table_files) + " table files";
  if (whole.index_parts) counts += ", " + grouped_digits(*whole.index_parts) + " index parts";
  const std::string verdict =
      report.faults.empty() ? "ok" : grouped_digits(report.faults.size()) + " faults";
  DURAMEN_TRY_VOID(context.out.line(verdict + ": " + counts + " checked"));
  return report.faults.empty() ? kExitOk : kExitError;
}

Report read_report(const Json& json) {
  Report whole;
  store::VerifyReport& report = whole.store;
  report.blocks = number(json, "blocks");
  report.rows = number(json, "rows");
  report.journal_entries = number(json, "journal_entries");
  report.table_files = number(json, "table_files");
  if (member(json, "index_parts").is_number()) whole.index_parts = number(json, "index_parts");
  if (const auto at = json.find("faults"); at != json.end() && at->is_array()) {
    for (const Json& fault : *at) {
      report.faults.push_back(fault.is_string() ? fault.get<std::string>() : fault.dump());
    }
  }
  return whole;
}

Result<int> verify_online(const Context& context) {
  DURAMEN_TRY(const auto client, context.open_client());
  HttpRequest request;
  request.method = "POST";
  request.target = "/api/v1/admin/verify";
  request.timeout = kPatience;
  Progress progress(context.err, 0, true);
  std::optional<Report> report;
  std::string error_line;
  const auto take = [&](std::string_view line) -> Result<bool> {
    if (is_error_line(line)) error_line = line;
    const Json json = Json::parse(shallow(line), nullptr, false);
    if (!json.is_object()) return true;
    if (const auto at = json.find("progress"); at != json.end() && at->is_object()) {
      progress.set(number(*at, "done"), number(*at, "total"));
    }
    if (const auto at = json.find("report"); at != json.end() && at->is_object()) {
      report = read_report(*at);
    }
    return true;
  };
  auto reply = client->call_by_lines(request, take);
  progress.clear();
  if (!error_line.empty()) return error_line_error(error_line);
  if (!reply) return std::move(reply).error();
  if (!reply->ok()) return problem_error(*reply);
  if (!report) return Error{ErrorCode::kDataLoss, "the check broke off: no report came"};
  return print_report(context, *report);
}

Result<int> verify_offline(const Context& context, const std::string& directory) {
  Progress progress(context.err, 0, true);
  const auto report = store::verify_directory(
      directory,
      [&progress](std::uint64_t done, std::uint64_t total) { progress.set(done, total); });
  progress.clear();
  if (!report) return report.error();
  return print_report(context, {*report, std::nullopt});
}

}  // namespace

Result<int> run_verify(const Context& context, const VerifyCommand& command) {
  return command.data_dir.empty() ? verify_online(context)
                                  : verify_offline(context, command.data_dir);
}

}  // namespace duramen::cli
