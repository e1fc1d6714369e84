#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/http.h"

namespace duramen::api {

/// One route with what its documentation needs; /api/v1/openapi.json is made from this table.
struct Route {
  std::string method;   ///< GET also answers HEAD
  std::string path;     ///< `/api/v1/queries/{id}`: `{x}` takes one segment, given as parameter `x`
  std::string summary;
  Handler handler;
  std::string openapi;  ///< JSON text of further members of the OpenAPI operation; may be empty
};

/// Finds the handler of a request. Built once, then immutable. Threading: any thread.
class Router {
 public:
  void add(Route route);
  const std::vector<Route>& routes() const { return routes_; }
  /// Calls the handler; 404 for an unknown path, 405 with Allow for another method; a handler
  /// that throws (a bug) becomes 500.
  void handle(Request request, Responder respond) const;

 private:
  std::vector<Route> routes_;
};

}  // namespace duramen::api
