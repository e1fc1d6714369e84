#pragma once

#include <memory>
#include <utility>

#include "api/router.h"
#include "api/server/server_metrics.h"
#include "base/metrics.h"
#include "base/mutex.h"

namespace duramen::api {

/// A router and the figures of its routes. A request keeps the one that it began with.
/// Ownership: the router outlives it.
struct Routing {
  Routing(MetricRegistry& registry, const Router& its_router)
      : router(its_router), metrics(registry, its_router) {}

  const Router& router;
  const RouteMetrics metrics;
};
using RoutingPtr = std::shared_ptr<const Routing>;

/// The routing that the next request gets. Threading: any thread.
class RoutingSlot {
 public:
  explicit RoutingSlot(RoutingPtr first) : present_(std::move(first)) {}

  RoutingPtr get() const {
    const MutexLock lock(mutex_);
    return present_;
  }
  void set(RoutingPtr next) {
    const MutexLock lock(mutex_);
    present_.swap(next);
  }

 private:
  mutable Mutex mutex_;
  RoutingPtr present_ DURAMEN_GUARDED_BY(mutex_);
};

}  // namespace duramen::api
