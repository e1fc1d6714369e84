#include "api/server.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <chrono>
#include <exception>
#include <system_error>
#include <thread>

#include "api/server/connection.h"
#include "api/server/listener.h"
#include "api/server/server_state.h"
#include "base/log.h"

namespace duramen::api {
namespace net = boost::asio;
namespace {

/// How long stop() waits between looks at connections that it has told to close.
constexpr TimeNs kRoundNs = kNsPerSecond / 20;
/// For the answers of connections that came while it waited for the others.
constexpr TimeNs kLateNs = kNsPerSecond;

class BeastServer final : public HttpServer {
 public:
  BeastServer(const ServerOptions& options, const Router& router, MetricRegistry& metrics)
      : metrics_(metrics),
        state_(options, router, metrics),
        work_(net::make_work_guard(state_.io)) {}
  BeastServer(const BeastServer&) = delete;
  BeastServer& operator=(const BeastServer&) = delete;
  BeastServer(BeastServer&&) = delete;
  BeastServer& operator=(BeastServer&&) = delete;
  ~BeastServer() override { stop(0); }

  Result<void> listen(const std::vector<ListenAddress>& addresses);
  Result<void> run();
  std::vector<std::string> addresses() const override;
  void serve(const Router& router) override {
    state_.routing.set(std::make_shared<Routing>(metrics_, router));
  }
  void stop(TimeNs limit_ns) override;

 private:
  void run_io();
  void wind_down_late(std::chrono::nanoseconds limit);

  MetricRegistry& metrics_;
  ServerState state_;
  net::executor_work_guard<net::io_context::executor_type> work_;
  std::vector<std::shared_ptr<Listener>> listeners_;
  Mutex stop_mutex_;
  std::vector<std::thread> threads_ DURAMEN_GUARDED_BY(stop_mutex_);
  bool stopped_ DURAMEN_GUARDED_BY(stop_mutex_) = false;
};

Result<void> BeastServer::listen(const std::vector<ListenAddress>& addresses) {
  for (const auto& address : addresses) {
    const bool v6_only =
        std::any_of(addresses.begin(), addresses.end(), [&](const ListenAddress& other) {
          return !other.v6 && other.port == address.port && address.port != 0;
        });
    auto listener = std::make_shared<Listener>(state_);
    DURAMEN_TRY_VOID(listener->open(address, v6_only));
    listeners_.push_back(std::move(listener));
  }
  return {};
}

Result<void> BeastServer::run() {
  for (const auto& listener : listeners_) listener->post_accept();
  const MutexLock lock(stop_mutex_);
  try {
    for (std::uint32_t i = 0; i < std::max(1U, state_.options.io_threads); ++i) {
      threads_.emplace_back([this] { run_io(); });
    }
  } catch (const std::system_error& e) {
    return Error{ErrorCode::kUnavailable, std::string("cannot start a thread: ") + e.what()};
  }
  return {};
}

void BeastServer::run_io() {
  for (;;) {
    try {
      state_.io.run();
      return;
    } catch (const std::exception& e) {
      log_error("a connection's handler failed", {{"error", e.what()}});
    }
  }
}

std::vector<std::string> BeastServer::addresses() const {
  std::vector<std::string> out;
  for (const auto& listener : listeners_) out.push_back(listener->address());
  return out;
}

/// Told again and again: the last one accepted may not have been there the first time.
void BeastServer::wind_down_late(std::chrono::nanoseconds limit) {
  const TimeNs rounds = std::min<TimeNs>(limit.count(), kLateNs) / kRoundNs;
  for (TimeNs round = 0; round < rounds; ++round) {
    for (const auto& connection : state_.connections.all()) connection->post_wind_down();
    if (state_.connections.wait_until_empty(kRoundNs)) return;
  }
}

void BeastServer::stop(TimeNs limit_ns) {
  const MutexLock lock(stop_mutex_);
  if (stopped_) return;
  stopped_ = true;
  const auto end = std::chrono::steady_clock::now() + std::chrono::nanoseconds(limit_ns);
  state_.stopping.store(true);
  for (const auto& connection : state_.connections.begin_drain()) connection->post_wind_down();
  if (threads_.empty()) threads_.emplace_back([this] { run_io(); });
  state_.connections.wait_for_drained(limit_ns);
  state_.closed.store(true);
  for (const auto& listener : listeners_) listener->post_close();
  wind_down_late(end - std::chrono::steady_clock::now());
  do {
    for (const auto& connection : state_.connections.all()) connection->post_abort();
  } while (!state_.connections.wait_until_empty(kRoundNs));
  state_.workers.stop();
  state_.streams.stop();
  work_.reset();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::start(const ServerOptions& options,
                                                      const Router& router,
                                                      MetricRegistry& metrics) {
  DURAMEN_TRY(const auto addresses,
              parse_listen_addresses(options.listen, options.insecure_listen));
  auto server = std::make_unique<BeastServer>(options, router, metrics);
  DURAMEN_TRY_VOID(server->listen(addresses));
  DURAMEN_TRY_VOID(server->run());
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace duramen::api
