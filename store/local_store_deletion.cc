// Deleting rows: hide them in one step, write their blocks again, then clean the files.

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <chrono>
#include <unordered_map>
#include <utility>

#include "base/bytes.h"
#include "base/log.h"
#include "base/parallel.h"
#include "store/block_commit.h"
#include "store/keys.h"
#include "store/local_store.h"

namespace duramen::store {
namespace {

constexpr auto kLookEvery = std::chrono::milliseconds(50);
/// Blocks of one synced write.
constexpr std::size_t kBlocksAtOnce = 4;

std::string name_of(const DirectoryEntry& block) {
  return "block " + std::to_string(block.block.value()) + " of " + block.segment;
}

std::string hidden_key(model::BlockId block) {
  return meta_key(MetaKind::kHiddenRows, block.value());
}
std::string gone_key(model::BlockId block) { return meta_key(MetaKind::kGoneBlock, block.value()); }

Error cancelled() { return {ErrorCode::kCancelled, "the store is closing"}; }

/// `more` counts only the rows that `before` leaves.
RowMarks both(const std::shared_ptr<const HiddenRows>& before, const RowMarks& more) {
  if (before == nullptr) return more;
  RowMarks out;
  const std::vector<std::uint32_t> gone = before->rows.rows();
  auto next = gone.begin();
  std::uint32_t row = 0;   // as it lies in the block
  std::uint32_t seen = 0;  // those before it that were seen
  const auto add_gone = [&] {
    for (; next != gone.end() && *next == row; ++next, ++row) out.add(row);
  };
  for (const std::uint32_t marked : more.rows()) {
    for (add_gone(); seen < marked; ++seen, ++row, add_gone()) {
    }
    out.add(row++);
    ++seen;
  }
  for (; next != gone.end(); ++next) out.add(*next);
  return out;
}

/// What is left of a block.
Result<std::optional<EncodedBlock>> encode_rest(const model::RowSet& rows, const RowMarks& hidden,
                                                const BlockEncodeOptions& options) {
  std::vector<RowRef> rest;
  const std::vector<std::uint32_t> gone = hidden.rows();
  auto next = gone.begin();
  for (std::uint32_t row = 0; row < rows.rows(); ++row) {
    if (next != gone.end() && *next == row) {
      ++next;
    } else {
      rest.push_back({&rows, row});
    }
  }
  if (rest.empty()) return std::optional<EncodedBlock>();
  DURAMEN_TRY(auto block, encode_block(rest, options));
  return std::optional(std::move(block));
}

bool has_block(const Segment& segment, model::BlockId block) {
  return std::any_of(segment.blocks.begin(), segment.blocks.end(),
                     [&](const DirectoryEntry& entry) { return entry.block == block; });
}

}  // namespace

// ---- the record of deletions

std::vector<Deletion> LocalStore::deletions() const {
  const MutexLock lock(mutex_);
  std::vector<Deletion> out;
  for (const auto& [id, deletion] : deletions_) out.push_back(deletion);
  return out;
}

Result<Deletion> LocalStore::find_deletion(std::uint64_t id) const {
  const MutexLock lock(mutex_);
  const auto found = deletions_.find(id);
  if (found != deletions_.end() && found->second.is_open()) return found->second;
  return Error{ErrorCode::kInvalidArgument, "no deletion " + std::to_string(id) + " is open"};
}

/// With what else is in `batch`.
Result<void> LocalStore::write_deletion(const Deletion& deletion, rocksdb::WriteBatch& batch) {
  batch
      .Put(database_->meta().get(), meta_key(MetaKind::kDeletion, deletion.id),
           encode_deletion(deletion))
      .PermitUncheckedError();
  DURAMEN_TRY_VOID(database_->write(batch, options_.sync));
  const MutexLock lock(mutex_);
  deletions_[deletion.id] = deletion;
  return {};
}

Result<Deletion> LocalStore::plan_deletion(Deletion deletion) {
  const MutexLock work(work_mutex_);
  rocksdb::WriteBatch batch;
  std::optional<std::uint64_t> forgotten;
  {
    const MutexLock lock(mutex_);
    deletion.id = deletions_.empty() ? 1 : deletions_.rbegin()->first + 1;
    if (deletions_.size() >= kMaxDeletions) {
      const auto ended = std::find_if(deletions_.begin(), deletions_.end(),
                                      [](const auto& one) { return !one.second.is_open(); });
      if (ended == deletions_.end()) {
        return Error{
            ErrorCode::kResourceExhausted,
            std::to_string(kMaxDeletions) + " deletions wait: let them end, or cancel some"};
      }
      forgotten = ended->first;
    }
  }
  deletion.state = DeletionState::kPlanned;
  if (forgotten) {
    batch.Delete(database_->meta().get(), meta_key(MetaKind::kDeletion, *forgotten))
        .PermitUncheckedError();
  }
  DURAMEN_TRY_VOID(write_deletion(deletion, batch));
  const MutexLock lock(mutex_);
  if (forgotten) deletions_.erase(*forgotten);
  return deletion;
}

Result<Deletion> LocalStore::end_deletion(std::uint64_t id, DeletionState state,
                                          std::string problem) {
  const MutexLock work(work_mutex_);
  DURAMEN_TRY(Deletion deletion, find_deletion(id));
  const bool was_hidden = deletion.state == DeletionState::kHidden;
  if (was_hidden != (state == DeletionState::kDone)) {
    return Error{ErrorCode::kInvalidArgument,
                 "deletion " + std::to_string(id) + " cannot end so: its rows are " +
                     (was_hidden ? "hidden already" : "not hidden yet")};
  }
  deletion.state = state;
  deletion.problem = std::move(problem);
  deletion.ended = clock_.now();
  rocksdb::WriteBatch batch;
  DURAMEN_TRY_VOID(write_deletion(deletion, batch));
  return deletion;
}

// ---- hiding rows

Result<Deletion> LocalStore::hide_rows(std::uint64_t id, const std::vector<MarkedBlock>& rows,
                                       std::string problem) {
  const MutexLock work(work_mutex_);
  DURAMEN_TRY(Deletion deletion, find_deletion(id));
  if (deletion.state != DeletionState::kPlanned) {
    return Error{ErrorCode::kInvalidArgument,
                 "the rows of deletion " + std::to_string(id) + " are hidden already"};
  }
  std::unordered_map<std::uint64_t, const MarkedBlock*> marked;
  for (const MarkedBlock& block : rows) {
    if (block.rows.count() != 0) marked.emplace(block.block.value(), &block);
  }
  rocksdb::WriteBatch batch;
  std::vector<BlockChange> changes;
  for (const SegmentPtr& segment : catalog_->segments()) {
    for (const DirectoryEntry& block : segment->blocks) {
      const auto found = marked.find(block.block.value());
      if (found == marked.end()) continue;
      HiddenRows hidden{id, both(block.hidden, found->second->rows)};
      if (hidden.rows.end() > block.summary.rows) {
        return Error{ErrorCode::kInvalidArgument,
                     name_of(block) + " has no row " + std::to_string(hidden.rows.end() - 1)};
      }
      batch.Put(database_->meta().get(), hidden_key(block.block), encode_hidden_rows(hidden))
          .PermitUncheckedError();
      deletion.rows += found->second->rows.count();
      ++deletion.blocks;
      changes.push_back({segment->name, block.block, block});
      changes.back().now->hidden = std::make_shared<const HiddenRows>(std::move(hidden));
    }
  }
  deletion.state = DeletionState::kHidden;
  deletion.hidden = clock_.now();
  deletion.problem = std::move(problem);
  DURAMEN_TRY_VOID(write_deletion(deletion, batch));
  catalog_->change_blocks(changes);
  return deletion;
}

// ---- erasing what is hidden

Result<std::vector<std::string>> LocalStore::erase_hidden_rows(const EraseProgress& progress) {
  const MutexLock erasing(erase_mutex_);
  std::vector<std::string> problems;
  DURAMEN_TRY_VOID(rewrite_hidden(progress, problems));
  std::map<model::BlockId, std::string> gone;
  {
    const MutexLock work(work_mutex_);
    gone = state_.gone_blocks;
  }
  if (gone.empty()) return problems;
  std::set<std::string> segments;
  for (const auto& [block, segment] : gone) segments.insert(segment);
  DURAMEN_TRY_VOID(wait_for_readers(segments, progress));
  DURAMEN_TRY_VOID(remove_values(gone, progress));
  DURAMEN_TRY_VOID(clean_files(segments, progress, problems));
  std::erase_if(gone, [&](const auto& block) { return !segments.contains(block.second); });
  DURAMEN_TRY_VOID(forget_gone(gone));
  return problems;
}

Result<void> LocalStore::rewrite_hidden(const EraseProgress& progress,
                                        std::vector<std::string>& problems) {
  std::vector<DirectoryEntry> hidden;
  for (const SegmentPtr& segment : catalog_->segments()) {
    for (const DirectoryEntry& block : segment->blocks) {
      if (block.hidden != nullptr) hidden.push_back(block);
    }
  }
  for (std::size_t done = 0; done < hidden.size(); done += kBlocksAtOnce) {
    if (interrupted_) return cancelled();
    if (progress) progress(ErasePhase::kRewriting, done, hidden.size());
    const std::size_t count = std::min(kBlocksAtOnce, hidden.size() - done);
    DURAMEN_TRY_VOID(rewrite(std::span(hidden).subspan(done, count), problems));
  }
  return {};
}

Result<void> LocalStore::rewrite(std::span<const DirectoryEntry> blocks,
                                 std::vector<std::string>& problems) {
  using Rest = Result<std::optional<EncodedBlock>>;
  std::vector<std::optional<Rest>> rests(blocks.size());
  for_each_index(blocks.size(), [&](std::size_t i) {
    const SegmentPtr segment = catalog_->find_segment(blocks[i].segment);
    if (segment == nullptr) return;  // retention was here
    DirectoryEntry whole = blocks[i];
    whole.hidden = nullptr;
    auto rows = catalog_->read_block(*segment, whole);
    rests[i] = rows ? encode_rest(*rows, blocks[i].hidden->rows, {options_.zstd_level})
                    : Rest(std::move(rows).error());
  });
  std::vector<DirectoryEntry> before;
  std::vector<std::optional<EncodedBlock>> after;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (!rests[i]) continue;
    if (!*rests[i]) {
      problems.push_back("its rows are hidden, but still on the disk: " +
                         rests[i]->error().message);
      continue;
    }
    before.push_back(blocks[i]);
    after.push_back(**std::move(rests[i]));
  }
  const MutexLock work(work_mutex_);
  return commit_rewritten(before, after);
}

