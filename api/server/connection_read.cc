#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/string.hpp>
#include <exception>
#include <limits>

#include "api/server/connection.h"

namespace duramen::api {
namespace net = boost::asio;
namespace http = boost::beast::http;
namespace {

/// A body grows in steps of this size: what was announced and never sent takes no memory, and the
/// bytes that a string must zero are still in the cache when the kernel fills them.
constexpr std::size_t kBodyStep = 256 * 1024;
/// And begins with this one, so that many that announce much and send nothing hold little.
constexpr std::size_t kFirstBodyStep = 16 * 1024;
/// A body must arrive at least this fast on average, beyond one read time-out.
constexpr std::size_t kBodyBytesPerSecond = 16 * 1024;
constexpr std::string_view kContinueLine = "HTTP/1.1 100 Continue\r\n\r\n";

std::string view_text(boost::beast::string_view text) { return {text.data(), text.size()}; }

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

/// `http://host/path` (what proxies send) is `/path` here.
std::string_view origin_form(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (target.substr(0, scheme.size()) != scheme) continue;
    const auto slash = target.find('/', scheme.size());
    return slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
  }
  return target;
}

}  // namespace

void Connection::wait_for_request() {
  phase_ = Phase::kIdle;
  request_ = Request();
  chunked_.reset();
  header_.emplace();
  header_->header_limit(static_cast<std::uint32_t>(header_limit()));
  // Judged by accept_body(), which can say more.
  header_->body_limit(std::numeric_limits<std::uint64_t>::max());
  header_seen_ = 0;
  body_unread_ = false;
  if (!keep_alive_ && ahead_.empty()) {
    close();
    return;
  }
  set_deadline(seconds(server_.options.idle_timeout_seconds));
  advance_header();
}

void Connection::advance_header() {
  if (phase_ == Phase::kIdle) {
    // An empty line before a request is left over from an old client's body (RFC 9112, 2.2).
    ahead_.erase(0, std::min(ahead_.find_first_not_of("\r\n"), ahead_.size()));
    if (ahead_.empty()) {
      read_more();
      return;
    }
    phase_ = Phase::kHeader;
    fresh_ = false;
    request_began_ = std::chrono::steady_clock::now();
    set_deadline(seconds(server_.options.read_timeout_seconds));
  }
  ErrorCodeOf ec;
  const std::size_t parsed = header_->put(net::buffer(ahead_), ec);
  ahead_.erase(0, parsed);
  header_seen_ += parsed;
  const bool too_large =
      header_seen_ + (header_->is_header_done() ? 0 : ahead_.size()) > header_limit();
  if (too_large || ec == http::error::header_limit) {
    fail_parse(http::error::header_limit);
  } else if (ec && ec != http::error::need_more) {
    fail_parse(ec);
  } else if (header_->is_header_done()) {
    begin_request();
  } else {
    read_more();
  }
}

void Connection::read_more() {
  if (reading_) return;
  reading_ = true;
  socket_.async_read_some(net::buffer(arrived_),
                          [self = shared_from_this()](const ErrorCodeOf& ec, std::size_t bytes) {
                            self->on_read(ec, bytes);
                          });
}

void Connection::on_read(const ErrorCodeOf& ec, std::size_t bytes) {
  reading_ = false;
  server_.metrics.received_bytes().add(bytes);
  if (phase_ == Phase::kClosed) return;
  if (phase_ == Phase::kDraining) {
    on_drained(ec, bytes);
    return;
  }
  ahead_.append(arrived_.data(), bytes);
  switch (phase_) {
    case Phase::kIdle:
    case Phase::kHeader:
      if (ec) {
        close();
      } else {
        advance_header();
      }
      return;
    case Phase::kBody:
    case Phase::kChunkedBody:
      if (ec) {
        close();
      } else if (phase_ == Phase::kBody) {
        advance_body();
      } else {
        advance_chunked();
      }
      return;
    case Phase::kStreaming:
      // The client says nothing while it takes an answer: what arrives is the end of it, or
      // requests sent ahead, of which a header's worth is kept.
      if (ec) {
        client_left();
      } else if (ahead_.size() < header_limit()) {
        read_more();
      }
      return;
    default:
      return;
  }
}

/// Before anything is known of the request, and when that is all there will be.
void Connection::set_no_route() {
  routing_ = server_.routing.get();
  route_ = routing_->router.routes().size();
}

