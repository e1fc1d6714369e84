#include "tools/cli/answer.h"

#include <nlohmann/json.hpp>

#include "base/time_text.h"
#include "tools/cli/problem.h"
#include "tools/cli/row.h"
#include "tools/cli/zone.h"

namespace duramen::cli {
namespace {

using Json = nlohmann::json;

/// The daemon ends a query after 60 s unless it is configured otherwise, and may be silent until
/// then.
constexpr std::chrono::seconds kDefaultPatience{120};
/// Beyond this, the request goes as a form in a POST: servers limit the length of a URL.
constexpr std::size_t kLongTarget = 4096;

Result<AnswerEnd> parse_end(std::string_view line) {
  const Json json = Json::parse(line, nullptr, false);
  const Error bad{ErrorCode::kDataLoss, "the answer's last line cannot be read"};
  if (!json.is_object() || !json.contains("_end") || !json["_end"].is_object()) return bad;
  const Json& end = json["_end"];
  try {
    AnswerEnd out;
    out.line = line;
    out.rows = end.value("rows", std::uint64_t{0});
    out.partial = end.value("partial", false);
    const auto text = [&](const char* name) {
      const auto at = end.find(name);
      return at != end.end() && at->is_string() ? at->get<std::string>() : std::string();
    };
    out.cursor = text("cursor");
    out.hint = text("hint");
    if (const auto at = end.find("warnings"); at != end.end() && at->is_array()) {
      for (const Json& warning : *at) {
        if (warning.is_string()) out.warnings.push_back(warning.get<std::string>());
      }
    }
    return out;
  } catch (const Json::exception&) {
    return bad;
  }
}

HttpRequest make_request(std::string_view path, const Parameters& parameters,
                         std::chrono::seconds timeout) {
  HttpRequest request;
  request.timeout = timeout;
  request.headers["accept"] = "application/x-ndjson";
  request.target = url_target(path, parameters);
  if (request.target.size() > kLongTarget) {
    request.method = "POST";
    request.target = path;
    request.headers["content-type"] = "application/x-www-form-urlencoded";
    request.body = url_parameters(parameters);
  }
  return request;
}

}  // namespace

Result<void> RowPrinter::print_text(std::string_view line) {
  auto row = parse_row(line);
  if (!row) return Error{ErrorCode::kDataLoss, row.error().message};
  if (context_->options.output == OutputFormat::kLogfmt) {
    return context_->out.write(render_logfmt(*row, context_->render) + "\n");
  }
  if (!is_log_row(*row)) return table_.add(*std::move(row));
  return context_->out.write(render_log_row(*row, context_->render) + "\n");
}

Result<void> RowPrinter::print(std::string_view line) {
  if (context_->options.output != OutputFormat::kJson) return print_text(line);
  DURAMEN_TRY_VOID(context_->out.write(line));
  return context_->out.write("\n");
}

Result<void> RowPrinter::finish() {
  DURAMEN_TRY_VOID(table_.finish());
  return context_->out.flush();
}

Result<AnswerEnd> print_answer(const Context& context, std::string_view path, Parameters parameters,
                               std::chrono::seconds timeout) {
  std::string query;
  for (const auto& [name, value] : parameters) {
    if (name == "q") query = value;
  }
  parameters.emplace_back("end", "1");
  DURAMEN_TRY(const auto client, context.open_client());
  RowPrinter printer(context);
  // A row could look like an end or an error: only the last line is one.
  std::string last;
  const auto take = [&](std::string_view line) -> Result<bool> {
    if (line.empty()) return true;
    if (!last.empty()) DURAMEN_TRY_VOID(printer.print(last));
    last.clear();
    if (is_end_line(line) || is_error_line(line)) {
      last = line;
      return true;
    }
    DURAMEN_TRY_VOID(printer.print(line));
    return true;
  };
  auto reply = client->call_by_lines(make_request(path, parameters, timeout), take);
  DURAMEN_TRY_VOID(printer.finish());
  if (is_error_line(last)) return error_line_error(last, query);
  if (!reply) return std::move(reply).error();
  if (!reply->ok()) return problem_error(*reply, query);
  if (!is_end_line(last)) {
    return Error{ErrorCode::kDataLoss, "the answer is incomplete: it ends without its last line"};
  }
  return parse_end(last);
}

Result<void> warn_of(const Context& context, const AnswerEnd& end) {
  for (const std::string& warning : end.warnings) {
    DURAMEN_TRY_VOID(context.err.line("duramen: warning: " + visible_on_one_line(warning)));
  }
  if (!end.partial || !end.warnings.empty()) return {};
  return context.err.line("duramen: warning: the answer is partial");
}

Result<void> add_range(Parameters& parameters, const RangeOptions& range, const Context& context) {
  const TimeNs now = context.clock.now();
  const auto add = [&](const char* name, Result<TimeNs> at) -> Result<void> {
    if (!at) return std::move(at).error().with("--" + std::string(name));
    parameters.emplace_back(name, to_rfc3339(*at));
    return {};
  };
  if (!range.since.empty()) {
    auto since = parse_duration(range.since);
    if (!since) return std::move(since).error().with("--since");
    parameters.emplace_back("start", to_rfc3339(now - *since));
  }
  if (!range.start.empty()) {
    DURAMEN_TRY_VOID(add("start", parse_local_time_argument(range.start, now)));
  }
  if (!range.end.empty()) DURAMEN_TRY_VOID(add("end", parse_local_time_argument(range.end, now)));
  return {};
}

Result<std::chrono::seconds> add_timeout(Parameters& parameters, const std::string& timeout) {
  if (timeout.empty()) return kDefaultPatience;
  auto duration = parse_duration(timeout);
  if (!duration) return std::move(duration).error().with("--timeout");
  parameters.emplace_back("timeout", timeout);
  return std::chrono::seconds(*duration / kNsPerSecond) + kDefaultPatience;
}

}  // namespace duramen::cli