Result<void> LocalStore::commit_rewritten(const std::vector<DirectoryEntry>& before,
                                          const std::vector<std::optional<EncodedBlock>>& after) {
  rocksdb::WriteBatch batch;
  rocksdb::ColumnFamilyHandle* meta = database_->meta().get();
  model::BlockId id = state_.next_block;
  std::vector<BlockChange> changes;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const DirectoryEntry& old = before[i];
    const SegmentPtr segment = catalog_->find_segment(old.segment);
    if (segment == nullptr || !has_block(*segment, old.block)) continue;
    BlockChange& change = changes.emplace_back(BlockChange{old.segment, old.block, {}});
    if (after[i]) {
      change.now = directory_entry(*after[i], old.window, id, old.segment);
      put_block(*database_, segment->family, *change.now, after[i]->bytes, batch);
      id = id.plus(1);
    }
    batch.Delete(meta, directory_key(old.window, old.block)).PermitUncheckedError();
    batch.Delete(meta, hidden_key(old.block)).PermitUncheckedError();
    batch.Put(meta, gone_key(old.block), old.segment).PermitUncheckedError();
  }
  if (changes.empty()) return {};
  batch.Put(meta, meta_key(MetaKind::kNextBlock), number_value(id.value())).PermitUncheckedError();
  DURAMEN_TRY_VOID(database_->write(batch, options_.sync));
  state_.next_block = id;
  for (const BlockChange& change : changes) state_.gone_blocks[change.block] = change.segment;
  catalog_->change_blocks(changes);
  return {};
}

