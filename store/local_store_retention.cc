// What leaves: segments by the rules of their classes, and what cursors have to do with that.

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "store/keys.h"
#include "store/local_store.h"

namespace duramen::store {
namespace {

/// The series of cursors beyond those that have one of their own; no cursor's name.
constexpr const char* kOtherCursors = "_other";

/// The last seq of the rows in it that are seen; 0: there are none.
model::Seq last_seen(const Segment& segment) {
  model::Seq last(0);
  for (const DirectoryEntry& block : segment.blocks) {
    if (block.seen_rows() != 0) last = std::max(last, block.summary.max_seq);
  }
  return last;
}

/// Rows of the segment behind a position; without any, `rows` is 0.
CursorGap gap_behind(const Segment& segment, model::Seq position) {
  CursorGap gap;
  for (const DirectoryEntry& block : segment.blocks) {
    const model::Seq last = block.summary.max_seq;
    if (last <= position || block.seen_rows() == 0) continue;
    const model::Seq first = std::max(block.summary.min_seq, position.plus(1));
    gap.first = gap.rows == 0 ? first : std::min(gap.first, first);
    gap.last = std::max(gap.last, last);
    gap.rows += std::min<std::uint64_t>(block.seen_rows(), last.value() - first.value() + 1);
  }
  return gap;
}

}  // namespace

Retention LocalStore::retention() const {
  const MutexLock lock(mutex_);
  return retention_;
}

void LocalStore::set_retention(Retention retention) {
  const MutexLock lock(mutex_);
  retention_ = std::move(retention);
  housekeeping_wanted_ = true;
  changed_.notify_all();
}

std::string LocalStore::holder_of(const Segment& segment) const {
  const model::Seq last = last_seen(segment);
  const Cursor* holder = nullptr;
  for (const auto& [name, cursor] : cursors_) {
    if (!cursor.hold || cursor.position >= last) continue;
    if (holder == nullptr || cursor.position < holder->position) holder = &cursor;
  }
  return holder == nullptr ? std::string() : holder->name;
}

std::vector<AgedSegment> LocalStore::aged_segments(const Retention& retention) const {
  std::vector<AgedSegment> out;
  const std::vector<SegmentPtr> segments = catalog_->segments();
  const MutexLock lock(mutex_);
  for (const SegmentPtr& segment : segments) {
    AgedSegment& aged = out.emplace_back(AgedSegment{segment->name, segment->id, 0});
    for (const DirectoryEntry& block : segment->blocks) aged.disk_bytes += block.stored_bytes();
    aged.held = retention.hold_for_sinks && !holder_of(*segment).empty();
  }
  return out;
}

/// Says once of each that it is held.
void LocalStore::note_held(const std::vector<std::string>& names) {
  std::map<std::string, TimeNs> since;
  const MutexLock lock(mutex_);
  for (const std::string& name : names) {
    const auto before = held_since_.find(name);
    since[name] = before != held_since_.end() ? before->second : clock_.now();
    const SegmentPtr segment = catalog_->find_segment(name);
    if (before != held_since_.end() || segment == nullptr) continue;
    log_info("retention would drop a segment that a cursor holds",
             {{"segment", name}, {"cursor", holder_of(*segment)}});
  }
  held_since_ = std::move(since);
  held_segments_->store(held_since_.size());
}

Result<std::vector<std::string>> LocalStore::enforce_retention() {
  const MutexLock work(work_mutex_);
  const Retention rules = retention();
  const RetentionVerdict verdict = segments_to_drop(aged_segments(rules), rules, clock_.now());
  note_held(verdict.held);
  for (const std::string& name : verdict.drop) DURAMEN_TRY_VOID(drop_segment(name));
  return verdict.drop;
}

std::vector<Cursor> LocalStore::cursors_without(const Segment& segment) const {
  std::vector<Cursor> out;
  const MutexLock lock(mutex_);
  for (const auto& [name, cursor] : cursors_) {
    CursorGap gap = gap_behind(segment, cursor.position);
    if (gap.rows == 0) continue;
    gap.segment = segment.name;
    gap.time = clock_.now();
    add_gap(out.emplace_back(cursor), std::move(gap));
  }
  return out;
}

void LocalStore::count_lost_rows(const Cursor& cursor) {
  const CursorGap& gap = cursor.gaps.back();
  if (metered_cursors_.size() < kMaxCursors) metered_cursors_.insert(cursor.name);
  const bool own = metered_cursors_.contains(cursor.name);
  metrics_
      .counter("duramen_store_cursor_gap_rows_total",
               "Rows that retention dropped before the cursor had passed them, at most",
               {{"cursor", own ? cursor.name : kOtherCursors}})
      .add(gap.rows);
  log_warning("retention drops rows that a cursor has not passed",
              {{"cursor", cursor.name}, {"segment", gap.segment}, {"rows", gap.rows}});
}

Result<void> LocalStore::drop_segment(const std::string& name) {
  const SegmentPtr segment = catalog_->find_segment(name);
  const std::vector<Cursor> cursors = cursors_without(*segment);
  rocksdb::WriteBatch batch;
  rocksdb::ColumnFamilyHandle* meta = database_->meta().get();
  for (const DirectoryEntry& block : segment->blocks) {
    batch.Delete(meta, directory_key(block.window, block.block)).PermitUncheckedError();
    if (block.hidden != nullptr) {
      batch.Delete(meta, meta_key(MetaKind::kHiddenRows, block.block.value()))
          .PermitUncheckedError();
    }
  }
  for (const Cursor& cursor : cursors) {
    batch.Put(meta, cursor_key(cursor.name), encode_cursor(cursor)).PermitUncheckedError();
  }
  batch.Delete(meta, segment_key(name)).PermitUncheckedError();
  DURAMEN_TRY_VOID(database_->write(batch, true));
  for (const Cursor& cursor : cursors) {
    count_lost_rows(cursor);
    const MutexLock lock(mutex_);
    cursors_[cursor.name] = cursor;
  }
  catalog_->remove_segment(name);
  dropped_segments_.add();
  log_info("retention drops a segment", {{"segment", name}, {"blocks", segment->blocks.size()}});
  return database_->drop_segment(segment->family);
}

void LocalStore::describe_retention(StoreStatus& status) const {
  const MutexLock lock(mutex_);
  status.retention = retention_;
  status.classes = class_statuses(status.segments, retention_);
  for (const auto& [name, cursor] : cursors_) status.cursors.push_back(cursor);
  for (const auto& [name, since] : held_since_) {
    const SegmentPtr segment = catalog_->find_segment(name);
    const std::string holder = segment == nullptr ? std::string() : holder_of(*segment);
    if (!holder.empty()) status.held.push_back({name, holder, since});
  }
}

// ---- cursors

std::vector<Cursor> LocalStore::cursors() const {
  std::vector<Cursor> out;
  const MutexLock lock(mutex_);
  for (const auto& [name, cursor] : cursors_) out.push_back(cursor);
  return out;
}

Result<Cursor> LocalStore::put_cursor(const std::string& name, model::Seq position,
                                      std::optional<bool> hold) {
  if (!is_cursor_name(name)) {
    return Error{ErrorCode::kInvalidArgument,
                 "a cursor's name has letters, digits, '-', '_' and '.', the first a letter or a "
                 "digit, at most " +
                     std::to_string(kMaxCursorName) + " of them"};
  }
  const MutexLock work(work_mutex_);
  if (const model::Seq durable = catalog_->durable(); position > durable) {
    return Error{ErrorCode::kInvalidArgument, "the position " + std::to_string(position.value()) +
                                                  " lies behind what is stored, which ends at " +
                                                  std::to_string(durable.value())};
  }
  Cursor cursor;
  {
    const MutexLock lock(mutex_);
    const auto at = cursors_.find(name);
    if (at == cursors_.end() && cursors_.size() >= kMaxCursors) {
      return Error{ErrorCode::kResourceExhausted, "there are " + std::to_string(kMaxCursors) +
                                                      " cursors, and no more can be; remove one "
                                                      "that nobody uses"};
    }
    if (at != cursors_.end()) cursor = at->second;
  }
  cursor.name = name;
  cursor.position = position;
  cursor.hold = hold.value_or(cursor.hold);
  cursor.moved = clock_.now();
  rocksdb::WriteBatch batch;
  batch.Put(database_->meta().get(), cursor_key(name), encode_cursor(cursor))
      .PermitUncheckedError();
  DURAMEN_TRY_VOID(database_->write(batch, true));
  const MutexLock lock(mutex_);
  cursors_[name] = cursor;
  return cursor;
}

Result<void> LocalStore::remove_cursor(const std::string& name) {
  const MutexLock work(work_mutex_);
  {
    const MutexLock lock(mutex_);
    if (!cursors_.contains(name)) {
      return Error{ErrorCode::kNotFound, "there is no cursor " + name};
    }
  }
  rocksdb::WriteBatch batch;
  batch.Delete(database_->meta().get(), cursor_key(name)).PermitUncheckedError();
  DURAMEN_TRY_VOID(database_->write(batch, true));
  const MutexLock lock(mutex_);
  cursors_.erase(name);
  return {};
}

}  // namespace duramen::store
