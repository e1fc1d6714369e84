#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <memory>
#include <unordered_map>
#include <vector>

#include "api/server.h"
#include "api/server/byte_budget.h"
#include "api/server/routing.h"
#include "api/server/server_metrics.h"
#include "api/server/task_pool.h"
#include "base/clock.h"
#include "base/mutex.h"

namespace duramen::api {

class Connection;

/// The open connections. It owns them until they close. Threading: any thread.
class ConnectionSet {
 public:
  std::size_t add(std::shared_ptr<Connection> connection);
  void remove(const Connection& connection);
  std::vector<std::shared_ptr<Connection>> all() const;
  /// False when connections are still open after `limit_ns`.
  bool wait_until_empty(TimeNs limit_ns);

 private:
  mutable Mutex mutex_;
  CondVar changed_;
  std::unordered_map<const Connection*, std::shared_ptr<Connection>> open_
      DURAMEN_GUARDED_BY(mutex_);
};

/// What all connections of one server share. Outlives them.
struct ServerState {
  ServerState(const ServerOptions& server_options, const Router& router, MetricRegistry& registry)
      : options(server_options),
        routing(std::make_shared<Routing>(registry, router)),
        bodies(std::make_shared<ByteBudget>(server_options.bodies_bytes)),
        metrics(registry, bodies),
        workers(server_options.worker_threads, kWorkerQueue),
        streams(server_options.stream_threads, 0) {}

  /// Requests waiting for a worker; one more gets 503.
  static constexpr std::size_t kWorkerQueue = 512;

  const ServerOptions options;
  RoutingSlot routing;
  std::shared_ptr<ByteBudget> bodies;
  ServerMetrics metrics;
  std::atomic<bool> stopping{false};
  ConnectionSet connections;
  TaskPool workers;
  TaskPool streams;
  boost::asio::io_context io;
};

}  // namespace duramen::api