/// The values of blocks that are gone are still read by snapshots from before.
Result<void> LocalStore::wait_for_readers(const std::set<std::string>& segments,
                                          const EraseProgress& progress) {
  auto readings = catalog_->still_read(segments);
  const std::size_t total = readings.size();
  for (;;) {
    std::erase_if(readings, [](const auto& one) { return one.expired(); });
    if (readings.empty()) return {};
    if (progress) progress(ErasePhase::kWaiting, total - readings.size(), total);
    const MutexLock lock(mutex_);
    if (interrupted_) return cancelled();
    changed_.wait_for(mutex_, kLookEvery);
  }
}

Result<void> LocalStore::remove_values(const std::map<model::BlockId, std::string>& gone,
                                       const EraseProgress& progress) {
  {
    const MutexLock work(work_mutex_);
    rocksdb::WriteBatch batch;
    for (const auto& [block, name] : gone) {
      const SegmentPtr segment = catalog_->find_segment(name);
      if (segment == nullptr) continue;
      for (const BlockPart part : kBlockParts) {
        batch.Delete(segment->family.get(), block_key(part, block)).PermitUncheckedError();
      }
    }
    DURAMEN_TRY_VOID(database_->write(batch, options_.sync));
  }
  // Verifying looks at the database as it was when it began.
  const std::uint64_t removed = database_->latest_sequence();
  while (database_->has_snapshot_before(removed)) {
    if (progress) progress(ErasePhase::kWaiting, 0, 1);
    const MutexLock lock(mutex_);
    if (interrupted_) return cancelled();
    changed_.wait_for(mutex_, kLookEvery);
  }
  return {};
}

