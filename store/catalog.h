#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "model/record_batch.h"
#include "store/block_cache.h"
#include "store/block_reader.h"
#include "store/database.h"
#include "store/directory.h"
#include "store/salvage/put_aside.h"
#include "store/store.h"

namespace duramen::store {

/// One journaled batch, or several small ones joined, that is in no block yet.
struct OpenBatch {
  model::RowSet rows;
  std::uint64_t packed_bytes = 0;  ///< as it lies in the journal
  std::uint64_t raw_bytes = 0;
  std::uint64_t weight = 0;  ///< RecordBatch::weight(), and the identities of a joined one
};
OpenBatch open_batch(model::RowSet rows, std::uint64_t packed_bytes);

/// One segment as it is published: replaced whole, never changed in place.
struct Segment {
  std::string name;
  SegmentId id;
  Database::Family family;
  std::vector<DirectoryEntry> blocks;
};
using SegmentPtr = std::shared_ptr<const Segment>;

/// A block that is to be another one, or none.
struct BlockChange {
  std::string segment;
  model::BlockId block;
  std::optional<DirectoryEntry> now;
};

/// What readers see: open rows, blocks and the durable seq, always consistent with each other.
/// Internal to store/.
///
/// Threading: any thread. The commit thread publishes rows, the builder thread publishes epochs and
/// drops; both are short. Blocking: wait_for_room waits for the builder.
class Catalog {
 public:
  /// Without `aside` nothing on disk is changed, not even to mend what can be mended.
  Catalog(std::shared_ptr<Database> database, std::shared_ptr<BlockCache> cache,
          std::uint64_t open_limit, Counter& damaged_blocks, std::optional<PutAside> aside)
      : database_(std::move(database)),
        cache_(std::move(cache)),
        open_limit_(open_limit),
        damaged_counter_(damaged_blocks),
        aside_(std::move(aside)) {}

  // Recovery, before any other thread.
  /// `next`: behind every seq in the segments; after damage more than `built`.
  void restore(model::Seq built, model::Seq next, const std::map<std::string, Segment>& segments);
  void restore_rows(OpenBatch batch);

  // The commit thread.
  void publish_rows(std::vector<OpenBatch> batches, model::Seq durable);
  /// Waits until open rows are under the limit; false when stop() came first.
  bool wait_for_room();
  void stop();

  // The builder thread.
  struct OpenState {
    std::size_t batches = 0;
    std::uint64_t weight = 0;
    bool full = false;  ///< appends wait for room
    model::Seq durable;
    model::Seq built;
    TimeNs oldest = 0;  ///< received time of the oldest open row
  };
  OpenState open_state() const;
  /// The oldest open batches up to about this weight (at least one when there is any), and to a gap
  /// in the seqs: so an epoch is a run of them, and says by its blocks' seqs which.
  std::vector<OpenBatch> first_batches(std::uint64_t weight) const;
  /// Joins runs of small batches, so that a snapshot copies few pointers.
  void join_small_batches();
  /// The epoch's blocks appear and its `batches` open batches go, in one step.
  void publish_epoch(std::size_t batches, model::Seq built,
                     const std::vector<DirectoryEntry>& blocks);
  void add_segment(Segment segment);
  void remove_segment(const std::string& name);
  /// All of them in one step. What is not there is passed over.
  void change_blocks(const std::vector<BlockChange>& changes);
  /// These segments as they were before changes, as far as somebody still reads them so: each is
  /// gone when the last of those lets go of it.
  std::vector<std::weak_ptr<const Segment>> still_read(const std::set<std::string>& segments);

  std::shared_ptr<const Snapshot> snapshot(std::shared_ptr<Catalog> self) const;
  model::Seq durable() const;
  OpenRows open_rows_after(model::Seq after) const;
  SegmentPtr find_segment(const std::string& name) const;
  std::vector<SegmentPtr> segments() const;
  void report_damage(const DirectoryEntry& block, const std::string& what);
  /// Fills rows, bytes, segments, damage.
  void describe(StoreStatus& status) const;
  /// All four values of a block, read from disk and decoded, without its hidden rows. Errors as
  /// Snapshot::read.
  Result<model::RowSet> read_block(const Segment& segment, const DirectoryEntry& block);
  /// Errors as Snapshot::open.
  Result<std::unique_ptr<BlockReader>> open_block(SegmentPtr segment,
                                                  const DirectoryEntry& block) const;

 private:
  friend class LocalSnapshot;
  Result<model::RowSet> read_parts(const Segment& segment, const DirectoryEntry& block) const;
  bool mend(const Segment& segment);
  void publish(Segment segment) DURAMEN_REQUIRES(mutex_);

  std::shared_ptr<Database> database_;
  const std::shared_ptr<BlockCache> cache_;
  const std::uint64_t open_limit_;
  Counter& damaged_counter_;
  const std::optional<PutAside> aside_;

  mutable Mutex mutex_;
  CondVar room_;
  std::vector<OpenBatch> open_ DURAMEN_GUARDED_BY(mutex_);
  std::uint64_t open_weight_ DURAMEN_GUARDED_BY(mutex_) = 0;
  model::Seq durable_ DURAMEN_GUARDED_BY(mutex_);
  model::Seq built_ DURAMEN_GUARDED_BY(mutex_){1};
  model::Seq blocks_end_ DURAMEN_GUARDED_BY(mutex_){1};  ///< behind every seq in blocks
  std::map<std::string, SegmentPtr> segments_ DURAMEN_GUARDED_BY(mutex_);
  /// Replaced, and perhaps still read.
  std::vector<std::weak_ptr<const Segment>> replaced_ DURAMEN_GUARDED_BY(mutex_);
  std::map<model::BlockId, std::string> damaged_ DURAMEN_GUARDED_BY(mutex_);
  Mutex mend_mutex_;  ///< held while a segment's tables are mended
  std::map<std::string, bool> mended_ DURAMEN_GUARDED_BY(mend_mutex_);  ///< tried once; did it help
  bool stopped_ DURAMEN_GUARDED_BY(mutex_) = false;
};

}  // namespace duramen::store
