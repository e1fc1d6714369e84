#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "store/catalog.h"
#include "store/database.h"
#include "store/directory_lock.h"
#include "store/epoch.h"
#include "store/journal.h"
#include "store/retention.h"
#include "store/store.h"

namespace duramen::store {

/// What meta says when the store is opened.
struct StoreState {
  std::string store_id;
  model::Seq built{1};
  model::BlockId next_block{1};
  Window window;
  model::Seq next{1};  ///< behind every seq that blocks and windows know
  std::map<std::string, Segment> segments;
  std::map<std::uint64_t, Deletion> deletions;
  std::map<model::BlockId, std::shared_ptr<const HiddenRows>> hidden;
  /// In no directory any more, but perhaps in the files of this segment.
  std::map<model::BlockId, std::string> gone_blocks;
  std::map<std::string, Cursor> cursors;
};
Result<StoreState> load_state(Database& database);
/// Errors: kUnimplemented (a newer format), kDataLoss. Without any format: none.
Result<void> check_stored_format(const Database& database);

/// The Store over one RocksDB. Internal to store/; see store.h for the contract.
///
/// Threads: callers; the journal's commit thread; one builder thread that builds epochs and does
/// the housekeeping (retention, batch ids, tomorrow's segment).
class LocalStore final : public Store {
 public:
  LocalStore(StoreOptions options, const Clock& clock, MetricRegistry& metrics, DirectoryLock lock,
             std::shared_ptr<Database> database);
  ~LocalStore() override;
  LocalStore(const LocalStore&) = delete;
  LocalStore& operator=(const LocalStore&) = delete;
  LocalStore(LocalStore&&) = delete;
  LocalStore& operator=(LocalStore&&) = delete;
  /// Opens what is there as it is, or by salvage. Errors: as Store::open, and kDataLoss for what
  /// salvage may help.
  static Result<std::unique_ptr<Store>> open_once(const StoreOptions& options, const Clock& clock,
                                                  MetricRegistry& metrics, bool salvage);

  void append(model::AppendRequest request, Done done) override;
  std::shared_ptr<const Snapshot> snapshot() override;
  model::Seq durable() const override { return catalog_->durable(); }
  OpenRows open_rows_after(model::Seq after) const override {
    return catalog_->open_rows_after(after);
  }
  void set_durable_listener(std::function<void()> listener) override;
  std::vector<Incarnation> incarnations() const override { return journal_->incarnations(); }
  Result<void> seal() override;
  Result<model::Seq> checkpoint(const std::string& directory) override;
  StoreStatus status() override;
  std::optional<std::string> writes_refused() const override { return journal_->refusal(); }
  std::string store_id() const override { return hash128(state_.store_id).to_hex(); }
  model::BlockId block_end() const override { return block_end_; }
  Result<VerifyReport> verify(
      const std::function<void(std::uint64_t, std::uint64_t)>& progress) override;
  void set_retention(Retention retention) override;
  Result<std::vector<std::string>> enforce_retention() override;
  std::vector<Cursor> cursors() const override;
  Result<Cursor> put_cursor(const std::string& name, model::Seq position,
                            std::optional<bool> hold) override;
  Result<void> remove_cursor(const std::string& name) override;
  std::vector<Deletion> deletions() const override;
  Result<Deletion> plan_deletion(Deletion deletion) override;
  Result<Deletion> hide_rows(std::uint64_t deletion, const std::vector<MarkedBlock>& rows,
                             std::string problem) override;
  Result<std::vector<std::string>> erase_hidden_rows(const EraseProgress& progress) override;
  Result<Deletion> end_deletion(std::uint64_t id, DeletionState state,
                                std::string problem) override;
  void interrupt() override;
  void close() override;

 private:
  /// Reads the state, replays the journal, starts the threads.
  Result<void> start();
  Result<model::Seq> replay_journal();
  Result<void> put_entry_aside(model::Seq first, std::string_view entry, const Error& why) const;
  Result<void> drop_unregistered_segments();

  void after_commit();
  void run_builder();
  bool wait_for_work();
  bool epoch_due() const;
  bool rows_open_up_to(model::Seq until) const;
  void after_failed_epoch(const Error& error);
  void housekeeping();
  /// One epoch: all of `first_batches`. Nothing to do is no error.
  Result<void> build_epoch() DURAMEN_EXCLUDES(work_mutex_);
  Result<void> ensure_segments(const std::set<SegmentId>& ids) DURAMEN_REQUIRES(work_mutex_);
  /// Today's and tomorrow's, of `default` and of classes that had rows lately.
  std::set<SegmentId> segments_ahead() const;
  Result<void> commit_epoch(const std::vector<OpenBatch>& batches,
                            const std::vector<PlannedBlock>& plan,
                            const std::vector<EncodedBlock>& blocks) DURAMEN_REQUIRES(work_mutex_);

