#include "tests/tools/cli_fake_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace duramen::support {
namespace {

int listen_on(const std::string& host, int& port) {
  const bool six = host.find(':') != std::string::npos;
  const int socket = ::socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return -1;
  sockaddr_storage address{};
  socklen_t size = six ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  if (six) {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(address);
    v6.sin6_family = AF_INET6;
    ::inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr);
  } else {
    auto& v4 = reinterpret_cast<sockaddr_in&>(address);
    v4.sin_family = AF_INET;
    ::inet_pton(AF_INET, host.c_str(), &v4.sin_addr);
  }
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  if (::bind(socket, plain, size) != 0 || ::listen(socket, 16) != 0 ||
      ::getsockname(socket, plain, &size) != 0) {
    ::close(socket);
    return -1;
  }
  port = ntohs(six ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                   : reinterpret_cast<sockaddr_in&>(address).sin_port);
  return socket;
}

/// Reads on until `text` has `wanted` bytes. False at the end of the connection.
bool read_up_to(int socket, std::string& text, std::size_t wanted) {
  char buffer[65536];
  while (text.size() < wanted) {
    const ssize_t n = ::recv(socket, buffer, sizeof buffer, 0);
    if (n <= 0) return false;
    text.append(buffer, static_cast<std::size_t>(n));
  }
  return true;
}

std::size_t body_size(std::string head) {
  std::transform(head.begin(), head.end(), head.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const std::size_t at = head.find("content-length:");
  return at == std::string::npos ? 0 : std::strtoul(head.c_str() + at + 15, nullptr, 10);
}

}  // namespace

FakeServer::FakeServer(Script script, const std::string& host) : script_(std::move(script)) {
  int port = 0;
  listener_ = listen_on(host, port);
  if (listener_ < 0) return;
  const bool six = host.find(':') != std::string::npos;
  url_ = "http://" + (six ? "[" + host + "]" : host) + ":" + std::to_string(port);
  thread_ = std::thread([this] { serve(); });
}

FakeServer::~FakeServer() {
  stop_ = true;
  if (listener_ < 0) return;
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  {
    const MutexLock lock(mutex_);
    for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
  }
  for (std::thread& connection : connections_) connection.join();
  const MutexLock lock(mutex_);
  for (const int socket : sockets_) ::close(socket);
  ::close(listener_);
}

void FakeServer::serve() {
  while (!stop_) {
    const int socket = ::accept(listener_, nullptr, nullptr);
    if (socket < 0) continue;
    {
      const MutexLock lock(mutex_);
      sockets_.push_back(socket);
    }
    connections_.emplace_back([this, socket] {
      serve_connection(socket);
      ::shutdown(socket, SHUT_RDWR);
    });
  }
}

void FakeServer::serve_connection(int socket) {
  std::string text;
  while (!stop_) {
    std::size_t head_end = std::string::npos;
    while ((head_end = text.find("\r\n\r\n")) == std::string::npos) {
      if (!read_up_to(socket, text, text.size() + 1)) return;
    }
    Seen request{text.substr(0, head_end), {}};
    const std::size_t size = body_size(request.head);
    if (!read_up_to(socket, text, head_end + 4 + size)) return;
    request.body = text.substr(head_end + 4, size);
    text.erase(0, head_end + 4 + size);
    const std::size_t begin = request.head.find(' ') + 1;
    const std::string path =
        request.head.substr(begin, request.head.find_first_of(" ?", begin) - begin);
    std::string bytes;
    {
      const MutexLock lock(mutex_);
      seen_.push_back(std::move(request));
      bytes = next_answer(path);
    }
    ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    const bool complete =
        bytes.ends_with("0\r\n\r\n") || bytes.find("Content-Length") != std::string::npos;
    if (!complete) return;
  }
}

std::string FakeServer::next_answer(const std::string& path) {
  const auto& answers = script_[path];
  if (answers.empty()) return answer("404 Not Found", "{}");
  const std::size_t at = std::min(used_[path]++, answers.size() - 1);
  return answers[at];
}

std::vector<FakeServer::Seen> FakeServer::seen() {
  const MutexLock lock(mutex_);
  return seen_;
}

std::string FakeServer::answer(const std::string& status, const std::string& body,
                               const std::string& headers) {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         headers + "\r\n" + body;
}

std::string FakeServer::chunked(const std::vector<std::string>& chunks, bool whole) {
  std::string out = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string& chunk : chunks) {
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", chunk.size());
    out += size + chunk + "\r\n";
  }
  return whole ? out + "0\r\n\r\n" : out;
}

}  // namespace duramen::support
