#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace duramen::store {

/// Calls `take(key, value)` for every whole record of a blob file, whatever its header and footer
/// say. Format: https://github.com/facebook/rocksdb/blob/v7.8.3/db/blob/blob_log_format.h (header
/// of 30 bytes; records of u64 key length, u64 value length, u64 expiration, u32 masked CRC-32C of
/// these, u32 masked CRC-32C of key and value, key, value; footer of 32 bytes).
/// Internal to store/. Pure. Gives the first error of `take`.
Result<void> walk_blobs(
    std::string_view file,
    const std::function<Result<void>(std::string_view, std::string_view)>& take);

/// Puts header and footer of a closed blob file right where they are not: all that they say is
/// known. `size` is what it had when it was closed: one of another size is left alone. True when
/// something was changed. Blocking: two small reads when all is well.
/// Errors: kNotFound, kUnavailable.
Result<bool> mend_blob_file(const std::string& path, std::uint64_t size,
                            std::uint32_t column_family);

}  // namespace duramen::store
