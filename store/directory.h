#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/ids.h"
#include "store/block.h"
#include "store/deletion.h"

namespace duramen::store {

/// What the directory says of one block (docs/format/keys.md). A value; internal to store/.
struct DirectoryEntry {
  model::WindowId window;
  model::BlockId block;
  std::string segment;
  BlockSummary summary;
  std::array<std::uint32_t, 4> stored{};     ///< bytes of head, rows, vars, fields
  std::shared_ptr<const HiddenRows> hidden;  ///< none: every row is seen; not a part of the value

  std::uint32_t seen_rows() const {
    return summary.rows - (hidden == nullptr ? 0 : hidden->rows.count());
  }

  std::uint64_t stored_bytes() const {
    std::uint64_t sum = 0;
    for (const std::uint32_t part : stored) sum += part;
    return sum;
  }
};

std::string encode_directory_value(const DirectoryEntry& entry);
/// Errors: kDataLoss, kUnimplemented (a newer version).
Result<DirectoryEntry> decode_directory_entry(std::string_view key, std::string_view value);

/// One window: a fixed range of seqs (docs/format/keys.md).
struct Window {
  model::WindowId id;
  model::Seq first;
  model::Seq end;
  std::uint64_t raw_bytes = 0;
};

std::string encode_window_value(const Window& window);
Result<Window> decode_window(std::string_view key, std::string_view value);

/// A segment's day and name: `2026-11-21.default`.
std::int64_t day_of(TimeNs time);  ///< days since 1970-01-01, floor
std::string segment_name(std::int64_t day, std::string_view retention_class);
std::string encode_segment_value(std::int64_t day, std::string_view retention_class);
Result<std::int64_t> decode_segment_day(std::string_view value);
inline constexpr std::string_view kDefaultClass = "default";

}  // namespace duramen::store
