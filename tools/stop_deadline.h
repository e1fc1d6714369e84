#pragma once

#include <algorithm>

#include "base/clock.h"

namespace duramen::tools {

/// The times of a stop, all counted from the moment at which it was asked for, so that a stop that
/// begins in the middle of a start ends as soon as any other.
/// Unit of all times: nanoseconds, those of Clock::monotonic().
class StopDeadline {
 public:
  explicit StopDeadline(TimeNs asked) : asked_(asked) {}

  /// RocksDB cannot be interrupted while it opens: the process ends then, in the middle of it.
  bool opening_is_over(TimeNs now) const { return now - asked_ >= kOpening; }
  /// Running queries are cancelled then.
  bool queries_are_over(TimeNs now) const { return now - asked_ >= kQueries; }
  /// How long open requests may still take. The store closes after that.
  TimeNs requests_left(TimeNs now) const { return std::max(kLeast, asked_ + kRequests - now); }
  /// The process ends itself then.
  bool is_over(TimeNs now) const { return now - asked_ >= kStopped; }

 private:
  static constexpr TimeNs kQueries = 4 * kNsPerSecond;
  static constexpr TimeNs kRequests = 6 * kNsPerSecond;
  /// Answers that are on their way get this much even when the time is up.
  static constexpr TimeNs kLeast = kNsPerSecond / 2;
  static constexpr TimeNs kOpening = kRequests - kLeast;

  /// Process managers are told 10 s (docs/operations.md).
  static constexpr TimeNs kStopped = 9'500'000'000;

  TimeNs asked_;
};

}  // namespace duramen::tools
