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
  /// Those that are open now. What is added from now on is late: the drain does not wait for it.
  std::vector<std::shared_ptr<Connection>> begin_drain();
  /// It is none of those that the drain waits for.
  void set_late(const Connection& connection);
  /// After begin_drain(). False when some of its connections are still open after `limit_ns`.
  bool wait_for_drained(TimeNs limit_ns);
  /// False when connections are still open after `limit_ns`.
  bool wait_until_empty(TimeNs limit_ns);

 private:
  struct Entry {
    std::shared_ptr<Connection> connection;
    bool late = false;
  };
  std::vector<std::shared_ptr<Connection>> all_locked() const DURAMEN_REQUIRES(mutex_);

  mutable Mutex mutex_;
  CondVar changed_;
  std::unordered_map<const Connection*, Entry> open_ DURAMEN_GUARDED_BY(mutex_);
  std::size_t not_late_ DURAMEN_GUARDED_BY(mutex_) = 0;
  bool draining_ DURAMEN_GUARDED_BY(mutex_) = false;
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
  std::atomic<bool> stopping{false};  ///< every answer closes its connection
  std::atomic<bool> closed{false};    ///< no connection is accepted any more
  ConnectionSet connections;
  TaskPool workers;
  TaskPool streams;
  boost::asio::io_context io;
};

}  // namespace duramen::api
