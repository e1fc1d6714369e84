#include <nlohmann/json.hpp>

#include "query/language/parser.h"
#include "tools/cli/answer.h"
#include "tools/cli/context.h"
#include "tools/cli/problem.h"
#include "tools/cli/table.h"

namespace duramen::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string dumped(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Row `values` of the answer's document as one row with names.
Result<Row> named_row(const Json& columns, const Json& values) {
  Row row;
  if (!values.is_array() || values.size() != columns.size()) {
    return Error{ErrorCode::kDataLoss, "the answer is no table"};
  }
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const bool text = values[i].is_string();
    if (!columns[i].is_string()) return Error{ErrorCode::kDataLoss, "the answer is no table"};
    row.fields.push_back({columns[i].get<std::string>(),
                          text ? values[i].get<std::string>() : dumped(values[i]), text});
  }
  return row;
}

Result<void> print_row(const Context& context, Table& table, Row row) {
  if (context.options.output == OutputFormat::kLogfmt) {
    return context.out.write(render_logfmt(row, context.render) + "\n");
  }
  if (context.options.output == OutputFormat::kText) return table.add(std::move(row));
  Json object = Json::object();
  for (const RowField& field : row.fields) {
    object[field.name] =
        field.is_text ? Json(field.value) : Json::parse(shallow(field.value), nullptr, false);
  }
  return context.out.write(dumped(object) + "\n");
}

/// A bar in quotes or in a regex is none. What cannot be read is for the daemon to refuse, or to
/// understand.
bool has_no_pipe(const std::string& query) {
  const auto parsed = query::parse_query(query);
  return parsed ? parsed->pipes.empty() : query.find('|') == std::string::npos;
}

/// A count of nothing is printed, and is no match all the same.
bool is_match(const Json& rows, bool counts_only) {
  if (rows.empty()) return false;
  return !counts_only || rows != Json::array({Json::array({0})});
}

Result<int> print_table(const Context& context, const std::string& body, bool counts_only) {
  const Json document = Json::parse(shallow(body), nullptr, false);
  const bool good = document.is_object() && document.contains("columns") &&
                    document["columns"].is_array() && document.contains("rows") &&
                    document["rows"].is_array();
  if (!good) return Error{ErrorCode::kDataLoss, "the answer is no table"};
  Table table(context.out, context.render);
  for (const Json& values : document["rows"]) {
    DURAMEN_TRY(auto row, named_row(document["columns"], values));
    DURAMEN_TRY_VOID(print_row(context, table, std::move(row)));
  }
  DURAMEN_TRY_VOID(table.finish());
  DURAMEN_TRY_VOID(context.out.flush());
  if (const auto warnings = document.find("warnings"); warnings != document.end()) {
    for (const Json& warning : *warnings) {
      const std::string text = warning.is_string() ? warning.get<std::string>() : dumped(warning);
      DURAMEN_TRY_VOID(context.err.line("duramen: warning: " + visible_on_one_line(text)));
    }
  }
  const bool match = is_match(document["rows"], counts_only);
  if (!match) DURAMEN_TRY_VOID(context.remark("no match"));
  return match ? kExitOk : kExitNoMatch;
}

}  // namespace

Result<int> run_stats(const Context& context, const StatsCommand& command) {
  const bool counts_only = has_no_pipe(command.query);
  // Without any pipe the question is: how many?
  const std::string query = command.query + (counts_only ? " | stats count() as count" : "");
  Parameters parameters{{"q", query}};
  DURAMEN_TRY_VOID(add_range(parameters, command.range, context));
  DURAMEN_TRY(const auto timeout, add_timeout(parameters, command.timeout));
  DURAMEN_TRY(const auto client, context.open_client());
  HttpRequest request;
  request.timeout = timeout;
  request.method = "POST";
  request.target = "/api/v1/stats";
  request.headers["content-type"] = "application/x-www-form-urlencoded";
  request.headers["accept"] = "application/json";
  request.body = url_parameters(parameters);
  DURAMEN_TRY(const auto reply, client->call(request));
  if (!reply.ok()) return problem_error(reply, query);
  return print_table(context, reply.body, counts_only);
}

}  // namespace duramen::cli
