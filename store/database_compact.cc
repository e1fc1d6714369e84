// Flushing, and writing files again without what was deleted from them.

#include <rocksdb/options.h>

#include <filesystem>
#include <system_error>

#include "store/database.h"

namespace duramen::store {
namespace {

constexpr std::size_t kMiB = 1U << 20;
constexpr std::uint64_t kRoomToCompact = 64 * kMiB;
constexpr std::size_t kCompactAt = 8;  ///< level 0 files

}  // namespace

Result<void> Database::flush_all(const std::vector<Family>& segments) {
  std::vector<rocksdb::ColumnFamilyHandle*> handles{default_.get(), meta_.get(), journal_.get(),
                                                    batches_.get()};
  for (const Family& family : segments) handles.push_back(family.get());
  auto status = db_->Flush(rocksdb::FlushOptions(), handles);
  if (!status.ok()) return to_error(status, "flush");
  // Entries that were flushed before their epoch deleted them: worth a compaction only when they
  // are many.
  rocksdb::ColumnFamilyMetaData journal;
  db_->GetColumnFamilyMetaData(journal_.get(), &journal);
  return journal.size < kMiB ? Result<void>() : compact(journal_);
}

/// Not when the disk may fill up meanwhile.
Result<void> Database::compact(const Family& family) {
  rocksdb::ColumnFamilyMetaData meta;
  db_->GetColumnFamilyMetaData(family.get(), &meta);
  std::error_code error;
  const std::uint64_t free = std::filesystem::space(db_->GetName(), error).available;
  if (error || free < 2 * meta.size + kRoomToCompact) return {};
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
  const auto status = db_->CompactRange(options, family.get(), nullptr, nullptr);
  if (!status.ok()) return to_error(status, "compact " + family->GetName());
  return {};
}

Result<void> Database::write_segment_again(const Family& family, std::atomic<bool>& cancelled) {
  rocksdb::ColumnFamilyMetaData meta;
  db_->GetColumnFamilyMetaData(family.get(), &meta);
  const std::uint64_t needed = meta.size + meta.blob_file_size + kRoomToCompact;
  std::error_code error;
  const std::uint64_t free = std::filesystem::space(db_->GetName(), error).available;
  if (error || free < needed) {
    return Error{ErrorCode::kUnavailable, "to write segment " + family->GetName() +
                                              " again needs " + std::to_string(needed) +
                                              " bytes of disk, and " + std::to_string(free) +
                                              " are free: make room"};
  }
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  options.blob_garbage_collection_policy = rocksdb::BlobGarbageCollectionPolicy::kForce;
  options.blob_garbage_collection_age_cutoff = 1.0;
  options.canceled = &cancelled;
  const auto status = db_->CompactRange(options, family.get(), nullptr, nullptr);
  if (status.ok()) return {};
  if (cancelled) return Error{ErrorCode::kCancelled, "the store is closing"};
  if (status.IsColumnFamilyDropped()) {
    return Error{ErrorCode::kNotFound, "segment " + family->GetName() + " was dropped"};
  }
  return to_error(status, "write segment " + family->GetName() + " again");
}

Result<void> Database::write_journal_again() { return compact(journal_); }

bool Database::has_snapshot_before(std::uint64_t sequence) const {
  std::uint64_t oldest = 0;
  if (!db_->GetIntProperty(rocksdb::DB::Properties::kOldestSnapshotSequence, &oldest)) return false;
  return oldest != 0 && oldest < sequence;
}

Result<void> Database::compact_small_families() {
  for (const Family& family : {meta_, journal_, batches_}) {
    rocksdb::ColumnFamilyMetaData meta;
    db_->GetColumnFamilyMetaData(family.get(), &meta);
    const bool many = !meta.levels.empty() && meta.levels[0].files.size() >= kCompactAt;
    if (many) DURAMEN_TRY_VOID(compact(family));
  }
  return {};
}

}  // namespace duramen::store
