#pragma once

#include <string>
#include <utility>

#include "base/result.h"

namespace duramen::store {

/// Holds `<directory>/lock`, so that one process at a time uses a data directory. The kernel lets
/// it go when the process ends, however it ends.
class DirectoryLock {
 public:
  /// Errors: kUnavailable (names the process that holds it, or why the file cannot be made).
  static Result<DirectoryLock> take(const std::string& directory);
  /// For a reader that writes nothing, not even the lock file: keeps writers out as long as it
  /// lives, other readers not. Without a lock file nobody ever wrote there.
  static Result<DirectoryLock> take_to_read(const std::string& directory);
  DirectoryLock(DirectoryLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;
  DirectoryLock& operator=(DirectoryLock&&) = delete;
  ~DirectoryLock();

 private:
  explicit DirectoryLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace duramen::store