/// RocksDB takes no more writes once it met damage while it compacts: so none may be there.
Result<void> LocalStore::check_values(const Segment& segment) const {
  for (const DirectoryEntry& block : segment.blocks) {
    if (interrupted_) return cancelled();
    for (const BlockPart part : kBlockParts) {
      DURAMEN_TRY_VOID(database_->get(segment.family, block_key(part, block.block)));
    }
  }
  return {};
}

/// Leaves those in `segments` whose files hold nothing any more of what is gone.
Result<void> LocalStore::clean_files(std::set<std::string>& segments, const EraseProgress& progress,
                                     std::vector<std::string>& problems) {
  {
    // No segment may go while it is flushed.
    const MutexLock work(work_mutex_);
    std::vector<Database::Family> families;
    for (const SegmentPtr& segment : catalog_->segments()) families.push_back(segment->family);
    DURAMEN_TRY_VOID(database_->flush_all(families));
  }
  DURAMEN_TRY_VOID(database_->write_journal_again());
  std::size_t done = 0;
  const std::size_t total = segments.size();
  for (const std::string& name : std::set(segments)) {
    if (interrupted_) return cancelled();
    if (progress) progress(ErasePhase::kPurging, done++, total);
    const SegmentPtr segment = catalog_->find_segment(name);
    if (segment == nullptr) continue;
    if (auto sound = check_values(*segment); !sound) {
      if (sound.error().code != ErrorCode::kDataLoss) return sound;
      segments.erase(name);
      problems.push_back("segment " + name +
                         " is damaged elsewhere, so that its files stay as they are, with the "
                         "bytes of deleted rows: " +
                         sound.error().message);
      continue;
    }
    auto cleaned = database_->write_segment_again(segment->family, interrupted_);
    if (!cleaned && cleaned.error().code != ErrorCode::kNotFound) return cleaned;
  }
  return {};
}

Result<void> LocalStore::forget_gone(const std::map<model::BlockId, std::string>& gone) {
  const MutexLock work(work_mutex_);
  rocksdb::WriteBatch batch;
  for (const auto& [block, segment] : gone) {
    batch.Delete(database_->meta().get(), gone_key(block)).PermitUncheckedError();
  }
  DURAMEN_TRY_VOID(database_->write(batch, options_.sync));
  for (const auto& [block, segment] : gone) state_.gone_blocks.erase(block);
  return {};
}

}  // namespace duramen::store
