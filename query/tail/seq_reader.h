#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "index/index.h"
#include "model/ids.h"
#include "query/progress.h"
#include "query/scan/unit_reader.h"
#include "query/tail/chunk.h"
#include "query/tail/tail_query.h"
#include "store/store.h"

namespace duramen::query {

/// Reads the rows of a snapshot that match in the order of their seqs, forwards or backwards, a
/// window of seqs at a time: blocks of one epoch share a run of seqs, and are merged.
///
/// Memory: the numbers of one window's rows, and what is decoded of the blocks that it touches.
/// Threading: one thread. Blocking: disk. Ownership: index and progress outlive it.
/// Errors: kCancelled, and those of the store that are not damage; a block that cannot be read is
/// noted and passed over.
class SeqReader {
 public:
  struct Found {
    model::Seq seq;
    std::uint32_t unit = 0;
    std::uint32_t row = 0;
  };

  static Result<std::unique_ptr<SeqReader>> open(std::shared_ptr<const TailQuery> query,
                                                 std::shared_ptr<const store::Snapshot> snapshot,
                                                 const index::Index* index, Progress& progress);
  SeqReader(const SeqReader&) = delete;
  SeqReader& operator=(const SeqReader&) = delete;
  SeqReader(SeqReader&&) = delete;
  SeqReader& operator=(SeqReader&&) = delete;
  ~SeqReader();

  /// What the snapshot has.
  model::Seq end() const { return snapshot_->seq(); }
  /// The lowest seq that is stored; none in an empty store.
  std::optional<model::Seq> oldest() const { return oldest_; }
  /// Fills found() with the next rows behind `after`, up to `until`; gives the seq up to which it
  /// has looked, `until` at the end.
  Result<model::Seq> find_behind(model::Seq after, model::Seq until);
  /// The same backwards, from `last` on; gives the seq behind which it has looked, 0 at the end.
  Result<model::Seq> find_back(model::Seq last);
  /// Of the last window, rising.
  const std::vector<Found>& found() const { return found_; }
  /// Appends `count` rows of found() from `first` on as lines.
  Result<void> append(std::size_t first, std::size_t count, TailChunk& to);
  /// Blocks that could not be read.
  std::vector<std::string> damage() const { return notes_.texts(); }

 private:
  struct Unit {
    ScanUnit read;
    model::Seq first;
    model::Seq last;
  };
  SeqReader(std::shared_ptr<const TailQuery> query, std::shared_ptr<const store::Snapshot> snapshot,
            Progress& progress)
      : query_(std::move(query)), snapshot_(std::move(snapshot)), progress_(progress) {}
  Result<void> plan(const index::Index* index);
  Result<void> look(model::Seq after, model::Seq up_to);
  Result<void> look_at(std::uint32_t unit);
  /// Leaves out of `rows_` what an operation of the query drops.
  Result<bool> narrow(UnitReader& reader);

  const std::shared_ptr<const TailQuery> query_;
  const std::shared_ptr<const store::Snapshot> snapshot_;
  Progress& progress_;
  DamageNotes notes_;
  std::vector<Unit> units_;  ///< by their first seq
  std::optional<model::Seq> oldest_;
  std::optional<ReadContext> context_;
  std::map<std::uint32_t, std::unique_ptr<UnitReader>> open_;  ///< units of the window
  std::vector<Found> found_;
  std::vector<std::uint32_t> rows_;
};

}  // namespace duramen::query