void Connection::fail_parse(const ErrorCodeOf& ec) {
  set_no_route();
  head_only_ = false;
  http10_ = false;
  body_unread_ = true;
  if (ec == http::error::header_limit) {
    const bool in_line = header_seen_ == 0;
    refuse(make_problem(in_line ? 414 : 431, in_line ? "uri-too-long" : "header-too-large",
                        std::string(in_line ? "the request line" : "the header") + " is over " +
                            std::to_string(header_limit()) + " bytes" +
                            (in_line ? "; long queries go into the body of a POST" : "")),
           Refusal::kHeaderSize);
    return;
  }
  if (ec == http::error::bad_version) {
    refuse(make_problem(505, "http-version", "this server speaks HTTP/1.1 and HTTP/1.0"),
           Refusal::kBadRequest);
    return;
  }
  refuse(make_problem(400, "bad-http", "this is no HTTP/1.1 request: " + ec.message()),
         Refusal::kBadRequest);
}

void Connection::begin_request() {
  clear_deadline();
  const auto& head = header_->get();
  http10_ = head.version() < 11;
  head_only_ = head.method() == http::verb::head;
  keep_alive_ = header_->keep_alive() && !server_.stopping.load();
  body_length_ = static_cast<std::size_t>(header_->content_length().value_or(0));
  body_have_ = 0;
  body_unread_ = header_->chunked() || body_length_ > 0;
  set_no_route();
  if (!fill_request()) return;
  RouteMatch found = routing_->router.match(request_.method, request_.path);
  if (found.refusal) {
    refuse(*std::move(found.refusal));
    return;
  }
  route_ = *found.route;
  if (!body_unread_) {
    dispatch_request();
    return;
  }
  if (!accept_body()) return;
  const auto expect = lower(view_text(head[http::field::expect]));
  if (expect == "100-continue" && !http10_ && ahead_.empty()) {
    send_continue();
  } else if (expect.empty() || expect == "100-continue") {
    start_body();
  } else {
    refuse(make_problem(417, "expectation-failed", "Expect: only 100-continue is known"),
           Refusal::kBadRequest);
  }
}

/// Turns the parsed header into a Request. False when it was refused.
bool Connection::fill_request() {
  const auto& head = header_->get();
  request_.method = view_text(head.method_string());
  request_.peer = peer_;
  for (const auto& field : head) {
    std::string& value = request_.headers[lower(view_text(field.name_string()))];
    if (!value.empty()) value += ", ";
    value += view_text(field.value());
  }
  const auto bad = [&](int status, std::string type, std::string detail) {
    refuse(make_problem(status, std::move(type), std::move(detail)), Refusal::kBadRequest);
    return false;
  };
  const auto encoding = request_.headers.find("transfer-encoding");
  if (encoding != request_.headers.end() && lower(encoding->second) != "chunked") {
    // Never guess where such a body ends: that is how requests are smuggled.
    keep_alive_ = false;
    body_unread_ = true;
    return bad(501, "transfer-encoding", "Transfer-Encoding: only chunked is known");
  }
  if (!http10_ && head.count(http::field::host) != 1) {
    return bad(400, "bad-http", "an HTTP/1.1 request has exactly one Host header");
  }
  const std::string target = view_text(head.target());
  const auto form = origin_form(target);
  if (form.empty() || (form.front() != '/' && form != "*")) {
    return bad(400, "bad-http", "the request target must be a path");
  }
  const auto question = std::min(form.find('?'), form.size());
  request_.path = std::string(form.substr(0, question));
  if (question == form.size()) return true;
  auto parameters = parse_form(form.substr(question + 1));
  if (!parameters) return bad(400, "bad-parameter", parameters.error().message);
  request_.parameters = *std::move(parameters);
  return true;
}

/// Decides from the header alone whether the body may come. False when it was refused.
bool Connection::accept_body() {
  if (body_length_ > server_.options.body_bytes) {
    refuse(make_problem(413, "body-too-large",
                        "the body has " + std::to_string(body_length_) + " bytes; the limit is " +
                            std::to_string(server_.options.body_bytes)),
           Refusal::kBodySize);
    return false;
  }
  if (!server_.bodies->has_room(body_length_)) {
    refuse_over_budget();
    return false;
  }
  // Taken as the body arrives: what was only announced must not keep others out.
  hold_ = server_.bodies->hold();
  return true;
}

void Connection::refuse_over_budget() {
  Problem problem =
      make_problem(429, "bodies-budget",
                   "request bodies of more than " + std::to_string(server_.options.bodies_bytes) +
                       " bytes are being read and handled");
  problem.retry_after_seconds = 1;
  refuse(problem, Refusal::kBodyBudget);
}

void Connection::send_continue() {
  phase_ = Phase::kContinue;
  set_deadline(seconds(server_.options.write_timeout_seconds));
  net::async_write(socket_, net::buffer(kContinueLine),
                   [self = shared_from_this()](const ErrorCodeOf& ec, std::size_t) {
                     if (self->phase_ != Phase::kContinue) return;
                     if (ec) {
                       self->close();
                     } else {
                       self->start_body();
                     }
                   });
}

