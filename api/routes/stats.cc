#include <algorithm>

#include "api/routes/query_call.h"
#include "api/routes/route_groups.h"
#include "api/routes/stats_table.h"
#include "query/language/parser.h"

namespace duramen::api {
namespace {

constexpr std::string_view kOpenApi = R"({
  "description": "Runs a query that aggregates (stats or top) and answers with a table.",
  "parameters": [
    {"name":"q","in":"query","required":true,"schema":{"type":"string"},"description":"a query with a stats or top pipe"},
    {"name":"start","in":"query","schema":{"type":"string"}},
    {"name":"end","in":"query","schema":{"type":"array","items":{"type":"string"}},"description":"exclusive end of the range; the value 1 asks for a last line with the figures of the answer, where the answer is lines; may be given once as each"},
    {"name":"limit","in":"query","schema":{"type":"integer"},"description":"rows of the table; default: all"},
    {"name":"timeout","in":"query","schema":{"type":"string"}}
  ],
  "responses": {
    "200": {"description":"columns and rows","content":{"application/json":{},"application/x-ndjson":{}}},
    "400": {"description":"a bad query, or one without stats or top"},
    "422": {"description":"a limit on memory or on the table; repeating does not help"},
    "429": {"description":"too many queries run; see Retry-After"},
    "504": {"description":"the time-out passed"}
  }
})";

constexpr std::string_view kDocumentType = "application/json";
constexpr std::string_view kLinesType = "application/x-ndjson";

bool aggregates(const query::Query& query) {
  return std::any_of(query.pipes.begin(), query.pipes.end(), [](const query::Pipe& pipe) {
    return std::holds_alternative<query::StatsPipe>(pipe) ||
           std::holds_alternative<query::TopPipe>(pipe);
  });
}

/// The columns of the table as the query says them, so that an empty table has them too. Pipes
/// after the aggregation that change columns (fields, parse) leave it to the rows.
std::vector<std::string> columns_of(const query::Query& query) {
  std::vector<std::string> out;
  for (const auto& pipe : query.pipes) {
    if (const auto* stats = std::get_if<query::StatsPipe>(&pipe)) {
      out.clear();
      for (const auto& group : stats->by) out.push_back(group.name);
      for (const auto& call : stats->calls) out.push_back(call.as);
    } else if (const auto* top = std::get_if<query::TopPipe>(&pipe)) {
      out = top->names;
      out.emplace_back("count");
    } else if (std::holds_alternative<query::FieldsPipe>(pipe) ||
               std::holds_alternative<query::ParsePipe>(pipe)) {
      out.clear();
    }
  }
  return out;
}

Result<void> write_document(query::RunningQuery& query, BodyWriter& out,
                            const std::vector<std::string>& columns) {
  StatsTable table(columns);
  DURAMEN_TRY(const auto end, query.run([&](std::string_view json) { return table.add(json); }));
  return table.write(end, [&](std::string_view piece) { return write_answer(out, piece); });
}

Result<void> write_stats_lines(query::RunningQuery& query, BodyWriter& out, bool end_line) {
  return write_lines(query, out, end_line,
                     [](std::string& line, std::string_view json) { line += json; });
}

Response answer_stats(query::QueryEngine& engine, const Clock& clock, const Request& request) {
  auto read = read_query_call(request, clock, {"q", "start", "end", "limit", "timeout"});
  if (auto* refusal = std::get_if<Response>(&read)) return std::move(*refusal);
  auto& call = std::get<QueryCall>(read);
  const auto parsed = query::parse_query(call.request.q);
  if (!parsed) return problem_response(query_problem(parsed.error()));
  if (!aggregates(*parsed)) {
    return problem_response(
        make_problem(400, "bad-query",
                     "this query makes no table: end it with '| stats …' or '| top …', or send it "
                     "to /api/v1/query"));
  }
  if (!call.request.limit) call.request.limit = 0;
  const bool lines = preferred_type(request.header("accept"), {kDocumentType, kLinesType}) == 1;
  if (lines) {
    return stream_query(engine, call.request, kLinesType,
                        [end_line = call.end_line](query::RunningQuery& query, BodyWriter& out) {
                          return write_stats_lines(query, out, end_line);
                        });
  }
  return stream_query(engine, call.request, kDocumentType,
                      [columns = columns_of(*parsed)](query::RunningQuery& query, BodyWriter& out) {
                        return write_document(query, out, columns);
                      });
}

}  // namespace

void add_stats_routes(Router& router, const Services& services) {
  const Handler handler = [&engine = services.queries, &clock = services.clock](
                              const Request& request, const Responder& respond) {
    respond(answer_stats(engine, clock, request));
  };
  router.add({"GET", "/api/v1/stats", "Run an aggregating query", handler, std::string(kOpenApi)});
  router.add({"POST", "/api/v1/stats", "Run an aggregating query given in the body", handler,
              std::string(kOpenApi)});
}

}  // namespace duramen::api
