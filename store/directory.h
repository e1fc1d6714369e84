#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/ids.h"
#include "store/block.h"
#include "store/deletion.h"
#include "store/retention_class.h"

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

/// One UTC day of one retention class.
struct SegmentId {
  std::int64_t day = 0;  ///< since 1970-01-01
  std::string retention_class;
  friend auto operator<=>(const SegmentId&, const SegmentId&) = default;
};

std::int64_t day_of(TimeNs time);  ///< days since 1970-01-01, floor
/// `2026-11-21.default`.
std::string segment_name(std::int64_t day, std::string_view retention_class);
inline std::string segment_name(const SegmentId& id) {
  return segment_name(id.day, id.retention_class);
}
/// None: not the name of a segment.
std::optional<SegmentId> parse_segment_name(const std::string& name);
/// `default` of `2026-11-21.default`.
std::string_view class_in(std::string_view segment_name);
std::string encode_segment_value(std::int64_t day, std::string_view retention_class);
/// Errors: kDataLoss.
Result<SegmentId> decode_segment(std::string_view value);

}  // namespace duramen::store
