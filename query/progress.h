#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/result.h"

namespace duramen::query {

/// What one running query has done, and whether it may go on.
/// Threading: any thread; the limits are fixed. Ownership: the clock outlives it.
class Progress {
 public:
  Progress(const Clock& clock, TimeNs timeout, std::uint64_t memory_limit)
      : clock_(clock),
        started_(clock.now()),
        started_monotonic_(clock.monotonic()),
        timeout_(timeout),
        memory_limit_(memory_limit) {}

  /// Call at least every 1,000 rows. Errors: kCancelled, kDeadlineExceeded.
  Result<void> check() const;
  void cancel() { cancelled_ = true; }

  TimeNs started() const { return started_; }
  TimeNs elapsed() const { return clock_.monotonic() - started_monotonic_; }
  std::uint64_t memory_limit() const { return memory_limit_; }

  /// Sets what a stage holds now, in place of what it said before.
  void replace_memory(std::uint64_t before, std::uint64_t now) { memory_ += now - before; }
  std::uint64_t memory() const { return memory_; }
  bool over_memory() const { return memory_ > memory_limit_; }

  std::atomic<std::uint64_t> scanned_rows{0};
  /// Of blocks as they are stored, of open rows as text.
  std::atomic<std::uint64_t> scanned_bytes{0};
  std::atomic<std::uint64_t> blocks{0};  ///< opened
  std::atomic<std::uint64_t> frames{0};  ///< expanded
  std::atomic<std::uint64_t> units{0};
  std::atomic<std::uint64_t> units_total{0};

 private:
  const Clock& clock_;
  const TimeNs started_;
  const TimeNs started_monotonic_;
  const TimeNs timeout_;
  const std::uint64_t memory_limit_;
  std::atomic<std::uint64_t> memory_{0};
  std::atomic<bool> cancelled_{false};
};

/// The memory of one stage: grows, and is given back when the stage goes.
class MemoryUse {
 public:
  explicit MemoryUse(Progress& progress) : progress_(progress) {}
  MemoryUse(const MemoryUse&) = delete;
  MemoryUse& operator=(const MemoryUse&) = delete;
  MemoryUse(MemoryUse&&) = delete;
  MemoryUse& operator=(MemoryUse&&) = delete;
  ~MemoryUse() { set(0); }

  void set(std::uint64_t bytes) { progress_.replace_memory(std::exchange(bytes_, bytes), bytes); }
  void add(std::uint64_t bytes) { set(bytes_ + bytes); }
  void subtract(std::uint64_t bytes) { set(bytes_ - std::min(bytes, bytes_)); }
  std::uint64_t bytes() const { return bytes_; }
  /// Errors: kResourceExhausted: `what` the memory is full of, and `remedy`.
  Result<void> check(std::string_view what, std::string_view remedy) const;

 private:
  Progress& progress_;
  std::uint64_t bytes_ = 0;
};

}  // namespace duramen::query
