#pragma once

#include <string>
#include <string_view>

namespace duramen::support {

/// A TCP connection for what an HTTP client would never send: half a request, no request at all.
/// Threading: one thread. Blocking: up to 30 s a call.
class RawConnection {
 public:
  /// `http://127.0.0.1:5647`; connected() says whether it worked.
  explicit RawConnection(const std::string& base_url);
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;
  RawConnection(RawConnection&&) = delete;
  RawConnection& operator=(RawConnection&&) = delete;
  ~RawConnection();

  bool connected() const { return fd_ >= 0; }
  bool send(std::string_view bytes);
  /// What comes until the other side closes, or `enough` bytes.
  std::string read(std::size_t enough = 1U << 20);

 private:
  int fd_ = -1;
};

}  // namespace duramen::support
