#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "api/server/connection.h"

namespace duramen::api {
namespace net = boost::asio;
namespace {

/// Taken from a feed at once: one write.
constexpr std::size_t kPartBytes = 64 * 1024;

/// What was sent and never acknowledged ends the connection, also when nothing else is sent.
void limit_silence(net::ip::tcp::socket& socket, std::chrono::seconds limit) {
  const auto ms = static_cast<unsigned>(std::chrono::milliseconds(limit).count());
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof ms);
}

}  // namespace

void Connection::start_feed(Response response) {
  auto body = std::get<FeedBody>(std::move(response.body));
  if (http10_) {
    write_whole(problem_response(make_problem(
        505, "http-version",
        "this answer has no end, and HTTP/1.0 no chunks: use HTTP/1.1 (nginx: proxy_http_version "
        "1.1)")));
    return;
  }
  phase_ = Phase::kStreaming;
  clear_deadline();
  limit_silence(socket_, std::chrono::seconds(server_.options.write_timeout_seconds));
  stream_head_ = Response{response.status, std::move(response.headers), std::string()};
  head_sent_ = false;
  feed_ = std::move(body);
  feed_.feed->open([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    net::post(self->socket_.get_executor(), [self] { self->pump_feed(); });
  });
  read_more();
  beat_later();
  pump_feed();
}

void Connection::pump_feed() {
  if (phase_ == Phase::kWebSocket && web_socket_) {
    web_socket_->pump();
    return;
  }
  if (phase_ != Phase::kStreaming || writing_ || !feed_.feed) return;
  Feed::Part part = feed_.feed->take(kPartBytes);
  // The head goes out at once: so the client knows that it is heard.
  if (part.bytes.empty() && !part.ended && head_sent_) return;
  feed_quiet_ = false;
  StreamedBody::Taken taken{true, part.ended, {}};
  if (!part.whole) taken.outcome = Error{ErrorCode::kDataLoss, "the answer was broken off"};
  write_chunk(std::move(part.bytes), taken);
}

void Connection::beat_later() {
  flush_timer_.expires_after(seconds(server_.options.heartbeat_seconds));
  flush_timer_.async_wait([self = shared_from_this()](const ErrorCodeOf& ec) {
    if (ec || self->phase_ != Phase::kStreaming || !self->feed_.feed) return;
    const bool quiet = std::exchange(self->feed_quiet_, true);
    if (quiet && !self->writing_) self->write_chunk(self->feed_.heartbeat, {true, false, {}});
    self->beat_later();
  });
}

void Connection::start_web_socket(Response response) {
  auto body = std::get<FeedBody>(std::move(response.body));
  // An earlier answer's read would take what belongs to the WebSocket.
  if (reading_ || !ahead_.empty()) {
    write_whole(problem_response(
        make_problem(400, "bad-http", "open a connection of its own for a WebSocket")));
    return;
  }
  phase_ = Phase::kWebSocket;
  clear_deadline();
  status_ = 101;
  const WebSocketFeed::Options options{std::chrono::seconds(2 * server_.options.heartbeat_seconds),
                                       std::chrono::seconds(server_.options.write_timeout_seconds)};
  web_socket_ =
      std::make_shared<WebSocketFeed>(socket_, body.feed, options, server_.metrics.sent_bytes());
  body.feed->open([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    net::post(self->socket_.get_executor(), [self] { self->pump_feed(); });
  });
  const auto self = shared_from_this();
  web_socket_->start(self, header_->get(), [weak = weak_from_this()](bool whole) {
    if (const auto connection = weak.lock()) connection->on_web_socket_closed(whole);
  });
}

void Connection::on_web_socket_closed(bool whole) {
  if (phase_ != Phase::kWebSocket) return;
  finish_request(whole);
  close();
}

}  // namespace duramen::api
