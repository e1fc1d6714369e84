#include <nlohmann/json.hpp>

#include "api/routes/query_call.h"
#include "api/routes/route_groups.h"

namespace duramen::api {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kOpenApi = R"({
  "description": "Runs a query, throws its rows away, and says what the index ruled out and what was read.",
  "parameters": [
    {"name":"q","in":"query","schema":{"type":"string"},"description":"the query; empty means everything"},
    {"name":"start","in":"query","schema":{"type":"string"}},
    {"name":"end","in":"query","schema":{"type":"string"}},
    {"name":"limit","in":"query","schema":{"type":"integer"},"description":"rows; default 100, 0 is no limit"},
    {"name":"order","in":"query","schema":{"enum":["desc","asc"]}},
    {"name":"timeout","in":"query","schema":{"type":"string"}}
  ],
  "responses": {
    "200": {"description":"the plan and its cost","content":{"application/json":{}}},
    "400": {"description":"a bad query or parameter; the detail names the place"},
    "422": {"description":"a limit on memory; repeating does not help"},
    "429": {"description":"too many queries run; see Retry-After"},
    "504": {"description":"the time-out passed"}
  }
})";

Json plan_json(const query::PlanReport& plan) {
  Json segments = Json::array();
  for (const auto& segment : plan.segments) {
    segments.push_back({{"name", segment.name},
                        {"blocks", segment.blocks},
                        {"indexed", segment.indexed},
                        {"candidates", segment.candidates}});
  }
  Json predicates = Json::array();
  for (const auto& predicate : plan.predicates) {
    predicates.push_back({{"looked_up", predicate.text}, {"candidates", predicate.candidates}});
  }
  return {{"looked_up", plan.looked_up},
          {"cut_short", plan.cut_short},
          {"blocks", plan.blocks()},
          {"candidates", plan.candidates()},
          {"segments", std::move(segments)},
          {"predicates", std::move(predicates)},
          {"index",
           {{"bytes", plan.index_bytes},
            {"terms", plan.index_terms},
            {"filter_rows", plan.index_rows}}}};
}

Json explanation_json(const query::Explanation& explained, const query::QueryEnd& end) {
  return {{"query", explained.query},
          {"plan", plan_json(explained.plan)},
          {"read",
           {{"units", explained.units},
            {"blocks", explained.blocks},
            {"frames", explained.frames},
            {"bytes", explained.bytes},
            {"rows", explained.rows}}},
          {"matched_rows", explained.matched},
          {"rows", end.rows},
          {"seconds", static_cast<double>(explained.took) / kNsPerSecond},
          {"partial", end.partial},
          {"warnings", end.warnings}};
}

Result<void> write_explanation(query::RunningQuery& query, BodyWriter& out) {
  DURAMEN_TRY(const auto end, query.run([](std::string_view) { return Result<void>(); }));
  const Json json = explanation_json(query.explain(), end);
  return write_answer(out, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

Response answer_explain(query::QueryEngine& engine, const Clock& clock, const Request& request) {
  auto read = read_query_call(request, clock, {"q", "start", "end", "limit", "order", "timeout"});
  if (auto* refusal = std::get_if<Response>(&read)) return std::move(*refusal);
  auto& call = std::get<QueryCall>(read);
  call.request.explain = true;
  return stream_query(engine, call.request, "application/json", write_explanation);
}

}  // namespace

void add_explain_routes(Router& router, const Services& services) {
  const Handler handler = [&engine = services.queries, &clock = services.clock](
                              const Request& request, const Responder& respond) {
    respond(answer_explain(engine, clock, request));
  };
  router.add({"GET", "/api/v1/explain", "How a query runs", handler, std::string(kOpenApi)});
  router.add({"POST", "/api/v1/explain", "How a query given in the body runs", handler,
              std::string(kOpenApi)});
}

}  // namespace duramen::api
