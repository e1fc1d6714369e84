#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/metrics.h"
#include "base/mutex.h"
#include "base/result.h"
#include "index/index.h"
#include "store/store.h"

namespace duramen::query {

/// Keeps the index behind the store: adds blocks that it lacks, newest first, and drops segments
/// that retention dropped. What is to be done is told by comparing the two, so there is no queue
/// that could be lost or grow: after a crash, or when index files are gone, blocks are added again.
/// Until a block is added queries read it. Never in the way of an append.
///
/// Threads: one of its own. Memory: one block at a time. Ownership: store and index outlive it.
/// Errors: logged and counted, and tried again later.
class Indexer {
 public:
  Indexer(store::Store& store, index::Index& index, MetricRegistry& metrics);
  Indexer(const Indexer&) = delete;
  Indexer& operator=(const Indexer&) = delete;
  Indexer(Indexer&&) = delete;
  Indexer& operator=(Indexer&&) = delete;
  /// Ends the thread; what is in memory only is indexed again next time.
  ~Indexer() { end_thread(); }

  /// A segment that got no block for so many rounds is sealed: a needle reads each of its parts.
  static constexpr int kRoundsUntilSealed = 600;

  void start();
  /// One round: what the thread does every second. Errors: of the index, kCancelled; blocks that
  /// cannot be read are left out.
  Result<void> catch_up();
  /// Returns when every block that is now in the store is indexed, and parts are merged.
  /// Blocking: reads blocks. Errors: kUnavailable (disk; says what), kCancelled after interrupt().
  Result<void> seal();
  /// Takes out of the index what it says of blocks that the store no longer has, and adds again
  /// what that took along. Blocking: reads blocks. Errors: as seal().
  Result<void> forget_gone_blocks();
  /// As of Index::verify(). Errors: kCancelled after interrupt().
  Result<std::vector<std::string>> verify(
      const std::function<void(std::uint64_t, std::uint64_t)>& progress);
  /// As of Index::checkpoint(): an index that knows no block that the store does not have now.
  Result<void> checkpoint(const std::string& directory) { return index_.checkpoint(directory); }
  /// seal() and verify(), running and to come, end soon.
  void interrupt();
  /// Ends the thread and writes what is in memory. Blocking: disk.
  void stop();

  index::IndexStatus index_status() const { return index_.status(); }
  /// Blocks that the index lacks and will get: until then queries read them. Waits for nothing.
  std::uint64_t missing_blocks() const;
  /// Blocks that it could not read, and does not try again.
  std::size_t unreadable_blocks() const;

 private:
  void run();
  void end_thread();
  Result<void> add_blocks(const store::Snapshot& snapshot) DURAMEN_REQUIRES(work_mutex_);
  Result<void> add_block(const store::Snapshot& snapshot, const store::BlockRef& block)
      DURAMEN_REQUIRES(work_mutex_);
  Result<void> drop_segments(const store::Snapshot& snapshot);
  Result<void> keep_live_blocks(const store::Snapshot& snapshot) DURAMEN_REQUIRES(work_mutex_);
  Result<void> seal_quiet_segments() DURAMEN_REQUIRES(work_mutex_);
  std::vector<const store::BlockRef*> missing(const store::Snapshot& snapshot) const;
  void mark_unreadable(model::BlockId block);
  /// Those that the store no longer has.
  void forget_unreadable(const store::Snapshot& snapshot);

  store::Store& store_;
  index::Index& index_;
  Counter& blocks_;
  Counter& failures_;
  LatencyHistogram& seconds_;
  const std::shared_ptr<std::atomic<std::uint64_t>> missing_;  ///< the metrics may live longer
  std::atomic<bool> interrupted_{false};
  std::atomic<bool> stopping_{false};

  Mutex work_mutex_;                                                  ///< one catches up at a time
  std::map<std::string, int> quiet_ DURAMEN_GUARDED_BY(work_mutex_);  ///< rounds, of a segment
  /// The first round also looks for blocks that are gone: of a deletion that the copy of a backup
  /// came into, for one.
  bool compared_ DURAMEN_GUARDED_BY(work_mutex_) = false;

  mutable Mutex mutex_;  ///< never held for long
  std::set<model::BlockId> unreadable_ DURAMEN_GUARDED_BY(mutex_);
  CondVar changed_;
  bool stopped_ DURAMEN_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace duramen::query
