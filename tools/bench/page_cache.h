#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace duramen::bench {

/// Writes back every file below a directory and asks the kernel to forget what it keeps of it in
/// memory; no privilege is needed for that. Gives the bytes that stayed nevertheless: of files that
/// somebody maps, or of a file system that lives in memory.
/// Blocking: disk syncs. Errors: kUnavailable, naming the file.
Result<std::uint64_t> drop_page_cache(const std::string& directory);

}  // namespace duramen::bench
