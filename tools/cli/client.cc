#include "tools/cli/client.h"

#include <cpprest/http_client.h>
#include <cpprest/interopstream.h>

#include <algorithm>
#include <charconv>
#include <ostream>
#include <utility>

#include "model/tokens.h"
#include "tools/cli/body_pipe.h"

namespace duramen::cli {
namespace {

namespace rest = web::http;

constexpr std::size_t kBufferBytes = 64U << 20;
constexpr std::size_t kAnswerBytes = 256U << 20;

/// cpprestsdk resolves the host as it stands in the URL; an IPv6 address in brackets has to lose
/// them, while the Host header keeps them.
struct Address {
  web::uri uri;
  std::string host_header;
};

Error bad_url(const std::string& server, const std::string& reason) {
  return {ErrorCode::kInvalidArgument,
          "the server URL '" + server + "' " + reason +
              " (for example http://127.0.0.1:5647 or http://[::1]:5647)"};
}

Result<Address> parse_address(const std::string& server) {
  try {
    const web::uri given(server);
    if (given.scheme() != "http" && given.scheme() != "https") {
      return bad_url(server, "must begin with http:// or https://");
    }
    if (given.host().empty()) return bad_url(server, "names no host");
    Address address{given, given.host()};
    if (given.port() > 0) address.host_header += ":" + std::to_string(given.port());
    if (given.host().front() == '[') {
      web::uri_builder builder(given);
      builder.set_host(given.host().substr(1, given.host().size() - 2));
      address.uri = builder.to_uri();
    }
    return address;
  } catch (const std::exception& e) {
    return bad_url(server, "cannot be read");
  }
}

class RestClient final : public Client {
 public:
  RestClient(std::string server, std::string token, Address address)
      : server_(std::move(server)), token_(std::move(token)), address_(std::move(address)) {}

  Result<HttpReply> call(const HttpRequest& request) override {
    std::string body;
    auto reply = exchange(request, [&](int, BodyPipe& pipe) { return take_whole(pipe, body); });
    if (reply) reply->body = std::move(body);
    return reply;
  }

  Result<HttpReply> call_with_reader(const HttpRequest& request, const BodyReader& read) override {
    std::string body;
    auto reply = exchange(request, [&](int status, BodyPipe& pipe) -> Result<bool> {
      if (status < 200 || status > 299) return take_whole(pipe, body);
      DURAMEN_TRY_VOID(read([&pipe] { return pipe.read(); }));
      return true;
    });
    if (reply) reply->body = std::move(body);
    return reply;
  }

  Result<HttpReply> call_by_lines(const HttpRequest& request, const LineTaker& take) override {
    std::string rest;
    const auto take_chunk = [&](int status, const std::string& chunk) -> Result<bool> {
      if (rest.size() + chunk.size() > kAnswerBytes) {
        return Error{ErrorCode::kOutOfRange, "a line of the answer is longer than 256 MiB"};
      }
      rest += chunk;
      if (status < 200 || status > 299) return true;
      DURAMEN_TRY(const bool more, take_lines(rest, take));
      if (request.on_pause) DURAMEN_TRY_VOID(request.on_pause());
      return more;
    };
    DURAMEN_TRY(auto reply, exchange(request, [&](int status, BodyPipe& pipe) {
                  return each_chunk(
                      pipe, [&](const std::string& chunk) { return take_chunk(status, chunk); });
                }));
    if (!reply.ok()) {
      reply.body = std::move(rest);
    } else if (!rest.empty()) {
      DURAMEN_TRY_VOID(take(rest));
    }
    return reply;
  }

  const std::string& server() const override { return server_; }

 private:
  /// Takes a body. False: enough, hang up.
  using BodyTaker = std::function<Result<bool>(int status, BodyPipe& pipe)>;

  static Result<bool> each_chunk(BodyPipe& pipe,
                                 const std::function<Result<bool>(const std::string&)>& take) {
    for (std::string chunk = pipe.read(); !chunk.empty(); chunk = pipe.read()) {
      DURAMEN_TRY(const bool more, take(chunk));
      if (!more) return false;
    }
    return true;
  }

  static Result<bool> take_whole(BodyPipe& pipe, std::string& body) {
    return each_chunk(pipe, [&body](const std::string& chunk) -> Result<bool> {
      if (body.size() + chunk.size() > kAnswerBytes) {
        return Error{ErrorCode::kOutOfRange, "the answer is longer than 256 MiB"};
      }
      body += chunk;
      return true;
    });
  }

