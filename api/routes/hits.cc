#include <algorithm>
#include <limits>

#include "api/routes/hits_table.h"
#include "api/routes/query_call.h"
#include "api/routes/route_groups.h"
#include "base/time_text.h"

namespace duramen::api {
namespace {

constexpr std::string_view kOpenApi = R"({
  "description": "Counts matching rows in steps of time, as a histogram.",
  "parameters": [
    {"name":"q","in":"query","schema":{"type":"string"},"description":"a filter; empty means everything"},
    {"name":"start","in":"query","schema":{"type":"string"},"description":"inclusive: RFC 3339, Unix time, now-15m, -15m"},
    {"name":"end","in":"query","schema":{"type":"string"},"description":"exclusive"},
    {"name":"step","in":"query","schema":{"type":"string"},"description":"such as 5m; without it one is chosen that gives at most about 100 buckets"},
    {"name":"by","in":"query","schema":{"type":"string"},"description":"names with commas between them: counts each combination of their values, too"},
    {"name":"limit","in":"query","schema":{"type":"integer","minimum":1,"maximum":1000},"description":"groups that are shown, the most frequent; default 10; the others are summed"},
    {"name":"timeout","in":"query","schema":{"type":"string"}}
  ],
  "responses": {
    "200": {"description":"a histogram","content":{"application/json":{}}},
    "400": {"description":"a bad filter or parameter; the detail names the place"},
    "422": {"description":"over 10,000 buckets, or a limit on memory; give a longer step or a shorter range"},
    "429": {"description":"too many queries run; see Retry-After"},
    "503": {"description":"cancelled, too many answers are streamed, starting or stopping"},
    "504": {"description":"the time-out passed"}
  }
})";

constexpr std::uint64_t kDefaultGroups = 10;
constexpr std::uint64_t kMostGroups = 1000;
constexpr std::size_t kMostNames = 16;

Result<std::vector<std::string>> read_by(const QueryCall& call) {
  std::vector<std::string> names = list_parameter(call.parameters, "by");
  const auto bad = [](const std::string& why) {
    return Error{ErrorCode::kInvalidArgument, "'by' " + why};
  };
  if (call.parameter("by") && names.empty()) return bad("names no field");
  if (names.size() > kMostNames) return bad("has over 16 names");
  for (auto name = names.begin(); name != names.end(); ++name) {
    if (*name == query::kTimeName || *name == kHitsName) {
      return bad("cannot group by '" + *name + "'");
    }
    if (std::find(names.begin(), name, *name) != name) return bad("has '" + *name + "' twice");
  }
  return names;
}

Result<std::size_t> read_groups(const QueryCall& call, bool grouped) {
  if (!call.request.limit) return grouped ? kDefaultGroups : 0;
  const auto bad = [](std::string why) {
    return Error{ErrorCode::kInvalidArgument, std::move(why)};
  };
  if (!grouped) return bad("'limit' is a number of groups: give 'by', too");
  if (*call.request.limit >= 1 && *call.request.limit <= kMostGroups) return *call.request.limit;
  return bad("'limit' must be between 1 and " + std::to_string(kMostGroups) + " groups");
}

Result<std::optional<TimeNs>> read_step(const QueryCall& call) {
  const auto text = call.parameter("step");
  if (!text) return std::optional<TimeNs>();
  auto step = parse_duration(*text);
  if (!step) return std::move(step).error().with("'step'");
  if (*step <= 0) return Error{ErrorCode::kInvalidArgument, "'step' must be longer than nothing"};
  return std::optional<TimeNs>(*step);
}

/// Where the buckets reach: over the whole range that was asked for, and to now when it is open.
void read_ends(const query::QueryRequest& request, TimeNs now, HitsTable::Options& options) {
  options.first = request.start;
  if (request.end) {
    options.last = std::max(*request.end, std::numeric_limits<TimeNs>::min() + 1) - 1;
  } else if (request.start) {
    options.last = now;
  }
}

/// A record may be of tomorrow: an open range ends with the last one.
TimeNs choose_step(const query::QueryEngine& engine, const query::QueryRequest& request,
                   const HitsTable::Options& options) {
  std::optional<TimeNs> first = options.first;
  std::optional<TimeNs> last = options.last;
  if (!request.start || !request.end) {
    const auto times = engine.times();
    if (times && !request.start) first = times->first;
    if (times && !request.end) last = std::max(last.value_or(times->last), times->last);
  }
  return usual_step(first.value_or(0), last.value_or(0));
}

query::StatsPipe count_by(const std::vector<std::string>& names, TimeNs step) {
  query::StatsPipe out;
  out.calls.push_back({query::StatsPipe::Function::kCount, 0, {}, std::string(kHitsName)});
  for (const std::string& name : names) out.by.push_back({name, 0});
  out.by.push_back({std::string(query::kTimeName), step});
  return out;
}

/// What was asked, as a query and a table.
Result<HitsTable::Options> read_hits(const query::QueryEngine& engine, TimeNs now,
                                     QueryCall& call) {
  HitsTable::Options options;
  DURAMEN_TRY(const auto names, read_by(call));
  DURAMEN_TRY(options.groups, read_groups(call, !names.empty()));
  DURAMEN_TRY(const auto step, read_step(call));
  read_ends(call.request, now, options);
  options.step = step ? *step : choose_step(engine, call.request, options);
  call.request.limit = 0;
  call.request.pipes.emplace_back(count_by(names, options.step));
  return options;
}

Result<void> write_hits(query::RunningQuery& query, BodyWriter& out,
                        const HitsTable::Options& options) {
  HitsTable table(options);
  DURAMEN_TRY(const auto end, query.run([&](std::string_view row) { return table.add(row); }));
  return table.write(end, [&](std::string_view piece) { return write_answer(out, piece); });
}

Response answer_hits(query::QueryEngine& engine, const Clock& clock, const Request& request) {
  auto read =
      read_query_call(request, clock, {"q", "start", "end", "step", "by", "limit", "timeout"});
  if (auto* refusal = std::get_if<Response>(&read)) return std::move(*refusal);
  auto& call = std::get<QueryCall>(read);
  const auto options = read_hits(engine, clock.now(), call);
  if (!options) return bad_parameter(options.error().message);
  if (options->first && options->last) {
    const auto few = HitsTable::check(options->step, *options->first, *options->last);
    if (!few) return problem_response(run_problem(few.error()));
  }
  return stream_query(engine, call.request, "application/json",
                      [options = *options](query::RunningQuery& query, BodyWriter& out) {
                        return write_hits(query, out, options);
                      });
}

}  // namespace

void add_hits_routes(Router& router, const Services& services) {
  const Handler handler = [&engine = services.queries, &clock = services.clock](
                              const Request& request, const Responder& respond) {
    respond(answer_hits(engine, clock, request));
  };
  router.add({"GET", "/api/v1/hits", "Count rows over time", handler, std::string(kOpenApi)});
  router.add({"POST", "/api/v1/hits", "Count rows over time, asked in the body", handler,
              std::string(kOpenApi)});
}

}  // namespace duramen::api
