#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "api/router.h"
#include "api/server/byte_budget.h"
#include "base/metrics.h"

namespace duramen::api {

/// Why the server itself refused or dropped something; each has a counter.
enum class Refusal {
  kConnections,
  kBadRequest,
  kHeaderSize,
  kBodySize,
  kBodyBudget,
  kWorkersBusy,
  kStreamsBusy,
  kReadTimeout,
  kWriteTimeout,
};

/// Levels that gauges read; shared with the gauges, which outlive the server.
struct ServerLevels {
  std::atomic<std::int64_t> connections{0};
  std::atomic<std::int64_t> streams{0};
  std::shared_ptr<ByteBudget> bodies;
};

/// What is counted by route. Labels are route patterns, never paths; routers that have the same
/// route count it together. Threading: any thread.
class RouteMetrics {
 public:
  RouteMetrics(MetricRegistry& registry, const Router& router);

  /// `route` indexes Router::routes(); one past the end for requests without a route. `whole` is
  /// false for an answer that was cut off.
  void request(std::size_t route, int status, bool whole, double seconds) const;

 private:
  static constexpr std::size_t kClasses = 6;  ///< 1xx..5xx and aborted
  struct PerRoute {
    std::array<Counter*, kClasses> requests;
    LatencyHistogram* seconds;
  };
  std::vector<PerRoute> routes_;
};

/// What the server counts as a whole. Threading: any thread.
class ServerMetrics {
 public:
  ServerMetrics(MetricRegistry& registry, std::shared_ptr<ByteBudget> bodies);

  void refused(Refusal reason) { refused_[static_cast<std::size_t>(reason)]->add(); }
  ServerLevels& levels() { return *levels_; }
  Counter& received_bytes() { return received_bytes_; }
  Counter& sent_bytes() { return sent_bytes_; }

 private:
  std::array<Counter*, 9> refused_{};
  std::shared_ptr<ServerLevels> levels_;
  Counter& received_bytes_;
  Counter& sent_bytes_;
};

}  // namespace duramen::api
