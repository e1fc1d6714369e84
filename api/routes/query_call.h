#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http.h"
#include "api/routes/parameters.h"
#include "base/clock.h"
#include "query/engine.h"

namespace duramen::api {

/// What a route over queries was asked.
struct QueryCall {
  query::QueryRequest request;
  bool end_line = false;  ///< `end=1`
  Parameters parameters;  ///< all of them, each once: for what only one route knows

  std::optional<std::string_view> parameter(std::string_view name) const;
};

/// Reads the parameters from URL and body. `end` may come twice: `1` asks for the end line, any
/// other value is the end of the time range.
OrRefusal<QueryCall> read_query_call(const Request& request, const Clock& clock,
                                     const std::vector<std::string_view>& known);

/// What an engine's refusal means for the client.
Problem query_problem(const Error& error);
/// What the error of a query that ran means: its limits are met again when it is repeated, so that
/// is 422, and the type says which limit (`query-memory`, `answer-too-large`).
Problem run_problem(const Error& error);

/// What every end says, as members of a JSON object: partial, warnings, scanned_rows,
/// scanned_bytes.
void append_end_members(std::string& out, const query::QueryEnd& end);
/// `{"_end":{…}}`, without a line end.
std::string end_line_json(const query::QueryEnd& end);
/// `{"_error":{"type":…,"detail":…}}`, without a line end.
std::string error_line_json(const Error& error);

/// Starts the query and answers with `produce(query, writer)` on a stream thread; the query is
/// cancelled when the client goes away.
using QueryProducer = std::function<Result<void>(query::RunningQuery&, BodyWriter&)>;
Response stream_query(query::QueryEngine& engine, const query::QueryRequest& request,
                      std::string_view content_type, QueryProducer produce);

/// out.write(); kOutOfRange when the answer is too large for the client.
Result<void> write_answer(BodyWriter& out, std::string_view bytes);

/// Appends a row of an answer to `line`, which is empty.
using LineFormat = void (*)(std::string& line, std::string_view json);
/// Runs the query and writes a line a row, then the end line if it is asked for; an error after the
/// first row is an error line.
Result<void> write_lines(query::RunningQuery& query, BodyWriter& out, bool end_line,
                         LineFormat format);

}  // namespace duramen::api
