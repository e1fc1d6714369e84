#pragma once

#include <string>

#include "base/result.h"

namespace duramen::store {

/// Checks the one part of a table file that RocksDB 7.8 reads without looking at its checksum, and
/// whose damage may end the process: its properties. Where the way there, footer and metaindex, is
/// damaged or not there (a crash leaves files that never got a footer), RocksDB tells by itself,
/// and this says nothing.
///
/// Format: https://github.com/facebook/rocksdb/wiki/Rocksdb-BlockBasedTable-Format (a footer of 53
/// bytes: u8 checksum type, varint offset and size of metaindex and index, padded to 40 bytes, u32
/// format version, u64 magic; the metaindex names the other blocks).
/// Only for tables with CRC-32C: this program writes no others.
/// Internal to store/. Blocking: three small reads. Errors: kDataLoss, kNotFound, kUnavailable.
Result<void> check_table_properties(const std::string& path);

/// Checks everything of a table that RocksDB reads when it opens the file, which it may do late:
/// footer, metaindex, index and all blocks that the metaindex names. Errors: as above.
Result<void> check_table_ends(const std::string& path);

/// Checks the properties of all table files in a RocksDB directory. Errors: of the first one that
/// is not right.
Result<void> check_all_table_properties(const std::string& directory);

}  // namespace duramen::store
