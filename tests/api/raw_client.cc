#include "tests/api/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace duramen::api {
namespace {

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

/// Fills `out` from `127.0.0.1:80` or `[::1]:80`; gives its size, 0 when it cannot be read.
socklen_t socket_address(const std::string& address, sockaddr_storage& out) {
  const auto colon = address.rfind(':');
  const auto port = static_cast<std::uint16_t>(std::atoi(address.c_str() + colon + 1));
  if (address.front() == '[') {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&out);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    const std::string host = address.substr(1, colon - 2);
    return inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1 ? sizeof *v6 : 0;
  }
  auto* v4 = reinterpret_cast<sockaddr_in*>(&out);
  v4->sin_family = AF_INET;
  v4->sin_port = htons(port);
  const std::string host = address.substr(0, colon);
  return inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1 ? sizeof *v4 : 0;
}

}  // namespace

RawClient::RawClient(const std::string& address, int receive_buffer) {
  sockaddr_storage storage{};
  const socklen_t size = socket_address(address, storage);
  if (size == 0) return;
  fd_ = ::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return;
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (receive_buffer > 0) {
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  }
  const timeval limit{10, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&storage), size) != 0) close();
}

RawClient::RawClient(RawClient&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), buffer_(std::move(other.buffer_)) {}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void RawClient::shutdown_send() { ::shutdown(fd_, SHUT_WR); }

void RawClient::reset() {
  const linger hard{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  close();
}

void RawClient::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

bool RawClient::fill() {
  std::array<char, 64 * 1024> bytes{};
  const auto got = ::recv(fd_, bytes.data(), bytes.size(), 0);
  if (got <= 0) return false;
  buffer_.append(bytes.data(), static_cast<std::size_t>(got));
  return true;
}

std::optional<std::string> RawClient::take_line() {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n")) == std::string::npos) {
    if (!fill()) return std::nullopt;
  }
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return line;
}

bool RawClient::take(std::size_t bytes, std::string& into) {
  while (buffer_.size() < bytes) {
    if (!fill()) break;
  }
  const std::size_t have = std::min(bytes, buffer_.size());
  into.append(buffer_, 0, have);
  buffer_.erase(0, have);
  return have == bytes;
}

void RawClient::read_chunks(RawResponse& out) {
  for (;;) {
    const auto line = take_line();
    if (!line) return;
    const auto size = std::strtoull(line->c_str(), nullptr, 16);
    if (!take(size, out.body)) return;
    if (const auto end = take_line(); !end || !end->empty()) return;
    if (size == 0) break;
  }
  out.complete = true;
}

RawResponse RawClient::read_response(bool head_only) {
  RawResponse out;
  const auto status = take_line();
  if (!status || status->size() < 12) return out;
  out.status = std::atoi(status->c_str() + 9);
  for (;;) {
    const auto line = take_line();
    if (!line) return out;
    if (line->empty()) break;
    const auto colon = line->find(':');
    out.headers[lower(line->substr(0, colon))] = line->substr(colon + 2);
  }
  const auto length = out.headers.find("content-length");
  if (head_only || out.status == 204 || out.status / 100 == 1) {
    out.complete = true;
  } else if (out.headers.count("transfer-encoding") != 0) {
    read_chunks(out);
  } else if (length != out.headers.end()) {
    out.complete = take(std::strtoull(length->second.c_str(), nullptr, 10), out.body);
  }
  return out;
}

std::string RawClient::read_some() {
  if (buffer_.empty()) fill();
  return std::exchange(buffer_, {});
}

bool RawClient::wait_for_end() {
  std::array<char, 64 * 1024> bytes{};
  for (;;) {
    const auto got = ::recv(fd_, bytes.data(), bytes.size(), 0);
    if (got == 0) return true;
    if (got < 0) return errno == ECONNRESET;
  }
}

}  // namespace duramen::api
