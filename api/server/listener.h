#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "api/server/listen_address.h"
#include "api/server/server_state.h"
#include "base/result.h"

namespace duramen::api {

/// Accepts connections on one address.
/// Threading: open() and post_close() from any thread; the rest on its strand.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  explicit Listener(ServerState& server);

  /// Binds and listens. `v6_only`: `[::]` leaves IPv4 to another listener.
  /// Errors: kUnavailable, in words that name the address and the remedy.
  Result<void> open(const ListenAddress& address, bool v6_only);
  void post_accept();
  void post_close();
  /// With the real port.
  const std::string& address() const { return address_; }

 private:
  void accept();
  void take(boost::asio::ip::tcp::socket socket);
  void retry_later();

  ServerState& server_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer retry_;
  std::string address_;
};

}  // namespace duramen::api
