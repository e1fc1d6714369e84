#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "store/column_appender.h"
#include "store/column_lanes.h"

namespace duramen::store {

/// True when it is worth trying encode_time_texts on a column that begins with `value`.
bool may_be_time(std::string_view value);

/// Encodes texts that are all times in one layout (docs/format/block.md, "Times in text"), by their
/// distance from the event times of their rows where that is shorter. `times` is empty or as long
/// as `values`. False, with nothing written, when they are not.
bool encode_time_texts(std::span<const std::string_view> values, std::span<const TimeNs> times,
                       LaneBytes& out);

/// Appends `n` values to `out`. False for damaged bytes, or beyond its budget.
bool decode_time_texts(LaneReaders& in, std::size_t n, std::span<const TimeNs> times,
                       ColumnAppender& out);

}  // namespace duramen::store
