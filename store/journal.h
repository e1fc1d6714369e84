#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/result.h"
#include "model/record_sink.h"
#include "store/catalog.h"
#include "store/database.h"
#include "store/journal_entry.h"
#include "store/store.h"

namespace duramen::store {

/// Takes batches, gives them consecutive seqs, and tells the sender once they are synced.
/// Internal to store/.
///
/// One commit thread takes everything that waits, writes it as one RocksDB batch with one sync,
/// publishes the rows, then calls back: concurrent appends share a sync (group commit).
/// After a failed write nothing is accepted until RocksDB could be resumed (new WAL file) and a new
/// incarnation is journaled; the seqs of the failed write are never given again.
class Journal {
 public:
  /// `next` is the first seq to give. Journals a new incarnation before it returns.
  static Result<std::unique_ptr<Journal>> start(const StoreOptions& options, const Clock& clock,
                                                MetricRegistry& metrics,
                                                std::shared_ptr<Database> database,
                                                std::shared_ptr<Catalog> catalog, model::Seq next);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  Journal(Journal&&) = delete;
  Journal& operator=(Journal&&) = delete;

  void append(model::AppendRequest request, model::RecordSink::Done done);
  /// Refuses new appends, commits what waits, ends the thread. Idempotent.
  void close();

  model::NodeId node() const;
  std::vector<Incarnation> incarnations() const;
  std::optional<std::string> refusal() const;  ///< why appends get kUnavailable now
  std::uint64_t batch_ids() const { return batch_ids_.load(); }
  /// Called after each commit, on the commit thread: the builder looks whether an epoch is full.
  void set_committed(std::function<void()> committed) { committed_ = std::move(committed); }
  /// Forgets batch ids beyond age and number. The builder thread.
  Result<void> forget_old_batch_ids();

 private:
  struct Pending {
    model::AppendRequest request;
    PackedColumns columns;
    TimeNs received;
    std::chrono::steady_clock::time_point arrived;
    std::uint64_t bytes;
    model::RecordSink::Done done;
  };
  struct Outcome;
  struct Group;

  Journal(const StoreOptions& options, const Clock& clock, MetricRegistry& metrics,
          std::shared_ptr<Database> database, std::shared_ptr<Catalog> catalog, model::Seq next);
  static Result<void> check_rows_fit(const model::RecordBatch& records);
  Result<void> admit(const model::AppendRequest& request, std::uint64_t bytes);
  bool enqueue(Pending& pending);
  void give_back(std::uint64_t bytes);
  void run();
  std::vector<Pending> take_group();
  void commit(std::vector<Pending> group);
  Result<void> commit_group(const std::vector<Pending>& pending, std::vector<Outcome>& outcomes);
  Result<model::AppendAck> stage(Group& group, const Pending& pending);
  void stage_entry(Group& group, const Pending& pending, const model::AppendAck& ack);
  void stage_batch_id(Group& group, const Pending& pending, const model::AppendAck& ack);
  Result<std::optional<model::AppendAck>> find_repeat(const Group& group,
                                                      const model::BatchId& id) const;
  bool closed_and_empty() const;
  void try_again();
  /// True when it stopped before the last one that may go.
  Result<bool> forget_some_batch_ids();
  Result<void> check_disk();
  Result<void> recover();
  Result<void> begin_incarnation();
  Result<void> read_incarnations();
  void refuse(std::string reason);
  Result<std::uint64_t> count_batch_ids() const;

  const StoreOptions options_;
  const Clock& clock_;
  std::shared_ptr<Database> database_;
  std::shared_ptr<Catalog> catalog_;
  std::function<void()> committed_;

  Counter& appended_batches_;
  Counter& appended_rows_;
  Counter& appended_bytes_;
  Counter& repeats_;
  Counter& refused_full_;
  Counter& refused_unavailable_;
  Counter& syncs_;
  LatencyHistogram& ack_seconds_;
  LatencyHistogram& sync_seconds_;
  std::atomic<std::uint64_t> batch_ids_{0};

  // The commit thread alone, once it runs.
  model::Seq next_;
  bool failed_ = false;

  mutable Mutex mutex_;
  CondVar changed_;
  std::vector<Pending> queue_ DURAMEN_GUARDED_BY(mutex_);
  std::uint64_t queued_bytes_ DURAMEN_GUARDED_BY(mutex_) = 0;
  bool closing_ DURAMEN_GUARDED_BY(mutex_) = false;
  model::NodeId node_ DURAMEN_GUARDED_BY(mutex_);
  std::map<model::Seq, model::NodeId> incarnations_ DURAMEN_GUARDED_BY(mutex_);  ///< by first seq
  std::optional<std::string> refusal_ DURAMEN_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace duramen::store
