#include "tools/stop_deadline.h"

#include <gtest/gtest.h>

namespace duramen::tools {
namespace {

constexpr TimeNs kAsked = 77 * kNsPerSecond;
constexpr TimeNs kStep = kNsPerSecond / 100;
/// What the store is left to write what it has accepted, and to close.
constexpr TimeNs kToClose = 3 * kNsPerSecond;

TEST(StopDeadline, AStopIsOverWithinTenSeconds) {
  const StopDeadline deadline(kAsked);
  EXPECT_FALSE(deadline.is_over(kAsked));
  EXPECT_TRUE(deadline.is_over(kAsked + 10 * kNsPerSecond));
}

TEST(StopDeadline, RequestsAndTheStoreFitInWheneverTheStartEnded) {
  const StopDeadline deadline(kAsked);
  for (TimeNs opened = kAsked; !deadline.opening_is_over(opened); opened += kStep) {
    const TimeNs requests_end = opened + deadline.requests_left(opened);
    ASSERT_FALSE(deadline.is_over(requests_end + kToClose)) << "opened after " << opened - kAsked;
  }
}

TEST(StopDeadline, QueriesAreCancelledWhileTheirRequestsCanStillSaySo) {
  const StopDeadline deadline(kAsked);
  TimeNs cancelled = kAsked;
  while (!deadline.queries_are_over(cancelled)) cancelled += kStep;
  EXPECT_GE(deadline.requests_left(cancelled), kNsPerSecond);
}

TEST(StopDeadline, LateRequestsAreStillGivenAMoment) {
  EXPECT_GT(StopDeadline(kAsked).requests_left(kAsked + 9 * kNsPerSecond), 0);
}

}  // namespace
}  // namespace duramen::tools
