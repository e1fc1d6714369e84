#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "store/column_lanes.h"

namespace duramen::store {

/// Encodes the values of one part of a column; picks the encoding by looking at them, and only one
/// that gives back every byte. At least one value. `times`: the event time of each value's row.
/// Pure but for scratch memory of the thread.
Encoding encode_values(std::span<const std::string_view> values, std::span<const TimeNs> times,
                       LaneBytes& out);

/// Decoded values of one column.
struct ColumnValues {
  std::string bytes;
  std::vector<std::uint32_t> ends;

  std::size_t size() const { return ends.size(); }
  std::string_view operator[](std::size_t i) const {
    const std::uint32_t begin = i == 0 ? 0 : ends[i - 1];
    return {bytes.data() + begin, ends[i] - begin};
  }
};

/// Appends `n` values to `out`. Stops as soon as the values take more than `budget` bytes, and
/// takes what they took off it. `times`: the event time of each value's row; only kTime needs it.
/// False for damaged bytes or too little budget.
bool decode_values(Encoding encoding, LaneReaders& in, std::size_t n, std::span<const TimeNs> times,
                   std::size_t& budget, ColumnValues& out);

/// Places in a column, rising. Nothing: all of them.
using WantedValues = std::optional<std::span<const std::uint32_t>>;
/// The same, but values at other places of the column `out` are left empty, and some damage in
/// them is not found.
bool decode_some_values(Encoding encoding, LaneReaders& in, std::size_t n,
                        std::span<const TimeNs> times, const WantedValues& wanted,
                        std::size_t& budget, ColumnValues& out);

}  // namespace duramen::store
