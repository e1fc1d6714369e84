#include "api/routes/query_call.h"

#include <algorithm>

#include "base/json_text.h"
#include "base/time_text.h"

namespace duramen::api {
namespace {

class CallReader {
 public:
  CallReader(QueryCall& call, TimeNs now) : call_(call), now_(now) {}

  Result<void> read(std::string_view name, std::string_view value) {
    auto& request = call_.request;
    if (name == "q") {
      request.q = value;
    } else if (name == "cursor") {
      request.cursor = value;
    } else if (name == "start") {
      DURAMEN_TRY(request.start, time(name, value));
    } else if (name == "end") {
      return read_end(value);
    } else if (name == "limit") {
      DURAMEN_TRY(request.limit, parse_count(name, value));
    } else if (name == "order") {
      return read_order(value);
    } else if (name == "timeout") {
      auto timeout = parse_duration(value);
      if (!timeout) return std::move(timeout).error().with("'timeout'");
      request.timeout = *timeout;
    }
    return {};
  }

  /// `end` may come once as a time and once as a flag.
  bool takes_twice(std::string_view name, std::string_view value) const {
    return name == "end" && (is_end_flag(value) ? !call_.end_line : !call_.request.end);
  }

 private:
  static bool is_end_flag(std::string_view value) {
    return value == "1" || value == "true" || value == "0" || value == "false";
  }

  Result<TimeNs> time(std::string_view name, std::string_view value) const {
    auto out = parse_time_argument(value, now_);
    if (!out) return std::move(out).error().with("'" + std::string(name) + "'");
    return out;
  }

  Result<void> read_end(std::string_view value) {
    if (is_end_flag(value)) {
      call_.end_line = value == "1" || value == "true";
      return {};
    }
    DURAMEN_TRY(call_.request.end, time("end", value));
    return {};
  }

  Result<void> read_order(std::string_view value) {
    if (value == "asc") {
      call_.request.order = query::Order::kOldestFirst;
    } else if (value == "desc") {
      call_.request.order = query::Order::kNewestFirst;
    } else {
      return Error{ErrorCode::kInvalidArgument, "'order' must be asc or desc"};
    }
    return {};
  }

  QueryCall& call_;
  TimeNs now_;
};

}  // namespace

std::optional<std::string_view> QueryCall::parameter(std::string_view name) const {
  for (const auto& [key, value] : parameters) {
    if (key == name) return value;
  }
  return std::nullopt;
}

OrRefusal<QueryCall> read_query_call(const Request& request, const Clock& clock,
                                     const std::vector<std::string_view>& known) {
  auto gathered = all_parameters(request);
  if (auto* refusal = std::get_if<Response>(&gathered)) return std::move(*refusal);
  const auto& parameters = std::get<Parameters>(gathered);
  if (auto refusal = refuse_unknown(parameters, known)) return *std::move(refusal);
  QueryCall out;
  CallReader reader(out, clock.now());
  std::vector<std::string_view> seen;
  for (const auto& [name, value] : parameters) {
    const bool again = std::find(seen.begin(), seen.end(), name) != seen.end();
    if (again && !reader.takes_twice(name, value)) {
      return bad_parameter("'" + name + "' is given twice");
    }
    seen.push_back(name);
    if (auto read = reader.read(name, value); !read) return bad_parameter(read.error().message);
  }
  out.parameters = parameters;
  return out;
}

Problem query_problem(const Error& error) {
  if (error.code == ErrorCode::kInvalidArgument) {
    return make_problem(400, "bad-query", error.message);
  }
  if (error.code == ErrorCode::kOutOfRange) {
    return make_problem(413, "query-too-long", error.message);
  }
  return to_problem(error);
}

Problem run_problem(const Error& error) {
  if (error.code == ErrorCode::kResourceExhausted) {
    return make_problem(422, "query-memory", error.message);
  }
  if (error.code == ErrorCode::kOutOfRange) {
    return make_problem(422, "answer-too-large", error.message);
  }
  return query_problem(error);
}

void append_end_members(std::string& out, const query::QueryEnd& end) {
  out += "\"partial\":";
  out += end.partial ? "true" : "false";
  out += ",\"warnings\":[";
  for (std::size_t i = 0; i < end.warnings.size(); ++i) {
    if (i > 0) out += ',';
    append_json_string_lossy(out, end.warnings[i]);
  }
  out += "],\"scanned_rows\":" + std::to_string(end.scanned_rows) +
         ",\"scanned_bytes\":" + std::to_string(end.scanned_bytes);
}

std::string end_line_json(const query::QueryEnd& end) {
  std::string out = "{\"_end\":{\"rows\":" + std::to_string(end.rows) + ",\"cursor\":";
  append_json_string_lossy(out, end.cursor);
  out += ",";
  append_end_members(out, end);
  out += ",\"hint\":";
  append_json_string_lossy(out, end.hint);
  return out + "}}";
}

std::string error_line_json(const Error& error) {
  const Problem problem = run_problem(error);
  std::string out = "{\"_error\":{\"type\":";
  append_json_string_lossy(out, "/problems/" + problem.type);
  out += ",\"detail\":";
  append_json_string_lossy(out, problem.detail);
  return out + "}}";
}

Response stream_query(query::QueryEngine& engine, const query::QueryRequest& request,
                      std::string_view content_type, QueryProducer produce) {
  auto started = engine.start(request);
  if (!started) return problem_response(query_problem(started.error()));
  BodyProducer body = [query = *std::move(started),
                       produce = std::move(produce)](BodyWriter& out) -> Result<void> {
    out.when_gone([weak = std::weak_ptr<query::RunningQuery>(query)] {
      if (const auto running = weak.lock()) running->cancel();
    });
    // A client that reads a little now and then must not keep the query beyond its time.
    out.give_up_when([running = query.get()] { return running->check(); });
    return produce(*query, out);
  };
  return Response{200,
                  {{"Content-Type", std::string(content_type)},
                   {"Cache-Control", "no-store"},
                   {"X-Accel-Buffering", "no"}},
                  std::move(body),
                  run_problem};
}

Result<void> write_answer(BodyWriter& out, std::string_view bytes) {
  auto written = out.write(bytes);
  if (written || written.error().code != ErrorCode::kResourceExhausted) return written;
  return Error{ErrorCode::kOutOfRange, std::move(written).error().message};
}

Result<void> write_lines(query::RunningQuery& query, BodyWriter& out, bool end_line,
                         LineFormat format) {
  std::string line;
  bool wrote = false;
  const auto write = [&](std::string_view json) -> Result<void> {
    line.clear();
    format(line, json);
    line += '\n';
    wrote = true;
    return write_answer(out, line);
  };
  auto end = query.run(write);
  if (end) {
    if (end_line) return write_answer(out, end_line_json(*end) + "\n");
    return {};
  }
  if (wrote) {
    // The status is gone: say it in the body, then break the body off. A client that left does
    // not hear either, and the error of the query is the one to report.
    [[maybe_unused]] const auto ignored = out.write(error_line_json(end.error()) + "\n");
  }
  return std::move(end).error();
}

}  // namespace duramen::api
