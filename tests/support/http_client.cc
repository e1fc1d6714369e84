#include "tests/support/http_client.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cctype>
#include <chrono>
#include <limits>

namespace duramen::support {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

std::string HttpAnswer::header(std::string_view name) const {
  const auto at = headers.find(name);
  return at == headers.end() ? std::string() : at->second;
}

namespace {

struct Address {
  std::string host;  ///< without brackets
  std::string port;
  std::string authority;
};

Result<Address> parse_url(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  const Error bad{ErrorCode::kInvalidArgument, "not a URL of a daemon: " + std::string(url)};
  if (url.substr(0, kScheme.size()) != kScheme) return bad;
  url.remove_prefix(kScheme.size());
  url = url.substr(0, url.find('/'));
  const std::size_t colon = url.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return bad;
  std::string_view host = url.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return Address{std::string(host), std::string(url.substr(colon + 1)), std::string(url)};
}

Error to_error(const beast::error_code& code, std::string_view doing) {
  ErrorCode kind = ErrorCode::kDataLoss;
  if (code == beast::error::timeout) kind = ErrorCode::kDeadlineExceeded;
  if (code == asio::error::connection_refused) kind = ErrorCode::kUnavailable;
  return {kind, std::string(doing) + ": " + code.message()};
}

}  // namespace

struct HttpStream::State {
  explicit State(TimeNs time_limit) : timeout(time_limit), stream(context) {
    parser.body_limit(std::numeric_limits<std::uint64_t>::max());
    parser.header_limit(1U << 20);
  }

  /// Runs one asynchronous operation to its end, which has a deadline that a blocking one lacks.
  template <class Start>
  beast::error_code run(Start start) {
    beast::error_code result;
    stream.expires_after(std::chrono::nanoseconds(timeout));
    start([&result](const beast::error_code& code, auto&&...) { result = code; });
    context.restart();
    context.run();
    return result;
  }

  TimeNs timeout;
  asio::io_context context{1};
  beast::tcp_stream stream;
  beast::flat_buffer buffer;
  http::response_parser<http::buffer_body> parser;
  HttpAnswer head;
};

HttpStream::HttpStream(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpStream::~HttpStream() = default;

const HttpAnswer& HttpStream::head() const { return state_->head; }

Result<std::unique_ptr<HttpStream>> HttpStream::open(const std::string& base_url,
                                                     const std::string& method,
                                                     const std::string& target,
                                                     const std::string& body,
                                                     const HttpHeaders& headers, TimeNs timeout) {
  DURAMEN_TRY(const Address address, parse_url(base_url));
  auto state = std::make_unique<State>(timeout);
  State& s = *state;
  beast::error_code code;
  const auto host = asio::ip::make_address(address.host, code);
  if (code) return Error{ErrorCode::kInvalidArgument, "not an address: " + address.host};
  const auto port = static_cast<std::uint16_t>(std::stoul(address.port));
  const asio::ip::tcp::endpoint endpoint(host, port);
  code = s.run([&](auto done) { s.stream.async_connect(endpoint, std::move(done)); });
  if (code) return to_error(code, "connect to " + base_url);

  http::request<http::string_body> request;
  request.version(11);
  request.method_string(method);
  request.target(target);
  request.set(http::field::host, address.authority);
  for (const auto& [name, value] : headers) request.insert(name, value);
  request.body() = body;
  request.prepare_payload();
  code = s.run([&](auto done) { http::async_write(s.stream, request, std::move(done)); });
  // A server that refuses a body early has answered all the same: the answer says why.
  const beast::error_code written = code;
  s.parser.skip(method == "HEAD");
  code = s.run(
      [&](auto done) { http::async_read_header(s.stream, s.buffer, s.parser, std::move(done)); });
  if (code) return to_error(written ? written : code, method + " " + target);
  s.head.status = static_cast<int>(s.parser.get().result_int());
  for (const auto& field : s.parser.get()) {
    std::string name(field.name_string());
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    s.head.headers[name] = std::string(field.value());
  }
  return std::unique_ptr<HttpStream>(new HttpStream(std::move(state)));
}

Result<std::optional<std::string>> HttpStream::read_some() {
  State& s = *state_;
  while (!s.parser.is_done()) {
    std::string bytes(16 * 1024, '\0');
    auto& body = s.parser.get().body();
    body.data = bytes.data();
    body.size = bytes.size();
    body.more = true;
    beast::error_code code = s.run(
        [&](auto done) { http::async_read_some(s.stream, s.buffer, s.parser, std::move(done)); });
    if (code == http::error::need_buffer) code = {};
    if (code) return to_error(code, "read the answer");
    bytes.resize(bytes.size() - body.size);
    if (!bytes.empty()) return std::optional(std::move(bytes));
  }
  return std::optional<std::string>();
}

void HttpStream::abort() {
  beast::error_code ignored;
  auto& socket = state_->stream.socket();
  socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

Result<HttpAnswer> HttpClient::request(const std::string& method, const std::string& target,
                                       const std::string& body, const HttpHeaders& headers) const {
  DURAMEN_TRY(const auto stream,
              HttpStream::open(base_url_, method, target, body, headers, timeout_));
  HttpAnswer answer = stream->head();
  while (true) {
    DURAMEN_TRY(auto bytes, stream->read_some());
    if (!bytes) return answer;
    answer.body += *bytes;
  }
}

std::string url_encode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && (std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' || c == '~')) {
      out += c;
    } else {
      out += '%';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
  return out;
}

}  // namespace duramen::support
