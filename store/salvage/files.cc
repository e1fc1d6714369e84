#include "store/salvage/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace duramen::store {
namespace {

Error failed(std::string_view doing, const std::string& path) {
  const int error = errno;
  const ErrorCode code = error == ENOENT ? ErrorCode::kNotFound : ErrorCode::kUnavailable;
  return {code, "cannot " + std::string(doing) + " " + path + ": " +
                    std::generic_category().message(error)};
}

/// Closes itself.
class File {
 public:
  File(const std::string& path, int flags)
      : path_(path), fd_(::open(path.c_str(), flags | O_CLOEXEC, 0640)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  File(File&&) = delete;
  File& operator=(File&&) = delete;
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  bool is_open() const { return fd_ >= 0; }
  int fd() const { return fd_; }

  Result<void> write_at(std::uint64_t at, std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto n = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(at));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return failed("write", path_);
      bytes.remove_prefix(static_cast<std::size_t>(n));
      at += static_cast<std::uint64_t>(n);
    }
    return {};
  }
  /// Less at the end of the file.
  Result<std::string> read_at(std::uint64_t at, std::size_t size) const {
    std::string content(size, '\0');
    std::size_t had = 0;
    while (had < content.size()) {
      const auto n =
          ::pread(fd_, content.data() + had, content.size() - had, static_cast<off_t>(at + had));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return failed("read", path_);
      if (n == 0) break;  // cut meanwhile
      had += static_cast<std::size_t>(n);
    }
    content.resize(had);
    return content;
  }
  Result<void> sync() const {
    if (::fsync(fd_) != 0) return failed("sync", path_);
    return {};
  }

 private:
  std::string path_;
  int fd_;
};

Result<void> sync_directory_of(const std::string& path) {
  const File directory(std::filesystem::path(path).parent_path(), O_RDONLY | O_DIRECTORY);
  if (!directory.is_open()) return failed("open the directory of", path);
  return directory.sync();
}

Result<void> write_whole(const std::string& path, std::string_view content) {
  const File file(path, O_WRONLY | O_CREAT | O_TRUNC);
  if (!file.is_open()) return failed("create", path);
  DURAMEN_TRY_VOID(file.write_at(0, content));
  return file.sync();
}

Result<std::uint64_t> size_of(const File& file, const std::string& path) {
  struct stat status {};
  if (::fstat(file.fd(), &status) != 0) return failed("look at", path);
  return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  const File file(path, O_RDONLY);
  if (!file.is_open()) return failed("open", path);
  DURAMEN_TRY(const std::uint64_t size, size_of(file, path));
  return file.read_at(0, size);
}

Result<FileEnds> read_ends(const std::string& path, std::size_t head, std::size_t tail) {
  const File file(path, O_RDONLY);
  if (!file.is_open()) return failed("open", path);
  DURAMEN_TRY(const std::uint64_t size, size_of(file, path));
  FileEnds ends;
  ends.size = size;
  DURAMEN_TRY(ends.head, file.read_at(0, std::min<std::uint64_t>(head, size)));
  const std::uint64_t at = size - std::min<std::uint64_t>(tail, size);
  DURAMEN_TRY(ends.tail, file.read_at(at, size - at));
  return ends;
}

Result<std::string> read_part(const std::string& path, std::uint64_t at, std::size_t size) {
  const File file(path, O_RDONLY);
  if (!file.is_open()) return failed("open", path);
  return file.read_at(at, size);
}

Result<void> replace_file(const std::string& path, std::string_view content) {
  const std::string aside = path + ".new";
  if (auto written = write_whole(aside, content); !written) {
    ::unlink(aside.c_str());  // a full disk
    return written;
  }
  if (::rename(aside.c_str(), path.c_str()) != 0) return failed("replace", path);
  return sync_directory_of(path);
}

Result<void> remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return failed("remove", path);
  return sync_directory_of(path);
}

Result<void> append_to_file(const std::string& path, std::string_view text) {
  const File file(path, O_WRONLY | O_CREAT);
  if (!file.is_open()) return failed("open", path);
  DURAMEN_TRY(const std::uint64_t size, size_of(file, path));
  DURAMEN_TRY_VOID(file.write_at(size, text));
  DURAMEN_TRY_VOID(file.sync());
  return sync_directory_of(path);
}

Result<void> overwrite(const std::string& path, std::uint64_t at, std::string_view bytes) {
  const File file(path, O_WRONLY);
  if (!file.is_open()) return failed("open", path);
  DURAMEN_TRY_VOID(file.write_at(at, bytes));
  return file.sync();
}

}  // namespace duramen::store
