#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/http.h"
#include "api/router.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/result.h"

namespace duramen::api {

struct ServerOptions {
  std::vector<std::string> listen = {"127.0.0.1:5647"};  ///< `addr:port`, `[::1]:port`; port 0: any
  bool insecure_listen = false;  ///< allow addresses beyond loopback without authentication
  std::uint32_t io_threads = 2;
  std::uint32_t worker_threads = 4;   ///< handlers: parse and pack
  std::uint32_t stream_threads = 24;  ///< streamed bodies being produced at once
  std::uint64_t header_bytes = 16 * 1024;
  std::uint64_t body_bytes = 64ULL << 20;     ///< of one request as sent
  std::uint64_t bodies_bytes = 256ULL << 20;  ///< of all requests being read or handled
  std::uint32_t connections = 1024;
  std::uint32_t stream_buffer_bytes = 256 * 1024;  ///< unsent bytes of one streamed answer
  std::uint32_t read_timeout_seconds = 30;         ///< for a whole header, and between body reads
  std::uint32_t idle_timeout_seconds = 120;        ///< between requests
  std::uint32_t write_timeout_seconds = 30;        ///< without progress on an answer
  std::uint32_t heartbeat_seconds = 15;            ///< in a live answer that has nothing to say
};

/// Serves a Router over HTTP/1.1 (Boost.Beast). Handlers know no sockets.
///
/// Ownership: the routers and the registry outlive it.
/// Threading: any thread. Blocking: start() binds; stop() waits for open requests up to its limit.
/// Errors of start(): kInvalidArgument (an address that cannot be read, or one beyond loopback
/// without insecure_listen), kUnavailable (port busy: names the address and the remedy).
class HttpServer {
 public:
  static Result<std::unique_ptr<HttpServer>> start(const ServerOptions& options,
                                                   const Router& router, MetricRegistry& metrics);
  HttpServer() = default;
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  HttpServer(HttpServer&&) = delete;
  HttpServer& operator=(HttpServer&&) = delete;
  virtual ~HttpServer() = default;
  /// Bound addresses with their real ports, `127.0.0.1:5647`, `[::1]:5647`.
  virtual std::vector<std::string> addresses() const = 0;
  /// From now on requests go to `router`; those whose header has been read stay with theirs.
  virtual void serve(const Router& router) = 0;
  /// Closes idle connections and answers what is open, at most `limit_ns`; then closes everything.
  /// Meanwhile new connections are still accepted, so that a load balancer sees what serve() has
  /// set before; each of them, and each that has not had a request, gets one answer and is not
  /// waited for.
  virtual void stop(TimeNs limit_ns) = 0;
};

}  // namespace duramen::api
