#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "store/column_lanes.h"

namespace duramen::store {

/// Appends "integers" (docs/format/block.md) for `values` to the lanes numbers and packed; picks
/// mode and widths by one pass over them. Pure but for scratch memory of the thread.
void encode_integers(std::span<const std::uint64_t> values, LaneBytes& out);

/// As encode_integers, and tries the units 1e9, 1e6 and 1e3 first: for times in ns.
void encode_times(std::span<const std::uint64_t> values, LaneBytes& out);

/// As encode_integers, for indexes into a table: which ones occur often matters more than how large
/// they are.
void encode_indexes(std::span<const std::uint64_t> values, LaneBytes& out);

/// Fills `out`, whatever it holds. False for damaged bytes; then it holds nothing of use.
bool decode_integers(LaneReaders& in, std::span<std::uint64_t> out);

}  // namespace duramen::store
