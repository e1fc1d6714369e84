#include "api/server/server_metrics.h"

#include <algorithm>
#include <string>

namespace duramen::api {
namespace {

constexpr std::array<std::string_view, 6> kClassNames{"1xx", "2xx", "3xx", "4xx", "5xx", "aborted"};
constexpr std::array<std::string_view, 9> kRefusalNames{
    "connections",  "bad_request",  "header_size",  "body_size",    "body_budget",
    "workers_busy", "streams_busy", "read_timeout", "write_timeout"};

}  // namespace

RouteMetrics::RouteMetrics(MetricRegistry& registry, const Router& router) {
  const auto add_route = [&](const std::string& method, const std::string& path) {
    PerRoute row{};
    for (std::size_t i = 0; i < kClasses; ++i) {
      row.requests[i] = &registry.counter(
          "duramen_http_requests_total", "HTTP requests answered, by route and class of status.",
          {{"method", method}, {"route", path}, {"code", std::string(kClassNames[i])}});
    }
    row.seconds = &registry.histogram(
        "duramen_http_request_seconds",
        "From the first byte of a request to the last byte of its answer, by route.",
        {{"method", method}, {"route", path}});
    routes_.push_back(row);
  };
  for (const auto& route : router.routes()) add_route(route.method, route.path);
  add_route("other", "other");
}

void RouteMetrics::request(std::size_t route, int status, bool whole, double seconds) const {
  const PerRoute& row = routes_[std::min(route, routes_.size() - 1)];
  const auto by_status = static_cast<std::size_t>(std::clamp(status / 100, 1, 5)) - 1;
  row.requests[whole ? by_status : kClasses - 1]->add();
  row.seconds->observe(seconds);
}

ServerMetrics::ServerMetrics(MetricRegistry& registry, std::shared_ptr<ByteBudget> bodies)
    : levels_(std::make_shared<ServerLevels>()),
      received_bytes_(registry.counter("duramen_http_received_bytes_total",
                                       "Bytes read from HTTP clients: headers and bodies.")),
      sent_bytes_(registry.counter("duramen_http_sent_bytes_total",
                                   "Bytes written to HTTP clients: headers and bodies.")) {
  levels_->bodies = std::move(bodies);
  for (std::size_t i = 0; i < kRefusalNames.size(); ++i) {
    refused_[i] = &registry.counter("duramen_http_refused_total",
                                    "Requests and connections that the server refused or dropped.",
                                    {{"reason", std::string(kRefusalNames[i])}});
  }
  const auto level = [&](std::string_view name, std::string_view help, auto read) {
    registry.gauge(name, help, {},
                   [levels = levels_, read] { return static_cast<double>(read(*levels)); });
  };
  level("duramen_http_connections", "Open HTTP connections.",
        [](const ServerLevels& l) { return l.connections.load(); });
  level("duramen_http_streams", "Streamed answers being produced.",
        [](const ServerLevels& l) { return l.streams.load(); });
  level("duramen_http_body_bytes", "Bytes of request bodies being read or handled.",
        [](const ServerLevels& l) { return l.bodies->used(); });
}

}  // namespace duramen::api
