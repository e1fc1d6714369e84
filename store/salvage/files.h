#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace duramen::store {

/// The whole of a file. Internal to store/. Errors: kNotFound, kUnavailable.
Result<std::string> read_file(const std::string& path);

/// The first and the last bytes of a file; less when the file is shorter.
struct FileEnds {
  std::string head;
  std::string tail;
  std::uint64_t size = 0;  ///< of the file
};
/// Errors: as read_file().
Result<FileEnds> read_ends(const std::string& path, std::size_t head, std::size_t tail);

/// `size` bytes from `at`; less at the end of the file. Errors: as read_file().
Result<std::string> read_part(const std::string& path, std::uint64_t at, std::size_t size);

/// Puts a file in the place of another, or none, in one step: after a crash the one or the other is
/// there, whole. Synced, with its directory. Errors: kUnavailable.
Result<void> replace_file(const std::string& path, std::string_view content);

/// Synced. One that is not there is no error. Errors: kUnavailable.
Result<void> remove_file(const std::string& path);

/// Appends and syncs. Errors: kUnavailable.
Result<void> append_to_file(const std::string& path, std::string_view text);

/// Changes bytes in the middle of a file, synced. Errors: kUnavailable.
Result<void> overwrite(const std::string& path, std::uint64_t at, std::string_view bytes);

}  // namespace duramen::store
