#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "api/http.h"
#include "base/metrics.h"

namespace duramen::api {

/// A feed as text messages over a WebSocket (RFC 6455). What the client sends is read and left; it
/// is asked for a sign of life by pings.
///
/// Threading: the strand of the socket. Ownership: `owner` has the socket, and lives as long as an
/// operation is outstanding.
class WebSocketFeed : public std::enable_shared_from_this<WebSocketFeed> {
 public:
  struct Options {
    std::chrono::seconds silence;  ///< of the client, until it is taken for dead
    std::chrono::seconds write_timeout;
  };
  using Upgrade = boost::beast::http::request<boost::beast::http::empty_body>;

  WebSocketFeed(boost::asio::ip::tcp::socket& socket, std::shared_ptr<Feed> feed, Options options,
                Counter& sent_bytes);

  /// `closed` is called once, unless leave() came first: `whole` when the feed came to its end.
  void start(const std::shared_ptr<void>& owner, const Upgrade& upgrade,
             std::function<void(bool whole)> closed);
  /// There is something to take.
  void pump();
  /// The socket is being closed.
  void leave();

 private:
  using ErrorCodeOf = boost::system::error_code;
  /// What a handler holds.
  struct Life {
    std::shared_ptr<WebSocketFeed> self;
    std::shared_ptr<void> owner;
  };
  Life life() { return {shared_from_this(), owner_.lock()}; }
  void read();
  void on_written(const ErrorCodeOf& ec, std::size_t bytes);
  void end();
  void finish(bool whole);

  boost::beast::websocket::stream<boost::asio::ip::tcp::socket&> stream_;
  std::shared_ptr<Feed> feed_;
  const Options options_;
  Counter& sent_bytes_;
  std::weak_ptr<void> owner_;
  std::function<void(bool)> closed_;
  boost::beast::flat_buffer received_;
  std::string message_;
  bool open_ = false;  ///< accepted, and nobody is closing it
  bool writing_ = false;
  bool whole_ = false;  ///< the feed has ended
};

}  // namespace duramen::api
