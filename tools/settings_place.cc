#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "tools/settings.h"

namespace duramen::tools {
namespace {

constexpr const char* kSystemDirectory = "/var/lib/duramen";

/// An existing directory that can be written, or one that could be made.
bool usable(const std::string& path) {
  if (::access(path.c_str(), F_OK) == 0) return ::access(path.c_str(), W_OK | X_OK) == 0;
  const std::string parent = std::filesystem::path(path).parent_path();
  return ::access(parent.c_str(), W_OK | X_OK) == 0;
}

std::uint64_t disk_bytes_of(const std::string& directory) {
  std::uint64_t bytes = 0;
  std::error_code code;
  std::filesystem::recursive_directory_iterator at(directory, code);
  for (; !code && at != std::filesystem::recursive_directory_iterator(); at.increment(code)) {
    struct stat info {};
    if (::lstat(at->path().c_str(), &info) == 0 && S_ISREG(info.st_mode)) {
      bytes += static_cast<std::uint64_t>(info.st_blocks) * 512;
    }
  }
  return bytes;  // a directory that is not there yet holds nothing
}

std::string limit_file(const std::string& directory) { return directory + "/retention.bytes"; }

Error cannot_write(const std::string& path) {
  return {ErrorCode::kUnavailable,
          "cannot write " + path + ": " + std::generic_category().message(errno)};
}

}  // namespace

Result<std::string> default_data_dir(const Environment& environment) {
  if (usable(kSystemDirectory)) return kSystemDirectory;
  const auto xdg = environment("XDG_DATA_HOME");
  if (xdg && !xdg->empty() && xdg->front() == '/') return *xdg + "/duramen";
  const auto home = environment("HOME");
  if (home && !home->empty()) return *home + "/.local/share/duramen";
  return Error{ErrorCode::kInvalidArgument,
               std::string("no place for the data: ") + kSystemDirectory +
                   " cannot be written and HOME is not set; name one with --data-dir"};
}

Result<std::uint64_t> automatic_limit(const std::string& directory) {
  const std::string path = limit_file(directory);
  if (std::ifstream kept(path); kept) {
    std::string line;
    std::getline(kept, line);
    std::uint64_t bytes = 0;
    const char* const end = line.data() + line.size();
    if (const auto read = std::from_chars(line.data(), end, bytes);
        read.ec == std::errc() && read.ptr == end && bytes != 0) {
      return bytes;
    }
    return Error{ErrorCode::kInvalidArgument,
                 path + ": not a number of bytes; delete it, and the limit is worked out anew"};
  }
  // The nearest directory that can be seen is on the same file system as those made in it.
  std::filesystem::path place = std::filesystem::absolute(directory);
  struct statvfs info {};
  while (::statvfs(place.c_str(), &info) != 0) {
    if (place == place.parent_path()) {
      return Error{ErrorCode::kUnavailable, "cannot ask for the free space of " + directory + ": " +
                                                std::generic_category().message(errno)};
    }
    place = place.parent_path();
  }
  const auto free = static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
  return (free + disk_bytes_of(directory)) / 5 * 4;
}

Result<void> remember_automatic_limit(const std::string& directory, std::uint64_t bytes) {
  const std::string path = limit_file(directory);
  if (::access(path.c_str(), F_OK) == 0) return {};
  const std::string temporary = path + ".new";
  const std::string text = std::to_string(bytes) + "\n";
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return cannot_write(temporary);
  const bool written =
      ::write(file, text.data(), text.size()) == std::ssize(text) && ::fsync(file) == 0;
  ::close(file);
  if (!written || ::rename(temporary.c_str(), path.c_str()) != 0) return cannot_write(path);
  const int place = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool kept = place >= 0 && ::fsync(place) == 0;
  if (place >= 0) ::close(place);
  if (!kept) return cannot_write(path);
  return {};
}

}  // namespace duramen::tools
