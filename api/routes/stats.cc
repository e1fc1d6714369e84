#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/routes/query_call.h"
#include "api/routes/route_groups.h"
#include "base/json_text.h"
#include "query/parser.h"

namespace duramen::api {
namespace {

/// A document is built in memory; more rows than this are asked for as NDJSON.
constexpr std::size_t kMaxDocumentRows = 100'000;
constexpr std::size_t kMaxDocumentBytes = 64U << 20;

constexpr std::string_view kOpenApi = R"({
  "description": "Runs a query that aggregates (stats or top) and answers with a table.",
  "parameters": [
    {"name":"q","in":"query","required":true,"schema":{"type":"string"},"description":"a query with a stats or top pipe"},
    {"name":"start","in":"query","schema":{"type":"string"}},
    {"name":"end","in":"query","schema":{"type":"string"}},
    {"name":"limit","in":"query","schema":{"type":"integer"},"description":"rows of the table; default: all"},
    {"name":"timeout","in":"query","schema":{"type":"string"}}
  ],
  "responses": {
    "200": {"description":"columns and rows","content":{"application/json":{},"application/x-ndjson":{}}},
    "400": {"description":"a bad query, or one without stats or top"},
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

/// Gathers rows of JSON objects into `{"columns":[…],"rows":[[…],…]}`. A value that a row lacks is
/// null.
class Table {
 public:
  explicit Table(std::vector<std::string> columns) : columns_(std::move(columns)) {}

  Result<void> add(std::string_view json) {
    const auto row = nlohmann::ordered_json::parse(json, nullptr, false);
    if (!row.is_object()) return Error{ErrorCode::kInternal, "a row that is no JSON object"};
    std::vector<std::string> values(columns_.size(), "null");
    for (const auto& [name, value] : row.items()) {
      const std::size_t at = column(name);
      if (values.size() <= at) values.resize(at + 1, "null");
      values[at] = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
      bytes_ += values[at].size();
    }
    rows_.push_back(std::move(values));
    if (rows_.size() <= kMaxDocumentRows && bytes_ <= kMaxDocumentBytes) return {};
    return Error{ErrorCode::kResourceExhausted,
                 "the table has over 100,000 rows or 64 MiB; ask for application/x-ndjson in "
                 "Accept, or add a head pipe"};
  }

  std::string json(const query::QueryEnd& end) const {
    std::string out = "{\"columns\":[";
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) out += ',';
      append_json_string_lossy(out, columns_[i]);
    }
    out += "],\"rows\":[";
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      out += i > 0 ? ",[" : "[";
      for (std::size_t j = 0; j < columns_.size(); ++j) {
        if (j > 0) out += ',';
        out += j < rows_[i].size() ? rows_[i][j] : "null";
      }
      out += ']';
    }
    out += "],\"partial\":";
    out += end.partial ? "true" : "false";
    out += ",\"warnings\":[";
    for (std::size_t i = 0; i < end.warnings.size(); ++i) {
      if (i > 0) out += ',';
      append_json_string_lossy(out, end.warnings[i]);
    }
    return out + "],\"scanned_rows\":" + std::to_string(end.scanned_rows) +
           ",\"scanned_bytes\":" + std::to_string(end.scanned_bytes) + "}\n";
  }

 private:
  std::size_t column(const std::string& name) {
    const auto at = std::find(columns_.begin(), columns_.end(), name);
    if (at != columns_.end()) return static_cast<std::size_t>(at - columns_.begin());
    columns_.push_back(name);
    return columns_.size() - 1;
  }

  std::vector<std::string> columns_;
  std::vector<std::vector<std::string>> rows_;
  std::size_t bytes_ = 0;
};

Result<void> write_document(query::RunningQuery& query, BodyWriter& out,
                            const std::vector<std::string>& columns) {
  Table table(columns);
  DURAMEN_TRY(const auto end, query.run([&](std::string_view json) { return table.add(json); }));
  return out.write(table.json(end));
}

Result<void> write_lines(query::RunningQuery& query, BodyWriter& out) {
  std::string line;
  auto end = query.run([&](std::string_view json) {
    line = json;
    line += '\n';
    return out.write(line);
  });
  if (!end && !line.empty()) {
    [[maybe_unused]] const auto ignored = out.write(error_line_json(end.error()) + "\n");
  }
  if (!end) return std::move(end).error();
  return {};
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
  if (lines) return stream_query(engine, call.request, kLinesType, write_lines);
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
