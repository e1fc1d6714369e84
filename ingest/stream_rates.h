#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "model/ids.h"
#include "model/labels.h"
#include "model/record_batch.h"

namespace duramen::ingest {

struct StreamRatesLimits {
  std::size_t streams = 1000;           ///< followed; one more makes quiet ones go
  std::size_t label_bytes = 1U << 20;   ///< of all of them
  std::size_t streams_per_batch = 256;  ///< the largest of a batch; the rest counts in the total
};

/// What came, and how much of it of late: means that fade with a time of 10 s.
struct Traffic {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;  ///< of messages and of values of fields
  double records_per_second = 0;
  double bytes_per_second = 0;
};

struct StreamTraffic {
  std::shared_ptr<const model::Labels> labels;
  TimeNs since = 0;  ///< monotonic: its counts began then
  Traffic traffic;
};

/// What one batch holds of each stream. Made where the batch is, so that little is left to do under
/// the lock. Cheap to move; shares the batch.
class BatchTally {
 public:
  struct Count {
    std::uint32_t stream = 0;  ///< of the batch
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
  };
  /// `records`: check() holds. Keeps the counts of its `streams` largest streams.
  BatchTally(std::shared_ptr<const model::RecordBatch> records, std::size_t streams);

  const model::Labels& labels(const Count& count) const { return records_->streams[count.stream]; }
  const std::vector<Count>& counts() const { return counts_; }
  /// Of the whole batch.
  std::uint64_t records() const { return records_->rows(); }
  std::uint64_t bytes() const { return records_->raw_bytes(); }

 private:
  std::shared_ptr<const model::RecordBatch> records_;
  std::vector<Count> counts_;
};

/// Which streams send how much. Follows a bounded number of them: when that is reached, the
/// quietest quarter makes room, at most once a second, and is counted anew when it comes back. What
/// is not followed counts in the total only.
///
/// Threading: any thread; one lock a batch, held for about 50 ns a stream of it. None blocks.
/// Ownership: clock and metrics outlive it.
class StreamRates {
 public:
  struct Reading {
    TimeNs at = 0;  ///< monotonic
    Traffic total;
    std::vector<StreamTraffic> streams;  ///< followed, in no order
  };

  StreamRates(const Clock& clock, MetricRegistry& metrics, StreamRatesLimits limits = {});

  void add(const BatchTally& batch);
  Reading read() const;
  const StreamRatesLimits& limits() const { return limits_; }

 private:
  /// Counts with means that are true at `last`.
  struct Fading {
    Traffic traffic;
    TimeNs last = 0;

    void add(std::uint64_t records, std::uint64_t bytes, TimeNs now);
    Traffic at(TimeNs now) const;
  };
  struct Followed {
    std::shared_ptr<const model::Labels> labels;  ///< shared: read() copies no text
    TimeNs since = 0;
    Fading fading;
  };
  Followed* follow_locked(const model::Labels& labels, TimeNs now) DURAMEN_REQUIRES(mutex_);
  bool has_room_locked(std::size_t weight) const DURAMEN_REQUIRES(mutex_);
  void make_room_locked(TimeNs now) DURAMEN_REQUIRES(mutex_);

  const Clock& clock_;
  const StreamRatesLimits limits_;
  Counter& forgotten_;

  mutable Mutex mutex_;
  Fading total_ DURAMEN_GUARDED_BY(mutex_);
  std::unordered_map<model::StreamId, Followed> streams_ DURAMEN_GUARDED_BY(mutex_);
  std::size_t label_bytes_ DURAMEN_GUARDED_BY(mutex_) = 0;
  TimeNs made_room_ DURAMEN_GUARDED_BY(mutex_);
};

}  // namespace duramen::ingest
