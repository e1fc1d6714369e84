#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

// Files as the index needs them. Everything blocks on the disk.
// Errors: kDataLoss (a file is missing, too short or unreadable: what is derived can be made
// again), kUnavailable (no descriptors, no memory, no space, no permission: later it may work).

namespace duramen::index {

/// An open file descriptor. Threading: const methods from any thread.
class File {
 public:
  static Result<File> open_to_read(const std::string& path);
  /// Truncates what is there.
  static Result<File> create(const std::string& path);
  /// Without a name, in memory; gone with its last descriptor.
  static Result<File> in_memory();
  /// The same file by another descriptor, at its beginning.
  Result<File> duplicate() const;
  File(File&& other) noexcept : fd_(other.release()) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  File& operator=(File&&) = delete;
  ~File();

  int fd() const { return fd_; }
  /// The caller closes it.
  int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }
  Result<std::uint64_t> size() const;
  /// Exactly `size` bytes. Errors: kDataLoss also when there are fewer.
  Result<std::string> read(std::uint64_t offset, std::size_t size) const;
  Result<void> append(std::string_view bytes) const;
  Result<void> sync() const;

 private:
  explicit File(int fd) : fd_(fd) {}
  int fd_;
};

/// Errors also: kDataLoss when it is larger than `most`: no memory is taken for it then.
Result<std::string> read_file(const std::string& path, std::uint64_t most);
Result<std::uint64_t> file_size(const std::string& path);
/// On disk under its name when this returns, or the old content still is.
Result<void> replace_file(const std::string& path, std::string_view bytes);
/// A second name for the same bytes; a copy where the file system has no links.
Result<void> link_file(const std::string& from, const std::string& to);
Result<void> rename_file(const std::string& from, const std::string& to);
/// What was renamed or removed in it stays so after a power cut.
Result<void> sync_directory(const std::string& path);
/// Makes the directory when there is none.
Result<void> ensure_directory(const std::string& path);
/// No error when it is not there.
Result<void> remove_file(const std::string& path);

}  // namespace duramen::index
