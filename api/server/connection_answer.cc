#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <ctime>
#include <utility>

#include "api/server/connection.h"
#include "api/server/response_head.h"

namespace duramen::api {
namespace net = boost::asio;

void Connection::dispatch_request() {
  phase_ = Phase::kHandling;
  clear_deadline();
  auto deliver = [self = shared_from_this()](Response response) {
    net::post(self->socket_.get_executor(), [self, response = std::move(response)]() mutable {
      self->on_response(std::move(response));
    });
  };
  exchange_ = std::make_shared<Exchange>(std::move(deliver), std::exchange(hold_, {}));
  const auto ticket = std::make_shared<ResponderTicket>(exchange_);
  const auto request = std::make_shared<Request>(std::move(request_));
  const auto handle = [request, ticket, &router = routing_->router] {
    router.handle(std::move(*request),
                  [ticket](Response response) { ticket->answer(std::move(response)); });
  };
  if (routing_->router.routes()[route_].immediate) {
    handle();
    return;
  }
  if (server_.workers.try_run(handle)) return;
  server_.metrics.refused(Refusal::kWorkersBusy);
  Problem problem = make_problem(503, "busy", "too many requests wait for a worker");
  problem.retry_after_seconds = 1;
  ticket->answer(problem_response(problem));
}

void Connection::on_response(Response response) {
  if (phase_ != Phase::kHandling) return;
  exchange_.reset();
  if (std::holds_alternative<std::string>(response.body)) {
    write_whole(std::move(response));
  } else if (head_only_) {
    response.body = std::string();
    write_whole(std::move(response), false);
  } else if (const auto* feed = std::get_if<FeedBody>(&response.body)) {
    feed->web_socket ? start_web_socket(std::move(response)) : start_feed(std::move(response));
  } else {
    start_stream(std::move(response));
  }
}

void Connection::refuse(const Problem& problem, Refusal reason) {
  server_.metrics.refused(reason);
  refuse(problem_response(problem));
}

void Connection::refuse(Response response) {
  hold_.release();
  if (body_unread_) keep_alive_ = false;
  write_whole(std::move(response));
}

void Connection::write_whole(Response response, bool length_known) {
  phase_ = Phase::kWriting;
  keep_alive_ = keep_alive_ && !server_.stopping.load();
  status_ = response.status;
  auto body = std::get<std::string>(std::move(response.body));
  HeadOptions options;
  options.http10 = http10_;
  options.keep_alive = keep_alive_;
  if (response.status != 204 && length_known) options.content_length = body.size();
  parts_ = {response_head(response, options, std::time(nullptr)),
            head_only_ ? std::string() : std::move(body), std::string()};
  written_ = 0;
  last_chunk_ = true;
  stream_whole_ = true;
  write_parts();
}

void Connection::write_parts() {
  std::array<net::const_buffer, 3> buffers;
  std::size_t skip = written_;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const std::size_t done = std::min(skip, parts_[i].size());
    skip -= done;
    buffers[i] = net::buffer(parts_[i]) + done;
  }
  writing_ = true;
  set_deadline(seconds(server_.options.write_timeout_seconds));
  socket_.async_write_some(buffers,
                           [self = shared_from_this()](const ErrorCodeOf& ec, std::size_t bytes) {
                             self->on_written(ec, bytes);
                           });
}

void Connection::on_written(const ErrorCodeOf& ec, std::size_t bytes) {
  writing_ = false;
  server_.metrics.sent_bytes().add(bytes);
  if (phase_ != Phase::kWriting && phase_ != Phase::kStreaming) return;
  if (ec) {
    finish_request(false);
    close();
    return;
  }
  written_ += bytes;
  std::size_t total = 0;
  for (const auto& part : parts_) total += part.size();
  if (written_ < total) {
    write_parts();
    return;
  }
  clear_deadline();
  if (phase_ == Phase::kStreaming && !last_chunk_) {
    on_stream_sent();
    return;
  }
  const bool whole = stream_whole_;
  finish_request(whole);
  for (auto& part : parts_) part = std::string();
  if (whole && keep_alive_) {
    wait_for_request();
  } else {
    linger();
  }
}

void Connection::finish_request(bool whole) {
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - request_began_;
  routing_->metrics.request(route_, status_, whole, took.count());
  if (stream_) stream_->leave();
  stream_.reset();
  feed_ = FeedBody();
}

/// Closing at once would reset the connection while the client still sends, and a reset destroys
/// the answer before the client has read it: end our side, then read a bounded amount.
void Connection::linger() {
  phase_ = Phase::kDraining;
  ErrorCodeOf ec;
  socket_.shutdown(net::ip::tcp::socket::shutdown_send, ec);
  drained_ = 0;
  drain_end_ = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  ahead_.clear();
  set_deadline(std::chrono::seconds(2));
  read_more();
}

}  // namespace duramen::api
