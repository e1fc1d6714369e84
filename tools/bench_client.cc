#include "tools/bench_client.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace duramen::bench {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr int kHttp11 = 11;

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