  // What goes, and what is told to whom it is missing (local_store_retention.cc).
  Retention retention() const DURAMEN_EXCLUDES(mutex_);
  std::vector<AgedSegment> aged_segments(const Retention& retention) const DURAMEN_EXCLUDES(mutex_);
  void note_held(const std::vector<std::string>& names) DURAMEN_EXCLUDES(mutex_);
  Result<void> drop_segment(const std::string& name) DURAMEN_REQUIRES(work_mutex_);
  void describe_retention(StoreStatus& status) const DURAMEN_EXCLUDES(mutex_);
  /// Of those that hold it the cursor that is furthest behind; empty: none does.
  std::string holder_of(const Segment& segment) const DURAMEN_REQUIRES(mutex_);
  /// The cursors that miss rows of the segment, with that gap.
  std::vector<Cursor> cursors_without(const Segment& segment) const DURAMEN_EXCLUDES(mutex_);
  void count_lost_rows(const Cursor& cursor) DURAMEN_REQUIRES(work_mutex_);

  // Deleting rows (local_store_deletion.cc).
  Result<Deletion> find_deletion(std::uint64_t id) const DURAMEN_EXCLUDES(mutex_);
  Result<void> write_deletion(const Deletion& deletion, rocksdb::WriteBatch& batch)
      DURAMEN_REQUIRES(work_mutex_) DURAMEN_EXCLUDES(mutex_);
  Result<void> rewrite_hidden(const EraseProgress& progress, std::vector<std::string>& problems)
      DURAMEN_REQUIRES(erase_mutex_);
  Result<void> rewrite(std::span<const DirectoryEntry> blocks, std::vector<std::string>& problems)
      DURAMEN_REQUIRES(erase_mutex_);
  Result<void> commit_rewritten(const std::vector<DirectoryEntry>& before,
                                const std::vector<std::optional<EncodedBlock>>& after)
      DURAMEN_REQUIRES(work_mutex_);
  Result<void> wait_for_readers(const std::set<std::string>& segments,
                                const EraseProgress& progress) DURAMEN_REQUIRES(erase_mutex_);
  Result<void> remove_values(const std::map<model::BlockId, std::string>& gone,
                             const EraseProgress& progress) DURAMEN_REQUIRES(erase_mutex_);
  Result<void> clean_files(std::set<std::string>& segments, const EraseProgress& progress,
                           std::vector<std::string>& problems) DURAMEN_REQUIRES(erase_mutex_);
  Result<void> check_values(const Segment& segment) const;
  Result<void> forget_gone(const std::map<model::BlockId, std::string>& gone)
      DURAMEN_REQUIRES(erase_mutex_);

  std::atomic<bool> interrupted_{false};

  const StoreOptions options_;
  const Clock& clock_;
  MetricRegistry& metrics_;
  DirectoryLock lock_;
  std::shared_ptr<Database> database_;
  std::shared_ptr<Catalog> catalog_;
  std::unique_ptr<Journal> journal_;

  Counter& epochs_;
  Counter& blocks_;
  Counter& dropped_segments_;
  LatencyHistogram& epoch_seconds_;
  /// Of a gauge, which may be asked after this is gone.
  const std::shared_ptr<std::atomic<std::uint64_t>> held_segments_;

  /// Held while blocks are committed or dropped: what the builder and retention change.
  Mutex work_mutex_;
  std::map<std::string, Database::Family> unregistered_ DURAMEN_GUARDED_BY(work_mutex_);
  /// Cursors that have a series of their own in the metrics.
  std::set<std::string> metered_cursors_ DURAMEN_GUARDED_BY(work_mutex_);
  Mutex erase_mutex_;            ///< held, before work_mutex_, while hidden rows are erased
  model::BlockId block_end_{1};  ///< constant after start()
  StoreState state_;             // store_id is constant after start(); the rest under work_mutex_

  mutable Mutex mutex_;
  CondVar changed_;
  std::uint64_t seals_wanted_ DURAMEN_GUARDED_BY(mutex_) = 0;
  std::uint64_t seals_done_ DURAMEN_GUARDED_BY(mutex_) = 0;
  std::optional<Error> seal_error_ DURAMEN_GUARDED_BY(mutex_);
  Retention retention_ DURAMEN_GUARDED_BY(mutex_);
  std::map<std::uint64_t, Deletion> deletions_ DURAMEN_GUARDED_BY(mutex_);
  std::map<std::string, Cursor> cursors_ DURAMEN_GUARDED_BY(mutex_);  // written under work_mutex_
  /// What retention would drop, and since when.
  std::map<std::string, TimeNs> held_since_ DURAMEN_GUARDED_BY(mutex_);
  bool housekeeping_wanted_ DURAMEN_GUARDED_BY(mutex_) = false;
  bool committed_ DURAMEN_GUARDED_BY(mutex_) = false;
  bool draining_ DURAMEN_GUARDED_BY(mutex_) = false;
  bool closing_ DURAMEN_GUARDED_BY(mutex_) = false;
  bool closed_ DURAMEN_GUARDED_BY(mutex_) = false;
  std::thread builder_;

  Mutex listener_mutex_;
  std::function<void()> listener_ DURAMEN_GUARDED_BY(listener_mutex_);
};

}  // namespace duramen::store