void Connection::start_body() {
  body_began_ = std::chrono::steady_clock::now();
  if (header_->chunked()) {
    phase_ = Phase::kChunkedBody;
    try {
      chunked_.emplace(std::move(*header_));
    } catch (const std::exception& e) {
      refuse(make_problem(400, "bad-http", e.what()), Refusal::kBadRequest);
      return;
    }
    chunked_->body_limit(server_.options.body_bytes);
    chunked_->eager(true);
    advance_chunked();
    return;
  }
  phase_ = Phase::kBody;
  request_.body.reserve(body_length_);
  advance_body();
}

/// Takes what was read ahead, then reads on.
void Connection::advance_body() {
  const std::size_t early = std::min(ahead_.size(), body_length_ - body_have_);
  if (!grow_body(early)) return;
  std::copy_n(ahead_.data(), early, request_.body.data() + body_have_);
  ahead_.erase(0, early);
  body_have_ += early;
  if (body_have_ == body_length_) {
    body_unread_ = false;
    dispatch_request();
  } else if (too_slow()) {
    on_deadline();
  } else {
    read_body();
  }
}

/// Makes room for `bytes` at least. False when the budget has none; then the request is refused.
bool Connection::grow_body(std::size_t bytes) {
  const std::size_t step = std::clamp(body_have_, kFirstBodyStep, kBodyStep);
  const std::size_t room = request_.body.size() - body_have_;
  if (room >= std::max(bytes, step / 4)) return true;
  const std::size_t size = std::min(body_length_, body_have_ + std::max(bytes, step));
  if (!hold_.grow_to(size)) {
    refuse_over_budget();
    return false;
  }
  request_.body.resize(size);
  return true;
}

void Connection::read_body() {
  set_deadline(seconds(server_.options.read_timeout_seconds));
  if (reading_) return;  // since an answer was streamed; on_read() goes on
  if (!grow_body(1)) return;
  reading_ = true;
  socket_.async_read_some(
      net::buffer(request_.body.data() + body_have_, request_.body.size() - body_have_),
      [self = shared_from_this()](const ErrorCodeOf& ec, std::size_t bytes) {
        self->on_body(ec, bytes);
      });
}

void Connection::on_body(const ErrorCodeOf& ec, std::size_t bytes) {
  reading_ = false;
  server_.metrics.received_bytes().add(bytes);
  if (phase_ == Phase::kDraining) {
    on_drained(ec, bytes);
    return;
  }
  if (phase_ != Phase::kBody) return;
  if (ec) {
    close();
    return;
  }
  body_have_ += bytes;
  advance_body();
}

bool Connection::too_slow() const {
  const auto allowed = seconds(server_.options.read_timeout_seconds) +
                       std::chrono::seconds(body_have_ / kBodyBytesPerSecond);
  return std::chrono::steady_clock::now() - body_began_ > allowed;
}

void Connection::advance_chunked() {
  ErrorCodeOf ec;
  const std::size_t parsed = ahead_.empty() ? 0 : chunked_->put(net::buffer(ahead_), ec);
  ahead_.erase(0, parsed);
  body_have_ = chunked_->get().body().size();
  if (ec == http::error::body_limit) {
    refuse(make_problem(413, "body-too-large",
                        "the body is over the limit of " +
                            std::to_string(server_.options.body_bytes) + " bytes"),
           Refusal::kBodySize);
  } else if (ec && ec != http::error::need_more) {
    fail_parse(ec);
  } else if (!hold_.grow_to(body_have_)) {
    refuse_over_budget();
  } else if (chunked_->is_done()) {
    body_unread_ = false;
    request_.body = std::move(chunked_->get().body());
    dispatch_request();
  } else if (ahead_.size() >= header_limit()) {
    fail_parse(http::error::bad_chunk);  // a chunk extension or trailer without an end
  } else if (too_slow()) {
    on_deadline();
  } else {
    set_deadline(seconds(server_.options.read_timeout_seconds));
    read_more();
  }
}

void Connection::on_drained(const ErrorCodeOf& ec, std::size_t bytes) {
  drained_ += bytes;
  const auto now = std::chrono::steady_clock::now();
  if (ec || now > drain_end_ || drained_ > 4 * server_.options.body_bytes) {
    close();
    return;
  }
  set_deadline(std::min<std::chrono::nanoseconds>(drain_end_ - now, std::chrono::seconds(2)));
  read_more();
}

}  // namespace duramen::api
