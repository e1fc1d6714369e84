#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.h"

namespace duramen::bench {

/// Rows that one answer acknowledged, and when its sender had it.
struct AckedBatch {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  TimeNs at = 0;
};

/// A row at a client of a tail.
struct Arrival {
  std::uint64_t seq = 0;
  TimeNs at = 0;
};

/// From the ack to the line on the tail. A line that is there before its ack took no time.
struct DelayFigures {
  std::uint64_t lines = 0;
  std::uint64_t unknown = 0;  ///< lines that no ack names
  double p50_seconds = 0;
  double p99_seconds = 0;
  double max_seconds = 0;
};

/// Batches in any order. Pure.
DelayFigures delays_of(std::vector<AckedBatch> batches, const std::vector<Arrival>& arrivals);

}  // namespace duramen::bench
