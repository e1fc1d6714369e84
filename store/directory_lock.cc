#include "store/directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace duramen::store {
namespace {

std::string reason(int error) { return std::error_code(error, std::generic_category()).message(); }

std::string holder(int fd) {
  std::array<char, 32> text{};
  const ssize_t n = pread(fd, text.data(), text.size() - 1, 0);
  std::string pid(text.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
  while (!pid.empty() && pid.back() == '\n') pid.pop_back();
  return pid.empty() ? "another process" : "process " + pid;
}

Error in_use(const std::string& directory, int fd) {
  return {ErrorCode::kUnavailable, "the data directory " + directory + " is in use by " +
                                       holder(fd) + ": stop it, or choose another with --data-dir"};
}

}  // namespace

Result<DirectoryLock> DirectoryLock::take(const std::string& directory) {
  const std::string path = directory + "/lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) {
    return Error{ErrorCode::kUnavailable, "cannot write to " + directory + ": " + reason(errno)};
  }
  DirectoryLock lock(fd);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    return in_use(directory, fd);
  }
  const std::string pid = std::to_string(getpid()) + "\n";
  if (ftruncate(fd, 0) != 0 || pwrite(fd, pid.data(), pid.size(), 0) < 0) {
    return Error{ErrorCode::kUnavailable, "cannot write " + path + ": " + reason(errno)};
  }
  return lock;
}

Result<DirectoryLock> DirectoryLock::take_to_read(const std::string& directory) {
  const int fd = ::open((directory + "/lock").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return DirectoryLock(-1);
  if (fd < 0) {
    return Error{ErrorCode::kUnavailable, "cannot read in " + directory + ": " + reason(errno)};
  }
  DirectoryLock lock(fd);
  if (flock(fd, LOCK_SH | LOCK_NB) != 0) return in_use(directory, fd);
  return lock;
}

DirectoryLock::~DirectoryLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace duramen::store
