#include "api/server/connection.h"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>

namespace duramen::api {
namespace net = boost::asio;

Connection::Connection(net::ip::tcp::socket socket, ServerState& server)
    : server_(server),
      socket_(std::move(socket)),
      timer_(socket_.get_executor()),
      flush_timer_(socket_.get_executor()) {}

void Connection::post_start(bool refuse) {
  server_.metrics.levels().connections.fetch_add(1);
  net::post(socket_.get_executor(), [self = shared_from_this(), refuse] { self->open(refuse); });
}
void Connection::post_wind_down() {
  net::post(socket_.get_executor(), [self = shared_from_this()] { self->wind_down(); });
}
void Connection::post_abort() {
  net::post(socket_.get_executor(), [self = shared_from_this()] { self->close(); });
}

void Connection::open(bool refuse) {
  if (phase_ == Phase::kClosed) return;  // a stop came first
  ErrorCodeOf ec;
  socket_.set_option(net::ip::tcp::no_delay(true), ec);
  const auto endpoint = socket_.remote_endpoint(ec);
  if (!ec) {
    auto address = endpoint.address();
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
      address = net::ip::make_address_v4(net::ip::v4_mapped, address.to_v6());
    }
    peer_ = address.to_string(ec);
  }
  if (!refuse) {
    wait_for_request();
    return;
  }
  server_.metrics.refused(Refusal::kConnections);
  request_began_ = std::chrono::steady_clock::now();
  set_no_route();
  keep_alive_ = false;
  Problem problem = make_problem(
      503, "too-many-connections",
      "more than " + std::to_string(server_.options.connections) + " connections are open");
  problem.retry_after_seconds = 1;
  write_whole(problem_response(problem));
}

void Connection::wind_down() {
  if (fresh_ && !server_.closed.load()) {
    server_.connections.set_late(*this);
    return;
  }
  keep_alive_ = false;
  if (phase_ == Phase::kIdle) close();
}

void Connection::close() {
  if (phase_ == Phase::kClosed) return;
  phase_ = Phase::kClosed;
  if (stream_) stream_->leave();
  feed_ = FeedBody();
  if (web_socket_) web_socket_->leave();
  web_socket_.reset();
  if (exchange_) exchange_->detach();
  hold_.release();
  timer_.cancel();
  flush_timer_.cancel();
  ErrorCodeOf ec;
  socket_.close(ec);
  server_.metrics.levels().connections.fetch_sub(1);
  server_.connections.remove(*this);
}

void Connection::set_deadline(std::chrono::nanoseconds from_now) {
  deadline_ = std::chrono::steady_clock::now() + from_now;
  if (!timer_armed_ || deadline_ < timer_.expiry()) arm_timer();
}

/// The timer is moved on when it fires, not at every read: a deadline costs an assignment.
void Connection::arm_timer() {
  timer_armed_ = true;
  timer_.expires_at(deadline_);
  timer_.async_wait([self = shared_from_this()](const ErrorCodeOf& ec) { self->on_timer(ec); });
}

void Connection::on_timer(const ErrorCodeOf& ec) {
  if (ec || phase_ == Phase::kClosed) return;
  timer_armed_ = false;
  if (deadline_ == Time::max()) return;
  if (std::chrono::steady_clock::now() < deadline_) {
    arm_timer();
  } else {
    on_deadline();
  }
}

void Connection::on_deadline() {
  clear_deadline();
  switch (phase_) {
    case Phase::kHeader:
      set_no_route();
      [[fallthrough]];
    case Phase::kBody:
    case Phase::kChunkedBody: {
      ErrorCodeOf ec;
      socket_.cancel(ec);
      body_unread_ = true;
      refuse(make_problem(408, "request-timeout",
                          "the request did not arrive within the time-out of " +
                              std::to_string(server_.options.read_timeout_seconds) + " s"),
             Refusal::kReadTimeout);
      return;
    }
    case Phase::kContinue:
    case Phase::kWriting:
    case Phase::kStreaming:
      server_.metrics.refused(Refusal::kWriteTimeout);
      finish_request(false);
      close();
      return;
    case Phase::kIdle:
    case Phase::kDraining:
      close();
      return;
    case Phase::kHandling:
    case Phase::kWebSocket:  // has its own
    case Phase::kClosed:
      return;
  }
}

}  // namespace duramen::api
