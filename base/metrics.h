#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"

namespace duramen {

/// Only goes up. Threading: any thread, no lock.
class Counter {
 public:
  void add(std::uint64_t n = 1) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// Counts durations in fixed buckets from 100 us to 100 s. Threading: any thread, no lock.
class LatencyHistogram {
 public:
  static constexpr double kBoundsSeconds[] = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                              0.01,   0.025,   0.05,   0.1,   0.25,   0.5,
                                              1,      2.5,     5,      10,    25,     100};
  static constexpr std::size_t kBounds = sizeof kBoundsSeconds / sizeof kBoundsSeconds[0];
  void observe(double seconds) noexcept;
  struct Reading {
    std::uint64_t cumulative[kBounds + 1];  ///< the last one is +Inf, equal to the count
    double sum_seconds;
  };
  Reading read() const noexcept;

 private:
  std::atomic<std::uint64_t> buckets_[kBounds + 1]{};
  std::atomic<std::uint64_t> sum_ns_{0};
};

/// `name="value"` pairs of one series; few and from a fixed set, never streams or ids.
using MetricLabels = std::vector<std::pair<std::string, std::string>>;

/// All metrics of one process, rendered as Prometheus text 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/).
///
/// Threading: any thread. Ownership: the registry owns counters and histograms; references stay
/// valid as long as the registry. A gauge callback runs during render() without a lock held on
/// the caller's behalf, must not block, and must not outlive what it reads.
class MetricRegistry {
 public:
  /// The same name and labels give the same counter.
  Counter& counter(std::string_view name, std::string_view help, MetricLabels labels = {});
  LatencyHistogram& histogram(std::string_view name, std::string_view help,
                              MetricLabels labels = {});
  void gauge(std::string_view name, std::string_view help, MetricLabels labels,
             std::function<double()> read);
  std::string render() const;

 private:
  struct Series {
    MetricLabels labels;
    std::unique_ptr<Counter> counter;
    std::unique_ptr<LatencyHistogram> histogram;
    std::function<double()> gauge;
  };
  struct Family {
    std::string help;
    std::string type;
    std::vector<Series> series;
  };
  Series& series_locked(std::string_view name, std::string_view help, std::string_view type,
                        MetricLabels&& labels) DURAMEN_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::map<std::string, Family, std::less<>> families_ DURAMEN_GUARDED_BY(mutex_);
};

}  // namespace duramen
