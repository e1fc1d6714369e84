#include "api/server/listener.h"

#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include "api/server/connection.h"
#include "base/log.h"

namespace duramen::api {
namespace net = boost::asio;
using tcp = net::ip::tcp;
namespace {

/// Connections beyond the limit that are still told so; more are closed unheard.
constexpr std::size_t kRefusalRoom = 64;

Error cannot_listen(const ListenAddress& address, const boost::system::error_code& ec) {
  std::string why = ec.message();
  if (ec == net::error::address_in_use) {
    why =
        "the port is in use by another program; stop that one or choose another port with "
        "--http-listen";
  } else if (address.v6 && (ec == net::error::address_family_not_supported ||
                            ec == boost::system::errc::address_not_available)) {
    why +=
        "; this machine has no IPv6 or not this address; listen on an IPv4 address such as "
        "127.0.0.1";
  } else if (ec == boost::system::errc::address_not_available) {
    why += "; no interface of this machine has this address";
  } else if (ec == net::error::access_denied) {
    why += "; ports below 1024 need root; choose another with --http-listen";
  }
  return Error{ErrorCode::kUnavailable, "cannot listen on " + address.text() + ": " + why};
}

}  // namespace

Listener::Listener(ServerState& server)
    : server_(server), acceptor_(net::make_strand(server.io)), retry_(acceptor_.get_executor()) {}

Result<void> Listener::open(const ListenAddress& address, bool v6_only) {
  boost::system::error_code ec;
  const auto ip = net::ip::make_address(address.host, ec);
  if (ec) return cannot_listen(address, ec);
  const tcp::endpoint endpoint(ip, address.port);
  acceptor_.open(endpoint.protocol(), ec);
  if (!ec) acceptor_.set_option(net::socket_base::reuse_address(true), ec);
  if (!ec && address.v6) acceptor_.set_option(net::ip::v6_only(v6_only), ec);
  if (!ec) acceptor_.bind(endpoint, ec);
  if (!ec) acceptor_.listen(net::socket_base::max_listen_connections, ec);
  if (ec) return cannot_listen(address, ec);
  ListenAddress bound = address;
  bound.port = acceptor_.local_endpoint(ec).port();
  if (ec) return cannot_listen(address, ec);
  address_ = bound.text();
  return {};
}

void Listener::post_accept() {
  net::post(acceptor_.get_executor(), [self = shared_from_this()] { self->accept(); });
}

void Listener::post_close() {
  net::post(acceptor_.get_executor(), [self = shared_from_this()] {
    boost::system::error_code ec;
    self->acceptor_.close(ec);
    self->retry_.cancel();
  });
}

void Listener::accept() {
  if (!acceptor_.is_open()) return;
  acceptor_.async_accept(
      net::make_strand(server_.io),
      [self = shared_from_this()](const boost::system::error_code& ec, tcp::socket socket) {
        if (self->server_.closed.load() || ec == net::error::operation_aborted) return;
        if (ec) {
          log_warning("cannot accept a connection", {{"error", ec.message()}});
          self->retry_later();
          return;
        }
        self->take(std::move(socket));
        self->accept();
      });
}

void Listener::take(tcp::socket socket) {
  const auto connection = std::make_shared<Connection>(std::move(socket), server_);
  const std::size_t open = server_.connections.add(connection);
  const std::size_t limit = server_.options.connections;
  if (open > limit + kRefusalRoom) {
    server_.metrics.refused(Refusal::kConnections);
    server_.connections.remove(*connection);
    return;
  }
  connection->post_start(open > limit);
}

/// Out of file descriptors, most likely: an accept loop without a pause would burn a core.
void Listener::retry_later() {
  retry_.expires_after(std::chrono::milliseconds(100));
  retry_.async_wait([self = shared_from_this()](const boost::system::error_code& ec) {
    if (!ec) self->accept();
  });
}

}  // namespace duramen::api
