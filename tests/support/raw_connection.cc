#include "tests/support/raw_connection.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace duramen::support {

RawConnection::RawConnection(const std::string& base_url) {
  const std::size_t from = base_url.find("//") + 2;
  const std::size_t colon = base_url.rfind(':');
  std::string host = base_url.substr(from, colon - from);
  if (host.front() == '[') host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), base_url.substr(colon + 1).c_str(), &hints, &found) != 0) return;
  fd_ = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval limit{30, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (::connect(fd_, found->ai_addr, found->ai_addrlen) != 0) {
    ::close(fd_);
    fd_ = -1;
  }
  ::freeaddrinfo(found);
}

RawConnection::~RawConnection() {
  if (fd_ >= 0) ::close(fd_);
}

// Not const: they change the connection.
// NOLINTBEGIN(readability-make-member-function-const)
bool RawConnection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

std::string RawConnection::read(std::size_t enough) {
  std::string out;
  char bytes[4096];
  while (out.size() < enough) {
    const ssize_t n = ::recv(fd_, bytes, std::min(sizeof bytes, enough - out.size()), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    out.append(bytes, static_cast<std::size_t>(n));
  }
  return out;
}
// NOLINTEND(readability-make-member-function-const)

}  // namespace duramen::support
