#pragma once

#include <atomic>
#include <cstdint>

namespace duramen {

/// Nanoseconds since 1970-01-01T00:00:00Z. The range is 1677 to 2262.
using TimeNs = std::int64_t;

inline constexpr TimeNs kNsPerSecond = 1'000'000'000;
inline constexpr TimeNs kNsPerDay = 86'400 * kNsPerSecond;

/// Where time comes from. Passed in, never global, so that a test holds time in its hands.
/// Threading: any thread.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  Clock(Clock&&) = delete;
  Clock& operator=(Clock&&) = delete;
  virtual ~Clock() = default;
  virtual TimeNs now() const = 0;
  /// For lengths of time: never set back or forward, from an unknown beginning.
  virtual TimeNs monotonic() const = 0;
};

class SystemClock final : public Clock {
 public:
  TimeNs now() const override;
  TimeNs monotonic() const override;
};

class ManualClock final : public Clock {
 public:
  explicit ManualClock(TimeNs start) : now_(start) {}
  TimeNs now() const override { return now_.load(); }
  TimeNs monotonic() const override { return now_.load(); }
  void set(TimeNs now) { now_.store(now); }
  void advance(TimeNs by) { now_.fetch_add(by); }

 private:
  std::atomic<TimeNs> now_;
};

}  // namespace duramen
