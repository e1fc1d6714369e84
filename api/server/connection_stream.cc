#include <algorithm>
#include <boost/asio/post.hpp>
#include <ctime>
#include <exception>

#include "api/server/connection.h"
#include "api/server/response_head.h"
#include "base/log.h"

namespace duramen::api {
namespace net = boost::asio;
namespace {

/// Rows are gathered into writes of this size, or sent after kFlushDelay.
constexpr std::size_t kFlushBytes = 64 * 1024;
constexpr std::chrono::milliseconds kFlushDelay{20};
/// HTTP/1.0 has no chunks, and a body that ends with the connection cannot be told from a cut one:
/// such answers are gathered and sent whole, up to this size.
constexpr std::size_t kHttp10Bytes = 4U << 20;

Result<void> run_producer(const BodyProducer& producer, StreamedBody& body) {
  try {
    return producer(body);
  } catch (const std::exception& e) {
    log_error("a streamed answer failed", {{"error", e.what()}});
    return Error{ErrorCode::kInternal, "the answer failed; see the server's log"};
  }
}

}  // namespace

void Connection::start_stream(Response response) {
  phase_ = Phase::kStreaming;
  clear_deadline();
  auto producer = std::get<BodyProducer>(std::move(response.body));
  stream_head_ = Response{response.status, std::move(response.headers), std::string(),
                          std::move(response.problem_of)};
  head_sent_ = false;
  const std::size_t unsent = std::max<std::size_t>(server_.options.stream_buffer_bytes, 2);
  const StreamedBody::Limits limits{http10_ ? kHttp10Bytes : unsent,
                                    std::min(kFlushBytes, unsent / 2), http10_};
  auto wake = [self = shared_from_this()](StreamedBody::Wake how) {
    net::post(self->socket_.get_executor(), [self, how] {
      if (how == StreamedBody::Wake::kNow) {
        self->pump();
      } else {
        self->flush_soon();
      }
    });
  };
  stream_ = std::make_shared<StreamedBody>(limits, std::move(wake));
  auto task = [body = stream_, producer = std::move(producer),
               &metrics = server_.metrics]() mutable {
    metrics.levels().streams.fetch_add(1);
    auto outcome = run_producer(producer, *body);
    producer = nullptr;  // what it holds is gone before the client sees the end
    metrics.levels().streams.fetch_sub(1);
    body->finish(std::move(outcome));
  };
  if (server_.streams.try_run(std::move(task))) {
    read_more();
    return;
  }
  stream_.reset();
  server_.metrics.refused(Refusal::kStreamsBusy);
  Problem problem = make_problem(503, "busy",
                                 "more than " + std::to_string(server_.options.stream_threads) +
                                     " streamed answers are being produced");
  problem.retry_after_seconds = 1;
  write_whole(problem_response(problem));
}

void Connection::pump() {
  if (phase_ != Phase::kStreaming || writing_ || !stream_) return;
  std::string bytes;
  const auto taken = stream_->take(bytes);
  if (!taken.finished && bytes.empty()) return;
  if (taken.finished && !head_sent_) {
    const bool failed = !taken.outcome.has_value();
    if (failed && (!taken.started || http10_)) {
      write_whole(problem_response(producer_problem(stream_head_, taken.outcome.error())));
      return;
    }
    if (!failed) {
      stream_head_.body = std::move(bytes);
      write_whole(std::move(stream_head_));
      return;
    }
  }
  write_chunk(std::move(bytes), taken);
}

void Connection::write_chunk(std::string bytes, const StreamedBody::Taken& taken) {
  parts_[0].clear();
  if (!head_sent_) {
    keep_alive_ = keep_alive_ && !server_.stopping.load();
    HeadOptions options;
    options.keep_alive = keep_alive_;
    options.chunked = true;
    parts_[0] = response_head(stream_head_, options, std::time(nullptr));
    status_ = stream_head_.status;
    head_sent_ = true;
  }
  if (!bytes.empty()) parts_[0] += chunk_size_line(bytes.size());
  parts_[2] = bytes.empty() ? "" : "\r\n";
  last_chunk_ = taken.finished;
  stream_whole_ = taken.finished && taken.outcome.has_value();
  if (stream_whole_) parts_[2] += "0\r\n\r\n";
  parts_[1] = std::move(bytes);
  written_ = 0;
  if (parts_[0].empty() && parts_[1].empty() && parts_[2].empty()) {
    finish_request(false);  // an abort with nothing left to send
    linger();
    return;
  }
  write_parts();
}

void Connection::on_stream_sent() {
  parts_[1].clear();
  if (feed_.feed) {
    pump_feed();
    return;
  }
  stream_->sent();
  if (stream_->finished() || stream_->waiting() >= kFlushBytes / 2) {
    pump();
  } else if (stream_->waiting() > 0) {
    flush_soon();
  }
}

void Connection::flush_soon() {
  if (phase_ != Phase::kStreaming || flush_armed_) return;
  flush_armed_ = true;
  flush_timer_.expires_after(kFlushDelay);
  flush_timer_.async_wait([self = shared_from_this()](const ErrorCodeOf& ec) {
    self->flush_armed_ = false;
    if (!ec) self->pump();
  });
}

void Connection::client_left() {
  finish_request(feed_.feed != nullptr);  // nobody takes a live answer to its end
  close();
}

}  // namespace duramen::api
