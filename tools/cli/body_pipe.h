#pragma once

#include <cstddef>
#include <deque>
#include <streambuf>
#include <string>

#include "base/mutex.h"

namespace duramen::cli {

/// Carries an answer's body from the HTTP library's thread, which writes it as a std::streambuf,
/// to the thread that reads it.
///
/// Threading: one writer, one reader. Blocking: a write waits while more than `limit` bytes are
/// unread; a read waits for bytes or for the end. Once abandon() is called writes fail at once,
/// which makes the library hang up.
class BodyPipe final : public std::streambuf {
 public:
  explicit BodyPipe(std::size_t limit) : limit_(limit) {}

  /// Some bytes; empty at the end.
  std::string read();
  /// The writer is done, with success or not.
  void finish();
  /// The reader is done.
  void abandon();

 protected:
  std::streamsize xsputn(const char* bytes, std::streamsize count) override;
  int_type overflow(int_type c) override;

 private:
  const std::size_t limit_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<std::string> chunks_ DURAMEN_GUARDED_BY(mutex_);
  std::size_t unread_ DURAMEN_GUARDED_BY(mutex_) = 0;
  bool finished_ DURAMEN_GUARDED_BY(mutex_) = false;
  bool abandoned_ DURAMEN_GUARDED_BY(mutex_) = false;
};

}  // namespace duramen::cli
