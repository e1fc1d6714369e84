#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace duramen::cli {

/// Buffered text to a file descriptor, quiet when nobody reads it any more.
///
/// A reader that goes away (`duramen query … | head -1`) is no fault: write() then gives
/// kCancelled, closed() is true, and the program ends with success. SIGPIPE must be ignored by the
/// process. What is buffered goes out at 64 KiB, 100 ms after the last write to the descriptor, and
/// at flush(). Threading: one thread. Ownership: the descriptor stays the caller's.
class Output {
 public:
  explicit Output(int descriptor);

  Result<void> write(std::string_view text);
  Result<void> flush();
  /// `text` and a line end, flushed.
  Result<void> line(std::string_view text);
  bool is_terminal() const { return terminal_; }
  bool closed() const { return closed_; }

 private:
  int descriptor_;
  bool terminal_;
  bool closed_ = false;
  std::string buffer_;
  std::chrono::steady_clock::time_point flushed_;
};

/// Columns of the terminal behind `descriptor`; 80 where it cannot be known.
int terminal_width(int descriptor);

}  // namespace duramen::cli
