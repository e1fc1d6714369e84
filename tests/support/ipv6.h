#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace duramen::support {

/// What a test that needs ::1 says when it skips itself (scripts/needs.txt).
inline constexpr const char* kNoIpv6 = "ipv6: this machine has no ::1";

/// Whether a program can listen on ::1 here; a kernel may know IPv6 and have no such address.
inline bool has_ipv6_loopback() {
  const int fd = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  const int bound = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  ::close(fd);
  return bound == 0;
}

}  // namespace duramen::support
