#include <algorithm>

#include "api/routes/parameters.h"
#include "api/routes/route_groups.h"
#include "base/json_text.h"
#include "base/time_text.h"

namespace duramen::api {
namespace {

constexpr std::string_view kListOpenApi = R"({
  "responses": {"200": {"description":"queries that run now, with their progress"}}
})";
constexpr std::string_view kStopAllOpenApi = R"({
  "responses": {"200": {"description":"how many queries were told to stop"}}
})";
constexpr std::string_view kOneOpenApi = R"({
  "parameters": [{"name":"id","in":"path","required":true,"schema":{"type":"integer"}}],
  "responses": {"200": {"description":"the query and its progress"}, "404": {"description":"no such query runs"}}
})";
constexpr std::string_view kStopOpenApi = R"({
  "parameters": [{"name":"id","in":"path","required":true,"schema":{"type":"integer"}}],
  "responses": {"204": {"description":"the query is told to stop"}, "404": {"description":"no such query runs"}}
})";

void append_query(std::string& out, const query::QueryInfo& info, TimeNs now) {
  out += "{\"id\":" + std::to_string(info.id) + ",\"q\":";
  append_json_string_lossy(out, info.q);
  out += ",\"started\":\"" + to_rfc3339(info.started) + "\",\"seconds\":" +
         std::to_string(static_cast<double>(now - info.started) / kNsPerSecond) +
         ",\"scanned_rows\":" + std::to_string(info.scanned_rows) +
         ",\"scanned_bytes\":" + std::to_string(info.scanned_bytes) +
         ",\"scan_units\":" + std::to_string(info.scan_units) +
         ",\"scan_units_total\":" + std::to_string(info.scan_units_total) +
         ",\"memory_bytes\":" + std::to_string(info.memory_bytes) + "}";
}

std::string tail_json(const query::TailInfo& info, TimeNs now) {
  std::string out = "{\"id\":" + std::to_string(info.id) + ",\"q\":";
  append_json_string_lossy(out, info.q);
  return out + ",\"started\":\"" + to_rfc3339(info.started) + "\",\"seconds\":" +
         std::to_string(static_cast<double>(now - info.started) / kNsPerSecond) +
         ",\"memory_bytes\":" + std::to_string(info.waiting_bytes) +
         ",\"tail\":{\"rows\":" + std::to_string(info.rows) +
         ",\"missed_rows\":" + std::to_string(info.missed_rows) +
         ",\"lag_rows\":" + std::to_string(info.lag_rows) +
         ",\"behind\":" + (info.behind ? "true" : "false") + "}}";
}

std::vector<query::TailInfo> tails_of(const Services& services) {
  return services.tails == nullptr ? std::vector<query::TailInfo>() : services.tails->list();
}

Response fresh(Response response) {
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

Response no_such_query(const Request& request) {
  return problem_response(
      make_problem(404, "no-such-query",
                   "no query " + std::string(request.parameter("id").value_or("")) + " runs"));
}

Response list_queries(const Services& services) {
  std::string json = "{\"queries\":[";
  for (const auto& info : services.queries.list()) {
    if (json.back() != '[') json += ',';
    append_query(json, info, services.clock.now());
  }
  for (const auto& info : tails_of(services)) {
    if (json.back() != '[') json += ',';
    json += tail_json(info, services.clock.now());
  }
  return fresh(json_response(200, json + "]}\n"));
}

Response show_query(const Services& services, const Request& request) {
  const auto id = path_number(request, "id");
  const auto running = services.queries.list();
  const auto at = std::find_if(running.begin(), running.end(),
                               [&](const query::QueryInfo& info) { return id && info.id == *id; });
  if (at == running.end()) {
    for (const auto& info : tails_of(services)) {
      if (id && info.id == *id) {
        return fresh(json_response(200, tail_json(info, services.clock.now()) + "\n"));
      }
    }
    return no_such_query(request);
  }
  std::string json;
  append_query(json, *at, services.clock.now());
  return fresh(json_response(200, json + "\n"));
}

Response stop_query(const Services& services, const Request& request) {
  const auto id = path_number(request, "id");
  if (!id) return no_such_query(request);
  const bool of_tail = services.tails != nullptr && services.tails->stop(*id);
  if (!of_tail && !services.queries.cancel(*id)) return no_such_query(request);
  return Response{204, {}, std::string()};
}

Response stop_all(const Services& services) {
  const std::size_t running = services.queries.list().size() + tails_of(services).size();
  services.queries.cancel_all();
  if (services.tails != nullptr) services.tails->stop_all();
  return json_response(200, "{\"cancelled\":" + std::to_string(running) + "}\n");
}

}  // namespace

void add_running_query_routes(Router& router, const Services& services) {
  const auto handler = [services](auto answer) {
    return [services, answer](const Request& request, const Responder& respond) {
      respond(answer(services, request));
    };
  };
  const auto of_one = [](auto answer) {
    return [answer](const Services& s, const Request& request) {
      // The first is the one in the path.
      const Parameters more(request.parameters.begin() + 1, request.parameters.end());
      if (auto refusal = refuse_unknown(more, {})) return *std::move(refusal);
      return answer(s, request);
    };
  };
  const auto without_request = [](auto answer) {
    return [answer](const Services& s, const Request& request) {
      if (auto refusal = refuse_unknown(request.parameters, {})) return *std::move(refusal);
      return answer(s);
    };
  };
  router.add({"GET", "/api/v1/queries", "List running queries",
              handler(without_request(list_queries)), std::string(kListOpenApi)});
  router.add({"DELETE", "/api/v1/queries", "Stop all running queries",
              handler(without_request(stop_all)), std::string(kStopAllOpenApi)});
  router.add({"GET", "/api/v1/queries/{id}", "Show a running query", handler(of_one(show_query)),
              std::string(kOneOpenApi)});
  router.add({"DELETE", "/api/v1/queries/{id}", "Stop a running query", handler(of_one(stop_query)),
              std::string(kStopOpenApi)});
}

}  // namespace duramen::api
