#include "tools/cli/output.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace duramen::cli {
namespace {

constexpr std::size_t kBufferBytes = 64 * 1024;
constexpr std::chrono::milliseconds kFlushAfter{100};

}  // namespace

Output::Output(int descriptor)
    : descriptor_(descriptor),
      terminal_(isatty(descriptor) == 1),
      flushed_(std::chrono::steady_clock::now()) {}

Result<void> Output::write(std::string_view text) {
  if (closed_) return Error{ErrorCode::kCancelled, "the reader of the output went away"};
  buffer_.append(text);
  if (buffer_.size() < kBufferBytes && std::chrono::steady_clock::now() - flushed_ < kFlushAfter) {
    return {};
  }
  return flush();
}

Result<void> Output::flush() {
  std::size_t done = 0;
  while (done < buffer_.size() && !closed_) {
    const ssize_t n = ::write(descriptor_, buffer_.data() + done, buffer_.size() - done);
    if (n >= 0) {
      done += static_cast<std::size_t>(n);
    } else if (errno == EAGAIN) {
      pollfd ready{descriptor_, POLLOUT, 0};
      ::poll(&ready, 1, -1);
    } else if (errno == EPIPE) {
      closed_ = true;
    } else if (errno != EINTR) {
      const std::string reason = std::system_category().message(errno);
      buffer_.clear();
      return Error{ErrorCode::kUnavailable, "cannot write the output: " + reason};
    }
  }
  buffer_.clear();
  flushed_ = std::chrono::steady_clock::now();
  if (closed_) return Error{ErrorCode::kCancelled, "the reader of the output went away"};
  return {};
}

Result<void> Output::line(std::string_view text) {
  buffer_.append(text);
  buffer_.push_back('\n');
  return flush();
}

int terminal_width(int descriptor) {
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace duramen::cli
