#include "index/files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

namespace duramen::index {
namespace {

Error failure(std::string_view what, const std::string& path) {
  const int error = errno;
  const bool lost = error == ENOENT || error == EIO || error == EISDIR || error == ENOTDIR;
  return {lost ? ErrorCode::kDataLoss : ErrorCode::kUnavailable,
          std::string(what) + " " + path + ": " +
              std::error_code(error, std::generic_category()).message()};
}

/// Writing has no lost files, only disks that do not take them.
Result<void> as_unavailable(Result<void> result) {
  if (result) return result;
  return Error{ErrorCode::kUnavailable, result.error().message};
}

}  // namespace

Result<File> File::open_to_read(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failure("open", path);
  return File(fd);
}

Result<File> File::create(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return Error{ErrorCode::kUnavailable, failure("create", path).message};
  return File(fd);
}

Result<File> File::in_memory() {
  const int fd = ::memfd_create("duramen-index", MFD_CLOEXEC);
  if (fd < 0) return failure("create", "a file in memory");
  return File(fd);
}

Result<File> File::duplicate() const {
  const int fd = ::fcntl(fd_, F_DUPFD_CLOEXEC, 0);
  if (fd < 0) return failure("duplicate", "an open file");
  File file(fd);
  if (::lseek(fd, 0, SEEK_SET) != 0) return failure("seek in", "an open file");
  return file;
}

File::~File() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::uint64_t> File::size() const {
  struct stat status {};
  if (::fstat(fd_, &status) != 0) return failure("stat", "an open file");
  return static_cast<std::uint64_t>(status.st_size);
}

Result<std::string> File::read(std::uint64_t offset, std::size_t size) const {
  std::string out(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const ssize_t n =
        ::pread(fd_, out.data() + have, size - have, static_cast<off_t>(offset + have));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failure("read", "an open file");
    if (n == 0) return Error{ErrorCode::kDataLoss, "a file is cut off"};
    have += static_cast<std::size_t>(n);
  }
  return out;
}

Result<void> File::append(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return as_unavailable(failure("write", "an open file"));
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Result<void> File::sync() const {
  if (::fsync(fd_) != 0) return as_unavailable(failure("sync", "an open file"));
  return {};
}

Result<std::string> read_file(const std::string& path, std::uint64_t most) {
  DURAMEN_TRY(const auto file, File::open_to_read(path));
  DURAMEN_TRY(const auto size, file.size());
  if (size > most) return Error{ErrorCode::kDataLoss, path + ": larger than it can be"};
  return file.read(0, static_cast<std::size_t>(size));
}

Result<std::uint64_t> file_size(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return failure("stat", path);
  return static_cast<std::uint64_t>(status.st_size);
}

Result<void> replace_file(const std::string& path, std::string_view bytes) {
  const std::string temporary = path + ".tmp";
  {
    DURAMEN_TRY(const auto file, File::create(temporary));
    DURAMEN_TRY_VOID(file.append(bytes));
    DURAMEN_TRY_VOID(file.sync());
  }
  return rename_file(temporary, path);
}

Result<void> link_file(const std::string& from, const std::string& to) {
  if (::link(from.c_str(), to.c_str()) == 0) return {};
  const bool no_links = errno == EPERM || errno == EXDEV || errno == EOPNOTSUPP || errno == EMLINK;
  if (!no_links) {
    const Error error = failure("link", from);
    // Only a file that is not there is lost; one that cannot get a second name is not.
    return ::access(from.c_str(), F_OK) == 0 ? as_unavailable(error) : error;
  }
  std::error_code error;
  std::filesystem::copy_file(from, to, error);
  if (!error) return {};
  return Error{ErrorCode::kUnavailable, "copy " + from + " to " + to + ": " + error.message()};
}

Result<void> rename_file(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return as_unavailable(failure("rename", from));
  return {};
}

Result<void> sync_directory(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return as_unavailable(failure("open", path));
  const int failed = ::fsync(fd);
  const Error error = failure("sync", path);
  ::close(fd);
  if (failed != 0) return as_unavailable(error);
  return {};
}

Result<void> ensure_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0777) == 0 || errno == EEXIST) return {};
  return as_unavailable(failure("make", path));
}

Result<void> remove_file(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return as_unavailable(failure("remove", path));
}

}  // namespace duramen::index
