#pragma once

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "api/http.h"
#include "api/server/byte_budget.h"
#include "api/server/exchange.h"
#include "api/server/routing.h"
#include "api/server/server_state.h"
#include "api/server/streamed_body.h"
#include "api/server/web_socket_feed.h"

namespace duramen::api {

/// One client: reads requests one after the other, has each answered, writes the answers.
///
/// Threading: everything but the constructor and the three posted entries runs on its strand.
/// Ownership: ServerState::connections holds it until close(). One read and one write at most are
/// outstanding; buffers live until their operation has completed, also after close().
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(boost::asio::ip::tcp::socket socket, ServerState& server);

  /// Any thread. `refuse`: the server has too many connections; say so and close.
  void post_start(bool refuse);
  /// Any thread: close now when idle, else after the present answer. One that has not had a request
  /// still gets an answer, as long as new connections do: its first request may be on its way.
  void post_wind_down();
  /// Any thread: close now.
  void post_abort();

 private:
  using ErrorCodeOf = boost::system::error_code;
  using Time = std::chrono::steady_clock::time_point;
  enum class Phase {
    kIdle,      ///< between requests
    kHeader,    ///< some bytes of a header are here
    kContinue,  ///< writing 100 Continue
    kBody,      ///< reading a body of known length
    kChunkedBody,
    kHandling,  ///< a handler has the request
    kWriting,   ///< writing a whole answer
    kStreaming,
    kWebSocket,  ///< web_socket_ has the socket
    kDraining,   ///< answered and shut down; reading what the client still sends
    kClosed,
  };

  // connection.cc: life and time-outs
  void open(bool refuse);
  void wind_down();
  void close();
  void set_deadline(std::chrono::nanoseconds from_now);
  void clear_deadline() { deadline_ = Time::max(); }
  void arm_timer();
  void on_timer(const ErrorCodeOf& ec);
  void on_deadline();

  // connection_read.cc: header and body
  void wait_for_request();
  void advance_header();
  void read_more();
  void on_read(const ErrorCodeOf& ec, std::size_t bytes);
  void fail_parse(const ErrorCodeOf& ec);
  void set_no_route();
  void begin_request();
  bool fill_request();
  bool accept_body();
  void send_continue();
  void refuse_over_budget();
  void start_body();
  void advance_body();
  bool grow_body(std::size_t bytes);
  void read_body();
  void on_body(const ErrorCodeOf& ec, std::size_t bytes);
  bool too_slow() const;
  void advance_chunked();
  void on_drained(const ErrorCodeOf& ec, std::size_t bytes);

  // connection_answer.cc: handlers, whole answers
  void dispatch_request();
  void on_response(Response response);
  /// Answers a request whose body is not read: closes afterwards if there is one.
  void refuse(const Problem& problem, Refusal reason);
  void refuse(Response response);
  void write_whole(Response response, bool length_known = true);
  void write_parts();
  void on_written(const ErrorCodeOf& ec, std::size_t bytes);
  void finish_request(bool whole);
  void linger();

  // connection_feed.cc: live answers
  void start_feed(Response response);
  void pump_feed();
  void beat_later();
  void start_web_socket(Response response);
  void on_web_socket_closed(bool whole);

  // connection_stream.cc: streamed answers
  void start_stream(Response response);
  void pump();
  void on_stream_sent();
  void write_chunk(std::string bytes, const StreamedBody::Taken& taken);
  void flush_soon();
  void client_left();

  std::chrono::nanoseconds seconds(std::uint32_t s) const { return std::chrono::seconds(s); }
  std::size_t header_limit() const { return server_.options.header_bytes; }

  ServerState& server_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  boost::asio::steady_timer flush_timer_;
  Time deadline_ = Time::max();
  bool timer_armed_ = false;
  bool flush_armed_ = false;
  Phase phase_ = Phase::kIdle;
  bool fresh_ = true;  ///< no request has begun

  std::array<char, 16 * 1024> arrived_;  ///< where read_more() reads into
  std::string ahead_;                    ///< read and not yet parsed
  bool reading_ = false;                 ///< one read at a time, by read_more() or read_body()
  std::optional<boost::beast::http::request_parser<boost::beast::http::empty_body>> header_;
  std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> chunked_;
  std::size_t header_seen_ = 0;
  std::string peer_;

  Request request_;
  Time request_began_;
  Time body_began_;
  RoutingPtr routing_;     ///< of the present request
  std::size_t route_ = 0;  ///< of `routing_`
  bool http10_ = false;
  bool head_only_ = false;
  bool keep_alive_ = true;
  bool body_unread_ = false;
  std::size_t body_length_ = 0;
  std::size_t body_have_ = 0;
  ByteBudget::Hold hold_;
  std::shared_ptr<Exchange> exchange_;

  std::array<std::string, 3> parts_;  ///< being written, in order
  std::size_t written_ = 0;           ///< bytes of parts_
  bool writing_ = false;
  int status_ = 0;

  std::shared_ptr<StreamedBody> stream_;
  Response stream_head_;
  bool head_sent_ = false;
  bool last_chunk_ = false;  ///< what is being written ends the stream
  bool stream_whole_ = false;
  FeedBody feed_;           ///< with a feed: what is streamed
  bool feed_quiet_ = true;  ///< since the last look at it
  std::shared_ptr<WebSocketFeed> web_socket_;
  std::size_t drained_ = 0;
  Time drain_end_;
};

}  // namespace duramen::api
