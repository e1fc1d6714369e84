#include "api/routes/query_call.h"
#include "api/routes/route_groups.h"
#include "api/routes/row_format.h"

namespace duramen::api {
namespace {

constexpr std::string_view kOpenApi = R"({
  "description": "Streams the matching rows, one JSON object a line (or text with Accept: text/plain).",
  "parameters": [
    {"name":"q","in":"query","schema":{"type":"string"},"description":"the query; empty means everything"},
    {"name":"start","in":"query","schema":{"type":"string"},"description":"inclusive: RFC 3339, Unix time, now-15m, -15m"},
    {"name":"end","in":"query","schema":{"type":"array","items":{"type":"string"}},"description":"exclusive end of the range; the value 1 asks for a last line with rows and cursor; may be given once as each"},
    {"name":"limit","in":"query","schema":{"type":"integer"},"description":"rows; default 100, 0 is no limit"},
    {"name":"order","in":"query","schema":{"enum":["desc","asc"]},"description":"newest first (default) or oldest first"},
    {"name":"cursor","in":"query","schema":{"type":"string"},"description":"continues after an earlier answer"},
    {"name":"timeout","in":"query","schema":{"type":"string"},"description":"such as 10s; never above the server's"}
  ],
  "responses": {
    "200": {"description":"rows","content":{"application/x-ndjson":{},"text/plain":{}}},
    "400": {"description":"a bad query or parameter; the detail names the place"},
    "422": {"description":"a limit on memory or on the answer, met before the first row; repeating does not help"},
    "429": {"description":"too many queries run; see Retry-After"},
    "503": {"description":"cancelled, too many answers are streamed, starting or stopping"},
    "504": {"description":"the time-out passed before the first row"}
  }
})";

Response answer_query(query::QueryEngine& engine, const Clock& clock, const Request& request) {
  auto read =
      read_query_call(request, clock, {"q", "start", "end", "limit", "order", "cursor", "timeout"});
  if (auto* refusal = std::get_if<Response>(&read)) return std::move(*refusal);
  const auto& call = std::get<QueryCall>(read);
  const RowFormat format = row_format(request);
  return stream_query(
      engine, call.request, format.content_type,
      [line = format.line, end_line = call.end_line](query::RunningQuery& query, BodyWriter& out) {
        return write_lines(query, out, end_line, line);
      });
}

}  // namespace

void add_query_routes(Router& router, const Services& services) {
  const Handler handler = [&engine = services.queries, &clock = services.clock](
                              const Request& request, const Responder& respond) {
    respond(answer_query(engine, clock, request));
  };
  router.add({"GET", "/api/v1/query", "Run a query", handler, std::string(kOpenApi)});
  router.add(
      {"POST", "/api/v1/query", "Run a query given in the body", handler, std::string(kOpenApi)});
}

}  // namespace duramen::api
