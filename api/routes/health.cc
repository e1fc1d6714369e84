#include "api/routes/parameters.h"
#include "api/routes/route_groups.h"

namespace duramen::api {
namespace {

/// Why writes are refused now, or nothing.
using WritesRefused = std::function<std::optional<std::string>()>;

constexpr std::string_view kLiveOpenApi = R"({
  "responses": {"200": {"description":"the process answers"}}
})";
constexpr std::string_view kReadyOpenApi = R"({
  "parameters": [{"name":"for","in":"query","schema":{"enum":["read","write"]},"description":"write: also 503 while writes are refused, as on a full disk"
}],
  "responses": {
  "200" : {"description" : "ready"}, "503" : { "description" : "not ready, with the reason" }
}
})";

Response fresh(Response response) {
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

Response not_ready(const std::string& reason) {
  Problem problem = make_problem(503, "not-ready", reason);
  problem.retry_after_seconds = 2;
  return fresh(problem_response(problem));
}

Response answer_ready(const Readiness& readiness, const WritesRefused& writes_refused,
                      const Request& request) {
  if (auto refusal = refuse_unknown(request.parameters, {"for"})) return *std::move(refusal);
  const auto purpose = request.parameter("for").value_or("read");
  if (purpose != "read" && purpose != "write") return bad_parameter("'for' must be read or write");
  const std::string reason = readiness.reason();
  if (!reason.empty()) return not_ready(reason);
  if (purpose == "write") {
    if (const auto refused = writes_refused()) return not_ready(*refused);
  }
  return fresh(text_response(200, "ready\n"));
}

void add_health(Router& router, const Readiness& readiness, const WritesRefused& writes_refused) {
  const Handler live = [](const Request& request, const Responder& respond) {
    auto refusal = refuse_unknown(request.parameters, {});
    respond(refusal ? *std::move(refusal) : fresh(text_response(200, "ok\n")));
  };
  const Handler ready = [&readiness, writes_refused](const Request& request,
                                                     const Responder& respond) {
    respond(answer_ready(readiness, writes_refused, request));
  };
  // Live answers also when every worker is busy: a busy process must not be killed for it.
  for (const auto* path : {"/health/live", "/livez", "/healthz"}) {
    router.add({"GET", path, "Does the process answer", live, std::string(kLiveOpenApi), true});
  }
  for (const auto* path : {"/health/ready", "/readyz", "/ready"}) {
    router.add({"GET", path, "Can the process take work", ready, std::string(kReadyOpenApi)});
  }
}

}  // namespace

void add_health_routes(Router& router, const Services& services) {
  add_health(router, services.readiness,
             [&store = services.store] { return store.writes_refused(); });
}

Router make_gate(const Readiness& readiness) {
  Router gate;
  add_health(gate, readiness, [] { return std::nullopt; });
  gate.set_elsewhere([&readiness] {
    const std::string reason = readiness.reason();
    // Ready since this request was looked at: the next attempt succeeds.
    return not_ready((reason.empty() ? "starting" : reason) + "; only /health is answered");
  });
  return gate;
}

}  // namespace duramen::api
