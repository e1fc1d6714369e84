#pragma once

#include <cstdint>

namespace duramen::query {

/// What is going to be asked of selected rows.
enum class Load : std::uint8_t {
  kTimes,
  kPositions,
  kStreams,
  kSeqsAndStreams,
  kNames,  ///< what the pipes name (NameTable::begin_pipes), by RowView::get() and time()
  kWhole,
};

}  // namespace duramen::query
