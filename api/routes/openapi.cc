#include <memory>
#include <nlohmann/json.hpp>

#include "api/routes/parameters.h"
#include "api/routes/route_groups.h"

namespace duramen::api {
namespace {

using Json = nlohmann::ordered_json;

std::string lower_method(std::string method) {
  for (char& c : method) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return method;
}

Json operation_of(const Route& route) {
  Json out = {{"summary", route.summary}};
  if (!route.openapi.empty()) {
    const auto more = Json::parse(route.openapi, nullptr, false);
    if (more.is_object()) out.update(more);
  }
  if (!out.contains("responses")) out["responses"] = {{"200", {{"description", "OK"}}}};
  out["responses"]["default"] = {
      {"description", "RFC 9457"},
      {"content",
       {{"application/problem+json", {{"schema", {{"$ref", "#/components/schemas/Problem"}}}}}}}};
  return out;
}

Json problem_schema() {
  return {{"type", "object"},
          {"required", {"type", "title", "status", "detail"}},
          {"properties",
           {{"type", {{"type", "string"}}},
            {"title", {{"type", "string"}}},
            {"status", {{"type", "integer"}}},
            {"detail", {{"type", "string"}}},
            {"retry_after_s", {{"type", "integer"}}}}}};
}

std::string openapi_json(const Router& router, const std::string& version) {
  Json paths = Json::object();
  for (const auto& route : router.routes()) {
    paths[route.path][lower_method(route.method)] = operation_of(route);
  }
  const Json document = {{"openapi", "3.0.3"},
                         {"info", {{"title", "Duramen"}, {"version", version}}},
                         {"paths", std::move(paths)},
                         {"components", {{"schemas", {{"Problem", problem_schema()}}}}}};
  return document.dump(2) + "\n";
}

}  // namespace

void add_openapi_route(Router& router, const Services& services) {
  const auto text = std::make_shared<std::string>();
  router.add({"GET", "/api/v1/openapi.json", "This description",
              [text](const Request& request, const Responder& respond) {
                auto refusal = refuse_unknown(request.parameters, {});
                respond(refusal ? *std::move(refusal) : json_response(200, *text));
              },
              R"({"responses": {"200": {"description":"OpenAPI 3.0"}}})"});
  *text = openapi_json(router, services.version);
}

}  // namespace duramen::api
