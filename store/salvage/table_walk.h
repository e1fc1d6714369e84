#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace duramen::store {

/// An entry of any block of a table file; the value lies in the block's content.
struct BlockEntry {
  std::string key;
  std::string_view value;
};
/// The entries of a block's content; nothing when it is none. Pure.
std::optional<std::vector<BlockEntry>> parse_table_block(std::string_view content);

struct TableEntry {
  std::string key;
  std::string value;
  bool deleted = false;
};

/// What the data blocks of a damaged table file hold, in key order, the newest version of a key
/// only: read one after the other by their checksums, without the index, filter, properties and
/// footer that may be the damaged part.
///
/// Only for tables as store/database.cc makes them outside of segments: block-based, format version
/// 5, not compressed, CRC-32C, values inline. Format:
/// https://github.com/facebook/rocksdb/wiki/Rocksdb-BlockBasedTable-Format (a block is entries,
/// restart points and their number, then u8 compression type and u32 masked CRC-32C of both; an
/// entry is varint shared, varint unshared, varint value size, key, value; the last 8 bytes of a
/// key are its sequence number and type). Internal to store/. Pure.
std::vector<TableEntry> salvage_table(std::string_view file);

}  // namespace duramen::store
