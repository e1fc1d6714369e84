#include "query/tail/tail_hub.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "base/log.h"
#include "query/tail/origins.h"

namespace duramen::query {
namespace {

constexpr TimeNs kForEver = std::numeric_limits<TimeNs>::max();
constexpr std::chrono::microseconds kRest{4000};
constexpr std::chrono::microseconds kRestPerTail{25};

}  // namespace

TailEntry::TailEntry(std::uint64_t number, std::shared_ptr<const TailQuery> its_query,
                     const CatchUpPlan& plan, std::size_t queue_bytes,
                     std::function<void()> on_room, store::Store& store, const index::Index* index,
                     const Clock& clock)
    : id(number),
      query(std::move(its_query)),
      started(clock.now()),
      follow(plan.follow),
      queue(std::make_shared<TailQueue>(queue_bytes, std::move(on_room))),
      progress(clock, kForEver, std::numeric_limits<std::uint64_t>::max()),
      read_up_to(plan.after.value()),
      catch_up(query, plan, store, index, clock, progress) {}

TailHub::TailHub(store::Store& store, const index::Index* index, TailOptions options,
                 const Clock& clock, MetricRegistry& metrics)
    : store_(store),
      index_(index),
      options_(std::move(options)),
      clock_(clock),
      started_(metrics.counter("duramen_tails_total", "Tails that were begun.")),
      refused_(metrics.counter("duramen_tails_refused_total",
                               "Tails refused because there were too many.")),
      fell_behind_(metrics.counter("duramen_tail_behind_total",
                                   "Times that a slow client's tail went back to reading what is "
                                   "stored.")),
      missed_rows_(metrics.counter("duramen_tail_missed_rows_total",
                                   "Rows that slow clients missed, as gaps told them.")),
      handled_(store.durable()) {}

Result<CatchUpPlan> TailHub::plan(const TailRequest& request, RecordName& start) const {
  if (request.recent > options_.limits.recent_rows) {
    return Error{ErrorCode::kInvalidArgument,
                 "at most " + std::to_string(options_.limits.recent_rows) +
                     " recent rows can be asked for (tail.recent_rows)"};
  }
  if (request.recent > 0 && request.after) {
    return Error{ErrorCode::kInvalidArgument,
                 "recent rows and those after a record exclude each other"};
  }
  const Origins origins(store_.incarnations());
  CatchUpPlan out;
  out.start = store_.durable();
  out.after = out.start;
  out.recent = request.recent;
  out.follow = request.follow;
  out.behind_rows = options_.limits.behind_rows;
  if (request.after) {
    DURAMEN_TRY(out.after, origins.local_seq(*request.after, out.start));
  }
  start = origins.name_of(out.start);
  return out;
}

Result<TailEntryPtr> TailHub::add(const TailRequest& request, RecordName& start) {
  if (request.q.size() > options_.limits.max_query_bytes) {
    return Error{ErrorCode::kOutOfRange, "the query has " + std::to_string(request.q.size()) +
                                             " bytes, the limit is " +
                                             std::to_string(options_.limits.max_query_bytes)};
  }
  DURAMEN_TRY(auto query, TailQuery::compile(request.q));
  DURAMEN_TRY(const CatchUpPlan its_plan, plan(request, start));
  const MutexLock lock(mutex_);
  if (ended_) return Error{ErrorCode::kUnavailable, "the daemon is stopping"};
  if (tails_.size() >= options_.limits.concurrent) {
    refused_.add();
    return Error{ErrorCode::kResourceExhausted,
                 std::to_string(tails_.size()) +
                     " tails are open, as many as may (tail.concurrent); stop one, or try again"};
  }
  const auto group = groups_.find(query->text());
  if (group != groups_.end()) query = group->second.query;
  const std::uint64_t id = options_.next_id();
  // Without ownership: whoever is gone needs no reading.
  auto on_room = [hub = weak_from_this(), id] {
    const auto self = hub.lock();
    const auto entry = self != nullptr ? self->find(id) : nullptr;
    if (entry != nullptr) self->schedule(entry);
  };
  auto entry =
      std::make_shared<TailEntry>(id, std::move(query), its_plan, options_.limits.queue_bytes,
                                  std::move(on_room), store_, index_, clock_);
  tails_.emplace(id, entry);
  started_.add();
  schedule_locked(entry);
  return entry;
}

void TailHub::remove(const TailEntryPtr& entry) {
  entry->progress.cancel();
  const MutexLock lock(mutex_);
  tails_.erase(entry->id);
  // Who waits in vain would keep a snapshot, and with it the store.
  std::erase(ready_, entry);
  const auto group = groups_.find(entry->query->text());
  if (group == groups_.end()) return;
  std::erase(group->second.live, entry);
  if (group->second.live.empty()) groups_.erase(group);
}

std::vector<TailEntryPtr> TailHub::all() const {
  const MutexLock lock(mutex_);
  std::vector<TailEntryPtr> out;
  for (const auto& [id, entry] : tails_) out.push_back(entry);
  return out;
}

TailEntryPtr TailHub::find(std::uint64_t id) const {
  const MutexLock lock(mutex_);
  const auto found = tails_.find(id);
  return found == tails_.end() ? nullptr : found->second;
}

std::vector<TailInfo> TailHub::list() const {
  std::vector<TailEntryPtr> entries;
  model::Seq given_to_live;
  {
    const MutexLock lock(mutex_);
    given_to_live = handled_;
    for (const auto& [id, entry] : tails_) entries.push_back(entry);
  }
  const model::Seq durable = store_.durable();
  std::vector<TailInfo> out;
  out.reserve(entries.size());
  for (const TailEntryPtr& entry : entries) out.push_back(info(*entry, given_to_live, durable));
  return out;
}

TailInfo TailHub::info(const TailEntry& entry, model::Seq given_to_live, model::Seq durable) {
  const bool live = entry.live;
  std::uint64_t given = live ? given_to_live.value() : entry.read_up_to.load();
  if (const auto first = entry.queue->first_waiting()) {
    given = std::min(given, first->value() - 1);
  }
  return {entry.id,
          entry.query->text(),
          entry.started,
          !live,
          entry.queue->taken_rows(),
          entry.missed_rows,
          entry.queue->waiting_bytes(),
          durable.value() - std::min(given, durable.value())};
}

void TailHub::end_all(const std::string& reason) {
  {
    const MutexLock lock(mutex_);
    ended_ = true;
  }
  for (const TailEntryPtr& entry : all()) {
    entry->progress.cancel();
    entry->queue->end(reason);
  }
}

// ---- those that are read for

void TailHub::schedule(const TailEntryPtr& entry) {
  const MutexLock lock(mutex_);
  schedule_locked(entry);
}

void TailHub::schedule_locked(const TailEntryPtr& entry) {
  if (entry->waiting || entry->live || !tails_.contains(entry->id)) return;
  entry->waiting = true;
  ready_.push_back(entry);
  to_read_.notify_one();
}

bool TailHub::read_one() {
  TailEntryPtr entry;
  {
    const MutexLock lock(mutex_);
    if (ready_.empty()) return false;
    entry = std::move(ready_.front());
    ready_.pop_front();
  }
  const std::uint64_t missed = entry->catch_up.missed_rows();
  const auto outcome = entry->catch_up.run(*entry->queue);
  const std::uint64_t now_missed = entry->catch_up.missed_rows();
  entry->missed_rows = now_missed;
  entry->read_up_to = entry->catch_up.position().value();
  missed_rows_.add(now_missed - missed);
  after_run(entry, outcome);
  return true;
}

void TailHub::after_run(const TailEntryPtr& entry, const Result<CatchUp::Outcome>& outcome) {
  if (!outcome) {
    if (outcome.error().code != ErrorCode::kCancelled) {
      log_error("a tail failed",
                {{"query", entry->query->text()}, {"error", outcome.error().message}});
    }
    entry->queue->end(outcome.error().message);
    return;
  }
  if (*outcome == CatchUp::Outcome::kPresent && !entry->follow) {
    entry->queue->end("");
    return;
  }
  const MutexLock lock(mutex_);
  entry->last_run = clock_.monotonic();
  entry->waiting = false;
  if (*outcome == CatchUp::Outcome::kPresent && join_locked(entry)) return;
  if (*outcome != CatchUp::Outcome::kFull || entry->queue->wait_for_room()) {
    schedule_locked(entry);
  }
}

/// False: more has been handed to the live ones meanwhile than this one has read.
bool TailHub::join_locked(const TailEntryPtr& entry) {
  if (entry->catch_up.position() < handled_) return false;
  if (!tails_.contains(entry->id)) return true;
  entry->catch_up.note_present();
  entry->live = true;
  Group& group = groups_[entry->query->text()];
  if (group.query == nullptr) group.query = entry->query;
  group.live.push_back(entry);
  return true;
}

void TailHub::release_idle(TimeNs before) {
  const MutexLock lock(mutex_);
  for (const auto& [id, entry] : tails_) {
    if (!entry->waiting && !entry->live && entry->last_run < before) entry->catch_up.pause();
  }
}

void TailHub::release_all() const {
  for (const TailEntryPtr& entry : all()) entry->catch_up.pause();
}

// ---- threads

void TailHub::note_moved() {
  const MutexLock lock(moved_mutex_);
  moved_ = true;
  moved_changed_.notify_one();
}

bool TailHub::wait_to_follow() {
  const MutexLock lock(moved_mutex_);
  while (!moved_ && !follower_stopped_) moved_changed_.wait(moved_mutex_);
  moved_ = false;
  return !follower_stopped_;
}

std::size_t TailHub::live_tails() const {
  const MutexLock lock(mutex_);
  std::size_t out = 0;
  for (const auto& [text, group] : groups_) out += group.live.size();
  return out;
}

void TailHub::rest() {
  const auto end = std::chrono::steady_clock::now() + kRest + kRestPerTail * live_tails();
  const MutexLock lock(moved_mutex_);
  while (!follower_stopped_) {
    const auto left = end - std::chrono::steady_clock::now();
    if (left.count() <= 0 || !moved_changed_.wait_for(moved_mutex_, left)) return;
  }
}

bool TailHub::wait_to_read() {
  const MutexLock lock(mutex_);
  if (ready_.empty() && !stopped_) {
    // Who keeps something for a slow client lets go of it in a while.
    if (tails_.empty()) {
      to_read_.wait(mutex_);
    } else {
      to_read_.wait_for(mutex_, std::chrono::seconds(1));
    }
  }
  return !stopped_;
}

void TailHub::stop() {
  {
    const MutexLock lock(mutex_);
    stopped_ = true;
    to_read_.notify_all();
  }
  const MutexLock lock(moved_mutex_);
  follower_stopped_ = true;
  moved_changed_.notify_all();
}

}  // namespace duramen::query
