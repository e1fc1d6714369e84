// The builder thread: what makes blocks of open rows, epoch by epoch.

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/bytes.h"
#include "base/log.h"
#include "store/block_commit.h"
#include "store/keys.h"
#include "store/local_store.h"

namespace duramen::store {
namespace {

constexpr auto kTick = std::chrono::seconds(1);
constexpr TimeNs kHousekeepingEvery = 10 * kNsPerSecond;
constexpr std::size_t kJoinSmallAt = 256;

}  // namespace

/// False when closing.
bool LocalStore::wait_for_work() {
  const MutexLock lock(mutex_);
  if (!closing_ && !committed_ && seals_done_ == seals_wanted_ && !housekeeping_wanted_) {
    changed_.wait_for(mutex_, kTick);
  }
  committed_ = false;
  return !closing_;
}

void LocalStore::run_builder() {
  TimeNs last_housekeeping = 0;
  while (wait_for_work()) {
    if (catalog_->open_state().batches >= kJoinSmallAt) catalog_->join_small_batches();
    std::uint64_t seal = 0;
    bool tidy = false;
    {
      const MutexLock lock(mutex_);
      seal = seals_wanted_ != seals_done_ ? seals_wanted_ : 0;
      tidy = std::exchange(housekeeping_wanted_, false);
    }
    std::optional<Error> failed;
    const model::Seq until = catalog_->open_state().durable;
    while (!failed && (epoch_due() || (seal != 0 && rows_open_up_to(until)))) {
      if (auto built = build_epoch(); !built) failed = std::move(built).error();
    }
    if (seal != 0) {
      const MutexLock lock(mutex_);
      seal_error_ = failed;
      seals_done_ = seal;
      changed_.notify_all();
    }
    if (failed) after_failed_epoch(*failed);
    const TimeNs now = clock_.now();
    if (tidy || now - last_housekeeping >= kHousekeepingEvery || now < last_housekeeping) {
      last_housekeeping = now;
      housekeeping();
    }
  }
}

void LocalStore::after_failed_epoch(const Error& error) {
  log_error("building an epoch failed; its rows stay in the journal", {{"error", error.message}});
  if (auto resumed = database_->resume(); !resumed) {
    log_error("the database cannot be resumed", {{"error", resumed.error().message}});
  }
  const MutexLock lock(mutex_);
  if (draining_) {
    catalog_->stop();  // nobody will make room any more: let the commit thread go
  } else if (!closing_) {
    changed_.wait_for(mutex_, kTick);
  }
}

Result<void> LocalStore::build_epoch() {
  const auto started = std::chrono::steady_clock::now();
  const std::vector<OpenBatch> batches = catalog_->first_batches(options_.epoch_raw_bytes);
  if (batches.empty()) return {};
  const std::vector<PlannedBlock> plan =
      plan_blocks(batches, options_.block_raw_bytes, retention().classes);
  DURAMEN_TRY(const auto blocks, encode_blocks(plan, {options_.zstd_level}));
  const MutexLock work(work_mutex_);
  std::set<SegmentId> segments;
  for (const PlannedBlock& block : plan) segments.insert(block.segment);
  DURAMEN_TRY_VOID(ensure_segments(segments));
  DURAMEN_TRY_VOID(commit_epoch(batches, plan, blocks));
  epochs_.add();
  blocks_.add(blocks.size());
  epoch_seconds_.observe(
      std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
  return {};
}

std::set<SegmentId> LocalStore::segments_ahead() const {
  const std::int64_t today = day_of(clock_.now());
  std::set<SegmentId> out;
  const auto add = [&](const std::string& retention_class) {
    out.insert({today, retention_class});
    out.insert({today + 1, retention_class});
  };
  add(std::string(kDefaultClass));
  const Retention rules = retention();
  for (const SegmentPtr& segment : catalog_->segments()) {
    if (segment->id.day < today - 1 || segment->blocks.empty()) continue;
    if (find_class(rules.classes, segment->id.retention_class) == nullptr) continue;
    add(segment->id.retention_class);
  }
  return out;
}

Result<void> LocalStore::ensure_segments(const std::set<SegmentId>& ids) {
  std::map<std::string, SegmentId> missing;
  std::vector<std::string> unmade;
  for (const SegmentId& id : ids) {
    const std::string name = segment_name(id);
    if (catalog_->find_segment(name) != nullptr) continue;
    missing[name] = id;
    if (!unregistered_.contains(name)) unmade.push_back(name);
  }
  if (missing.empty()) return {};
  if (!unmade.empty()) {
    DURAMEN_TRY(const auto families, database_->create_segments(unmade));
    // Kept until they are registered: a failed registration is tried again with the same families.
    for (std::size_t i = 0; i < unmade.size(); ++i) unregistered_[unmade[i]] = families[i];
  }
  rocksdb::WriteBatch batch;
  for (const auto& [name, id] : missing) {
    batch
        .Put(database_->meta().get(), segment_key(name),
             encode_segment_value(id.day, id.retention_class))
        .PermitUncheckedError();
  }
  DURAMEN_TRY_VOID(database_->write(batch, true));
  for (const auto& [name, id] : missing) {
    catalog_->add_segment({name, id, unregistered_[name], {}});
    unregistered_.erase(name);
  }
  return {};
}

Result<void> LocalStore::commit_epoch(const std::vector<OpenBatch>& batches,
                                      const std::vector<PlannedBlock>& plan,
                                      const std::vector<EncodedBlock>& blocks) {
  const model::RowSet& last = batches.back().rows;
  const model::Seq begin = batches.front().rows.identity(0).seq;
  const model::Seq end = last.identity(last.rows() - 1).seq.plus(1);
  Window window = state_.window;
  if (window.raw_bytes >= options_.window_raw_bytes) {
    window = {window.id.plus(1), begin, begin, 0};
  }
  window.end = std::max(window.end, end);
  for (const OpenBatch& batch : batches) window.raw_bytes += batch.raw_bytes;

  rocksdb::WriteBatch batch;
  rocksdb::ColumnFamilyHandle* meta = database_->meta().get();
  model::BlockId id = state_.next_block;
  std::vector<DirectoryEntry> entries;
  for (std::size_t i = 0; i < blocks.size(); ++i, id = id.plus(1)) {
    entries.push_back(directory_entry(blocks[i], window.id, id, segment_name(plan[i].segment)));
    const SegmentPtr segment = catalog_->find_segment(entries.back().segment);
    put_block(*database_, segment->family, entries.back(), blocks[i].bytes, batch);
  }
  batch.Put(meta, meta_key(MetaKind::kWindow, window.id.value()), encode_window_value(window))
      .PermitUncheckedError();
  batch.Put(meta, meta_key(MetaKind::kNextBlock), number_value(id.value())).PermitUncheckedError();
  batch.Put(meta, meta_key(MetaKind::kBuilt), number_value(end.value())).PermitUncheckedError();
  batch.DeleteRange(database_->journal().get(), journal_key(begin), journal_key(end))
      .PermitUncheckedError();
  // Synced, though the journal has the rows: the next epoch says that they are in blocks, and may
  // lie in a newer log file, which may outlive the tail of this one.
  DURAMEN_TRY_VOID(database_->write(batch, options_.sync));
  state_.window = window;
  state_.next_block = id;
  catalog_->publish_epoch(batches.size(), end, entries);
  return {};
}

}  // namespace duramen::store
