#include "tools/bench/client.h"

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cstdint>
#include <limits>

namespace duramen::bench {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr int kHttp11 = 11;
constexpr std::size_t kPieceBytes = 64 * 1024;

Error failed(const char* what, const boost::system::error_code& code) {
  return {ErrorCode::kUnavailable, std::string(what) + ": " + code.message()};
}

}  // namespace

struct HttpConnection::Socket {
  asio::io_context io;
  asio::ip::tcp::socket tcp{io};
  beast::flat_buffer buffer;
  std::string host;
};

HttpConnection::HttpConnection(std::unique_ptr<Socket> socket) : socket_(std::move(socket)) {}
HttpConnection::HttpConnection(HttpConnection&&) noexcept = default;
HttpConnection& HttpConnection::operator=(HttpConnection&&) noexcept = default;
HttpConnection::~HttpConnection() = default;

Result<HttpConnection> HttpConnection::open(const std::string& host, const std::string& port) {
  auto socket = std::make_unique<Socket>();
  socket->host = host + ":" + port;
  boost::system::error_code code;
  asio::ip::tcp::resolver resolver(socket->io);
  const auto found = resolver.resolve(host, port, code);
  if (code) return failed("resolve", code);
  asio::connect(socket->tcp, found, code);
  if (code) return failed("connect", code);
  socket->tcp.set_option(asio::ip::tcp::no_delay(true), code);
  return HttpConnection(std::move(socket));
}

template <class Request>
Result<HttpAnswer> HttpConnection::exchange(const Request& request) {
  boost::system::error_code code;
  http::write(socket_->tcp, request, code);
  if (code) return failed("send", code);
  http::response<http::string_body> response;
  http::read(socket_->tcp, socket_->buffer, response, code);
  if (code) return failed("receive", code);
  return HttpAnswer{static_cast<int>(response.result_int()), std::move(response.body())};
}

Result<HttpAnswer> HttpConnection::get(const std::string& target) {
  http::request<http::empty_body> request(http::verb::get, target, kHttp11);
  request.set(http::field::host, socket_->host);
  return exchange(request);
}

Result<int> HttpConnection::get(const std::string& target,
                                const std::function<void(std::string_view)>& take) {
  http::request<http::empty_body> request(http::verb::get, target, kHttp11);
  request.set(http::field::host, socket_->host);
  boost::system::error_code code;
  http::write(socket_->tcp, request, code);
  if (code) return failed("send", code);
  http::response_parser<http::buffer_body> parser;
  // Not boost::none: Beast of Boost 1.74 takes that for less than any length.
  parser.body_limit(std::numeric_limits<std::uint64_t>::max());
  http::read_header(socket_->tcp, socket_->buffer, parser, code);
  if (code) return failed("receive", code);
  std::array<char, kPieceBytes> piece{};
  while (!parser.is_done()) {
    auto& body = parser.get().body();
    body.data = piece.data();
    body.size = piece.size();
    http::read(socket_->tcp, socket_->buffer, parser, code);
    if (code && code != http::error::need_buffer) return failed("receive", code);
    take({piece.data(), piece.size() - body.size});
  }
  return static_cast<int>(parser.get().result_int());
}

Result<HttpAnswer> HttpConnection::post(const std::string& target, std::string_view content_type,
                                        std::string_view body) {
  http::request<http::span_body<const char>> request(http::verb::post, target, kHttp11);
  request.set(http::field::host, socket_->host);
  request.set(http::field::content_type,
              beast::string_view(content_type.data(), content_type.size()));
  request.body() = beast::span<const char>(body.data(), body.size());
  request.prepare_payload();
  return exchange(request);
}

}  // namespace duramen::bench
