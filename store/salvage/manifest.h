#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace duramen::store {

/// A table file as RocksDB's manifest names it.
struct LiveTable {
  std::string family;
  std::uint32_t family_id = 0;
  std::uint64_t number = 0;
  int level = 0;
  std::uint64_t oldest_blob = 0;  ///< number of the first blob file that it refers to, or 0
};

/// The name of a file in a RocksDB: `000012.sst`.
std::string table_file_name(std::uint64_t number, std::string_view extension);

/// Takes table files out of a RocksDB that is closed, in one step, by a record at the end of its
/// manifest; the files stay where they are until RocksDB removes them.
/// Format of a record: https://github.com/facebook/rocksdb/blob/v7.8.3/db/version_edit.h.
/// Internal to store/. Errors: kDataLoss (the manifest is damaged), kUnavailable.
Result<void> take_out_tables(const std::string& db, const std::vector<LiveTable>& tables);

}  // namespace duramen::store
