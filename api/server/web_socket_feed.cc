#include "api/server/web_socket_feed.h"

#include <boost/asio/buffer.hpp>
#include <utility>

namespace duramen::api {
namespace net = boost::asio;
namespace websocket = boost::beast::websocket;
namespace {

/// A client has nothing to say, but a close or a pong.
constexpr std::size_t kMostReceived = 64 * 1024;
constexpr std::size_t kMessageBytes = 64 * 1024;

}  // namespace

WebSocketFeed::WebSocketFeed(net::ip::tcp::socket& socket, std::shared_ptr<Feed> feed,
                             Options options, Counter& sent_bytes)
    : stream_(socket), feed_(std::move(feed)), options_(options), sent_bytes_(sent_bytes) {}

void WebSocketFeed::start(const std::shared_ptr<void>& owner, const Upgrade& upgrade,
                          std::function<void(bool)> closed) {
  owner_ = owner;
  closed_ = std::move(closed);
  websocket::stream_base::timeout timeout{};
  timeout.handshake_timeout = options_.write_timeout;
  timeout.idle_timeout = options_.silence;
  timeout.keep_alive_pings = true;
  stream_.set_option(timeout);
  stream_.read_message_max(kMostReceived);
  stream_.text(true);
  stream_.auto_fragment(false);
  stream_.async_accept(upgrade, [life = life()](const ErrorCodeOf& ec) {
    WebSocketFeed& self = *life.self;
    if (ec) {
      self.finish(false);
      return;
    }
    self.open_ = true;
    self.read();
    self.pump();
  });
}

void WebSocketFeed::read() {
  stream_.async_read(received_, [life = life()](const ErrorCodeOf& ec, std::size_t) {
    WebSocketFeed& self = *life.self;
    if (ec) {
      self.finish(self.whole_);
      return;
    }
    self.received_.clear();
    self.read();
  });
}

void WebSocketFeed::pump() {
  if (!open_ || writing_ || !feed_) return;
  Feed::Part part = feed_->take(kMessageBytes);
  whole_ = part.ended;
  if (part.bytes.empty()) {
    if (part.ended) end();
    return;
  }
  message_ = std::move(part.bytes);
  writing_ = true;
  stream_.async_write(net::buffer(message_),
                      [life = life()](const ErrorCodeOf& ec, std::size_t bytes) {
                        life.self->on_written(ec, bytes);
                      });
}

void WebSocketFeed::on_written(const ErrorCodeOf& ec, std::size_t bytes) {
  writing_ = false;
  sent_bytes_.add(bytes);
  if (ec) {
    finish(false);
  } else if (whole_) {
    end();
  } else {
    pump();
  }
}

/// Says goodbye; the client's answer ends read().
void WebSocketFeed::end() {
  if (!open_) return;
  open_ = false;
  feed_.reset();
  stream_.async_close(websocket::close_code::going_away,
                      [life = life()](const ErrorCodeOf&) { life.self->finish(true); });
}

void WebSocketFeed::leave() {
  open_ = false;
  feed_.reset();
  closed_ = nullptr;
}

void WebSocketFeed::finish(bool whole) {
  open_ = false;
  feed_.reset();
  if (const auto closed = std::exchange(closed_, nullptr)) closed(whole);
}

}  // namespace duramen::api
