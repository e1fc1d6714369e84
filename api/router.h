#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http.h"

namespace duramen::api {

/// One route with what its documentation needs; /api/v1/openapi.json is made from this table.
struct Route {
  std::string method;  ///< GET also answers HEAD
  std::string path;    ///< `/api/v1/queries/{id}`: `{x}` takes one segment, given as parameter `x`
  std::string summary;
  Handler handler;
  std::string openapi;  ///< JSON text of further members of the OpenAPI operation; may be empty
  /// The handler only reads a few values: it runs on the I/O thread, also when all workers are
  /// busy.
  bool immediate = false;
};

/// What a method and a path lead to.
struct RouteMatch {
  std::optional<std::size_t> route;  ///< index into routes()
  Parameters parameters;             ///< values of `{x}` segments, decoded
  /// Set exactly when there is no route: 404, 405, OPTIONS, or what set_elsewhere() says.
  std::optional<Response> refusal;
};

/// Finds the handler of a request. Built once, then immutable. Threading: any thread.
class Router {
 public:
  void add(Route route);
  /// What a path without a route is answered, instead of 404. Called on any thread, must not block.
  void set_elsewhere(std::function<Response()> answer) { elsewhere_ = std::move(answer); }
  const std::vector<Route>& routes() const { return routes_; }
  /// Decides from the request line alone, so that a server can refuse before it reads a body.
  RouteMatch match(std::string_view method, std::string_view path) const;
  /// Calls the handler; 404 (or what set_elsewhere() says) for an unknown path, 405 with Allow for
  /// another method; a handler that throws (a bug) becomes 500.
  void handle(Request request, Responder respond) const;

 private:
  Response not_found(std::string_view path) const;

  std::vector<Route> routes_;
  std::function<Response()> elsewhere_;
};

}  // namespace duramen::api
