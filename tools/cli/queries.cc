#include <nlohmann/json.hpp>

#include "base/time_text.h"
#include "tools/cli/context.h"
#include "tools/cli/problem.h"
#include "tools/cli/table.h"

namespace duramen::cli {
namespace {

using Json = nlohmann::json;

Result<int> stop_query(const Context& context, Client& client, std::uint64_t id) {
  HttpRequest request;
  request.method = "DELETE";
  request.target = "/api/v1/queries/" + std::to_string(id);
  DURAMEN_TRY(const auto reply, client.call(request));
  if (reply.status == 404) {
    DURAMEN_TRY_VOID(context.err.line("duramen: no query " + std::to_string(id) + " is running"));
    return kExitNoMatch;
  }
  if (!reply.ok()) return problem_error(reply);
  const std::string text = std::to_string(id);
  switch (context.options.output) {
    case OutputFormat::kText:
      DURAMEN_TRY_VOID(context.out.line("query " + text + " is told to stop"));
      break;
    case OutputFormat::kJson:
      DURAMEN_TRY_VOID(context.out.line("{\"id\":" + text + ",\"stopping\":true}"));
      break;
    case OutputFormat::kLogfmt:
      DURAMEN_TRY_VOID(context.out.line("id=" + text + " stopping=true"));
      break;
  }
  return kExitOk;
}

std::uint64_t number(const Json& json, const char* name) {
  const auto at = json.find(name);
  return at != json.end() && at->is_number_unsigned() ? at->get<std::uint64_t>() : 0;
}

double seconds_of(const Json& json) {
  const auto at = json.find("seconds");
  return at != json.end() && at->is_number() ? at->get<double>() : 0;
}

std::string text(const Json& json, const char* name) {
  const auto at = json.find(name);
  return at != json.end() && at->is_string() ? at->get<std::string>() : std::string();
}

Row listed(const Json& query) {
  const std::uint64_t total = number(query, "scan_units_total");
  const std::uint64_t percent = total == 0 ? 100 : number(query, "scan_units") * 100 / total;
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%.1fs", seconds_of(query));
  Row row;
  row.fields = {{"id", std::to_string(number(query, "id")), false},
                {"for", seconds, true},
                {"done", std::to_string(percent) + "%", true},
                {"rows", grouped_digits(number(query, "scanned_rows")), true},
                {"read", to_bytes_text(number(query, "scanned_bytes")), true},
                {"memory", to_bytes_text(number(query, "memory_bytes")), true},
                {"query", text(query, "q"), true}};
  return row;
}

}  // namespace

Result<int> run_queries(const Context& context, const QueriesCommand& command) {
  DURAMEN_TRY(const auto client, context.open_client());
  if (command.kill) return stop_query(context, *client, *command.kill);
  HttpRequest request;
  request.target = "/api/v1/queries";
  DURAMEN_TRY(const auto reply, client->call(request));
  if (!reply.ok()) return problem_error(reply);
  const Json json = Json::parse(shallow(reply.body), nullptr, false);
  const Json* list = json.is_array() ? &json : nullptr;
  if (json.is_object() && json.contains("queries")) list = &json["queries"];
  if (list == nullptr || !list->is_array()) {
    return Error{ErrorCode::kDataLoss, "the answer is no list of queries"};
  }
  if (context.options.output == OutputFormat::kJson) {
    for (const Json& query : *list) {
      DURAMEN_TRY_VOID(
          context.out.write(query.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"));
    }
    DURAMEN_TRY_VOID(context.out.flush());
    return kExitOk;
  }
  Table table(context.out, context.render);
  for (const Json& query : *list) {
    if (context.options.output == OutputFormat::kLogfmt) {
      DURAMEN_TRY_VOID(context.out.write(render_logfmt(listed(query), context.render) + "\n"));
    } else {
      DURAMEN_TRY_VOID(table.add(listed(query)));
    }
  }
  DURAMEN_TRY_VOID(table.finish());
  DURAMEN_TRY_VOID(context.out.flush());
  if (list->empty()) DURAMEN_TRY_VOID(context.remark("no query is running"));
  return kExitOk;
}

}  // namespace duramen::cli
