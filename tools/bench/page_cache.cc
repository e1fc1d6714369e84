#include "tools/bench/page_cache.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <vector>

namespace duramen::bench {
namespace {

Error failed(const std::string& what, const std::string& path) {
  return {ErrorCode::kUnavailable,
          what + " " + path + ": " + std::generic_category().message(errno)};
}

/// Pages of a file in memory; 0 when that cannot be seen.
std::uint64_t resident_bytes(int file, std::size_t size) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  void* const map = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0);
  if (map == MAP_FAILED) return 0;
  std::vector<unsigned char> pages((size + page - 1) / page);
  std::uint64_t resident = 0;
  if (::mincore(map, size, pages.data()) == 0) {
    resident = static_cast<std::uint64_t>(
        std::count_if(pages.begin(), pages.end(), [](unsigned char p) { return (p & 1) != 0; }));
  }
  ::munmap(map, size);
  return resident * page;
}

Result<std::uint64_t> drop_file(const std::string& path, std::size_t size) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return failed("open", path);
  Result<std::uint64_t> stayed = std::uint64_t{0};
  if (::fsync(file) != 0) {  // what is not written yet cannot be dropped
    stayed = failed("sync", path);
  } else {
    ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    stayed = resident_bytes(file, size);
  }
  ::close(file);
  return stayed;
}

}  // namespace

Result<std::uint64_t> drop_page_cache(const std::string& directory) {
  namespace fs = std::filesystem;
  std::uint64_t stayed = 0;
  std::error_code code;
  for (fs::recursive_directory_iterator it(directory, code), end; !code && it != end;
       it.increment(code)) {
    std::error_code unknown;
    const auto size = it->is_regular_file(unknown) ? it->file_size(unknown) : 0;
    if (unknown || size == 0) continue;
    DURAMEN_TRY(const std::uint64_t bytes, drop_file(it->path(), size));
    stayed += bytes;
  }
  if (code) return Error{ErrorCode::kUnavailable, "read " + directory + ": " + code.message()};
  return stayed;
}

}  // namespace duramen::bench
