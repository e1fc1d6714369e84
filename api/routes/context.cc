#include "api/routes/query_call.h"
#include "api/routes/route_groups.h"
#include "api/routes/row_format.h"

namespace duramen::api {
namespace {

constexpr std::string_view kOpenApi = R"({
  "description": "Streams one record and the lines around it: of its stream, in the order in which they were stored, oldest first. Each row has _context, its distance from the record.",
  "parameters": [
    {"name":"seq","in":"query","required":true,"schema":{"type":"string"},"description":"the _seq of a row, such as 0123456789abcdef:17"},
    {"name":"before","in":"query","schema":{"type":"integer","maximum":1000},"description":"rows before it; default 10"},
    {"name":"after","in":"query","schema":{"type":"integer","maximum":1000},"description":"rows after it; default 10"},
    {"name":"start","in":"query","schema":{"type":"string"},"description":"inclusive: rows with an earlier time are left out"},
    {"name":"end","in":"query","schema":{"type":"array","items":{"type":"string"}},"description":"exclusive end of the range; the value 1 asks for a last line; may be given once as each"},
    {"name":"timeout","in":"query","schema":{"type":"string"}}
  ],
  "responses": {
    "200": {"description":"rows","content":{"application/x-ndjson":{},"text/plain":{}}},
    "400": {"description":"a bad parameter, which is named"},
    "404": {"description":"there is no such record"},
    "422": {"description":"a limit on memory; ask for fewer rows"},
    "429": {"description":"too many queries run; see Retry-After"},
    "500": {"description":"the record cannot be read"},
    "503": {"description":"cancelled, too many answers are streamed, starting or stopping"},
    "504": {"description":"the time-out passed before the first row"}
  }
})";

constexpr std::uint64_t kMostRows = 1000;

Result<std::uint64_t> read_rows(const QueryCall& call, std::string_view name,
                                std::uint64_t otherwise) {
  const auto text = call.parameter(name);
  if (!text) return otherwise;
  DURAMEN_TRY(const std::uint64_t rows, parse_count(name, *text));
  if (rows <= kMostRows) return rows;
  return Error{ErrorCode::kInvalidArgument, "'" + std::string(name) + "' is at most " +
                                                std::to_string(kMostRows) +
                                                "; for more, go on from the last row"};
}

Result<query::ContextRequest> read_context(const QueryCall& call) {
  const auto seq = call.parameter("seq");
  if (!seq) {
    return Error{ErrorCode::kInvalidArgument, "'seq' is missing: the _seq of a row"};
  }
  auto record = query::parse_record_name(*seq);
  if (!record) return std::move(record).error().with("'seq'");
  query::ContextRequest out;
  out.record = *record;
  DURAMEN_TRY(out.before, read_rows(call, "before", out.before));
  DURAMEN_TRY(out.after, read_rows(call, "after", out.after));
  return out;
}

Problem context_problem(const Error& error) {
  if (error.code == ErrorCode::kNotFound) {
    return make_problem(404, "no-such-record", error.message);
  }
  return run_problem(error);
}

Response answer_context(query::QueryEngine& engine, const Clock& clock, const Request& request) {
  auto read =
      read_query_call(request, clock, {"seq", "before", "after", "start", "end", "timeout"});
  if (auto* refusal = std::get_if<Response>(&read)) return std::move(*refusal);
  auto& call = std::get<QueryCall>(read);
  auto context = read_context(call);
  if (!context) return bad_parameter(context.error().message);
  call.request.context = *context;
  const RowFormat format = row_format(request);
  Response out = stream_query(
      engine, call.request, format.content_type,
      [line = format.line, end_line = call.end_line](query::RunningQuery& query, BodyWriter& body) {
        return write_lines(query, body, end_line, line);
      });
  if (out.problem_of) out.problem_of = context_problem;
  return out;
}

}  // namespace

void add_context_routes(Router& router, const Services& services) {
  const Handler handler = [&engine = services.queries, &clock = services.clock](
                              const Request& request, const Responder& respond) {
    respond(answer_context(engine, clock, request));
  };
  router.add(
      {"GET", "/api/v1/context", "Show the lines around one", handler, std::string(kOpenApi)});
  router.add({"POST", "/api/v1/context", "Show the lines around one given in the body", handler,
              std::string(kOpenApi)});
}

}  // namespace duramen::api
