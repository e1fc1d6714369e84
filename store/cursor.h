#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/ids.h"

namespace duramen::store {

/// Rows that retention dropped before a cursor had passed them.
struct CursorGap {
  model::Seq first;  ///< the rows of `segment` with these seqs; others between them are not meant
  model::Seq last;
  std::uint64_t rows = 0;  ///< at most: of a block that begins before the position not all count
  std::string segment;
  TimeNs time = 0;  ///< when it was dropped
  friend bool operator==(const CursorGap&, const CursorGap&) = default;
};

/// A named position that outlives the process: how far somebody who takes rows out has got.
struct Cursor {
  std::string name;
  model::Seq position;  ///< all rows up to it are confirmed
  bool hold = true;     ///< with Retention::hold_for_sinks: rows behind it keep their segment
  TimeNs moved = 0;     ///< when it was put where it is
  std::uint64_t lost_rows = 0;  ///< of all gaps there ever were
  std::uint64_t gap_count = 0;
  std::vector<CursorGap> gaps;  ///< oldest first; the newest kMaxGaps
  friend bool operator==(const Cursor&, const Cursor&) = default;
};

inline constexpr std::size_t kMaxGaps = 100;
inline constexpr std::size_t kMaxCursorName = 64;

/// Counts the gap, and keeps it and the newest before it.
void add_gap(Cursor& cursor, CursorGap gap);
/// Letters, digits, `-`, `_` and `.`, the first a letter or a digit, up to kMaxCursorName.
bool is_cursor_name(std::string_view name);

// The value of this kind of meta keys (docs/format/keys.md).
// Errors: kDataLoss, kUnimplemented (a newer version).
std::string encode_cursor(const Cursor& cursor);
Result<Cursor> decode_cursor(std::string_view key, std::string_view value);

}  // namespace duramen::store