  static Result<bool> take_lines(std::string& text, const LineTaker& take) {
    std::size_t begin = 0;
    bool more = true;
    for (std::size_t end = 0; more && (end = text.find('\n', begin)) != std::string::npos;) {
      DURAMEN_TRY(more, take(std::string_view(text).substr(begin, end - begin)));
      begin = end + 1;
    }
    text.erase(0, more ? begin : text.size());
    return more;
  }

  rest::http_request make_request(const HttpRequest& request) const {
    rest::http_request out(request.method);
    out.set_request_uri(request.target);
    out.headers().add("Host", address_.host_header);
    out.headers().add("User-Agent", "duramen");
    for (const auto& [name, value] : request.headers) out.headers().add(name, value);
    if (!token_.empty()) out.headers().add("Authorization", "Bearer " + token_);
    if (!request.body.empty() || request.method == "POST") {
      const auto type = request.headers.find("content-type");
      out.set_body(request.body,
                   type == request.headers.end() ? "application/octet-stream" : type->second);
    }
    return out;
  }

  rest::client::http_client& connection(std::chrono::seconds timeout) {
    if (client_ == nullptr || timeout != timeout_) {
      rest::client::http_client_config config;
      config.set_timeout(timeout);
      client_ = std::make_unique<rest::client::http_client>(address_.uri, config);
      timeout_ = timeout;
    }
    return *client_;
  }

  static HttpReply reply_of(const rest::http_response& response) {
    HttpReply reply;
    reply.status = response.status_code();
    for (const auto& [name, value] : response.headers()) reply.headers[model::folded(name)] = value;
    return reply;
  }

  /// The one place that calls cpprestsdk and catches what it throws.
  Result<HttpReply> exchange(const HttpRequest& request, const BodyTaker& take) {
    BodyPipe pipe(kBufferBytes);
    std::ostream sink(&pipe);
    bool answered = false;
    Result<bool> taken = true;
    pplx::cancellation_token_source hang_up;
    try {
      rest::http_request out = make_request(request);
      out.set_response_stream(concurrency::streams::stdio_ostream<std::uint8_t>(sink));
      const rest::http_response response =
          connection(request.timeout).request(out, hang_up.get_token()).get();
      answered = true;
      // Ends the pipe when the body is complete or broken; `ready` tells which.
      auto ready = response.content_ready().then([&pipe](pplx::task<rest::http_response> done) {
        pipe.finish();
        return done;
      });
      taken = take(response.status_code(), pipe);
      pipe.abandon();
      if (!taken || !*taken) hang_up.cancel();
      wait_for(ready, taken.has_value() && *taken);
      if (!taken) return std::move(taken).error();
      return reply_of(response);
    } catch (const rest::http_exception& e) {
      return failure(e, answered);
    } catch (const std::exception& e) {
      return Error{ErrorCode::kUnavailable, server_ + ": " + e.what()};
    }
  }

  /// After the taker had enough, the hang-up shows as an error of the library: not ours.
  void wait_for(pplx::task<rest::http_response>& ready, bool wanted_all) {
    try {
      ready.get();
    } catch (const std::exception&) {
      client_.reset();
      if (wanted_all) throw;
    }
  }

  Error failure(const rest::http_exception& e, bool answered) {
    client_.reset();
    std::string what = e.what();
    if (e.error_code() == std::errc::timed_out) {
      return {ErrorCode::kDeadlineExceeded, "no answer from " + server_ + " in time"};
    }
    if (answered) {
      return {ErrorCode::kDataLoss, "the answer of " + server_ + " broke off (" + what + ")"};
    }
    const bool no_connection =
        what.starts_with("Failed to connect") || what.starts_with("Error resolving");
    if (no_connection) {
      return {ErrorCode::kUnavailable,
              "no daemon answers at " + server_ + " (" + what +
                  "); start one with 'duramend', or name another with --server or DURAMEN_URL"};
    }
    return {ErrorCode::kUnavailable, "the connection to " + server_ + " failed (" + what + ")"};
  }

  const std::string server_;
  const std::string token_;
  const Address address_;
  std::unique_ptr<rest::client::http_client> client_;
  std::chrono::seconds timeout_{0};
};

}  // namespace

std::string_view HttpReply::header(std::string_view name) const {
  const auto at = headers.find(name);
  return at == headers.end() ? std::string_view() : std::string_view(at->second);
}

std::optional<std::chrono::seconds> HttpReply::retry_after() const {
  const std::string_view text = header("retry-after");
  int seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || seconds < 0) return std::nullopt;
  return std::chrono::seconds(seconds);
}

Result<std::unique_ptr<Client>> Client::open(const std::string& server, const std::string& token) {
  DURAMEN_TRY(auto address, parse_address(server));
  return std::unique_ptr<Client>(std::make_unique<RestClient>(server, token, std::move(address)));
}

}  // namespace duramen::cli
