#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "base/mutex.h"
#include "query/tail/batch_lines.h"
#include "query/tail/catch_up.h"
#include "query/tail/tails.h"

namespace duramen::query {

/// One tail as the hub knows it.
struct TailEntry {
  TailEntry(std::uint64_t number, std::shared_ptr<const TailQuery> its_query,
            const CatchUpPlan& plan, std::size_t queue_bytes, std::function<void()> on_room,
            store::Store& store, const index::Index* index, const Clock& clock);

  const std::uint64_t id;
  const std::shared_ptr<const TailQuery> query;
  const TimeNs started;
  const bool follow;
  const std::shared_ptr<TailQueue> queue;
  Progress progress;
  std::atomic<bool> live{false};  ///< gets what comes; else it is read for
  std::atomic<std::uint64_t> missed_rows{0};
  std::atomic<std::uint64_t>
      read_up_to;  ///< unless it is live: it has been given what matches so far
  // Of the thread that reads for it, or of the follower while it is live; handed over under the
  // hub's mutex.
  CatchUp catch_up;
  TimeNs last_run = 0;
  // Under the hub's mutex.
  bool waiting = false;  ///< among those to be read for, or being read for
};
using TailEntryPtr = std::shared_ptr<TailEntry>;

/// Who gets which new rows, and who has to be read for. See Tails.
/// Threading: any thread; follow() and read_one() each on one thread at a time.
class TailHub : public std::enable_shared_from_this<TailHub> {
 public:
  TailHub(store::Store& store, const index::Index* index, TailOptions options, const Clock& clock,
          MetricRegistry& metrics);

  Result<TailEntryPtr> add(const TailRequest& request, RecordName& start);
  void remove(const TailEntryPtr& entry);
  std::vector<TailEntryPtr> all() const;
  TailEntryPtr find(std::uint64_t id) const;
  std::vector<TailInfo> list() const;
  void end_all(const std::string& reason);
  const TailLimits& limits() const { return options_.limits; }

  /// Commit threads, I/O threads: there is something for follow() to do.
  void note_moved();
  /// Gives the live tails what has become durable.
  void follow();
  /// Reads for the tail that has waited longest; false when none waits.
  bool read_one();
  /// Lets those that have not been read for since `before` go of what they keep.
  void release_idle(TimeNs before);
  /// All let go of it. When nobody reads any more: the store may close before clients go.
  void release_all() const;

  /// Wait for work; false when stopped.
  bool wait_to_follow();
  /// Lets commits gather for as long as it takes to wake every live tail: many small ones must not
  /// wake them each.
  void rest();
  bool wait_to_read();
  void stop();

 private:
  /// The tails of one query that are at the present.
  struct Group {
    std::shared_ptr<const TailQuery> query;
    std::vector<TailEntryPtr> live;
  };
  struct Fallen {
    TailEntryPtr entry;
    model::Seq position;
  };

  std::size_t live_tails() const;
  static TailInfo info(const TailEntry& entry, model::Seq given_to_live, model::Seq durable);
  Result<CatchUpPlan> plan(const TailRequest& request, RecordName& start) const;
  void schedule(const TailEntryPtr& entry);
  void schedule_locked(const TailEntryPtr& entry) DURAMEN_REQUIRES(mutex_);
  std::vector<Group> live_groups_locked() const DURAMEN_REQUIRES(mutex_);
  static void feed(const Group& group, const store::OpenRows& rows, model::Seq from,
                   std::vector<Fallen>& fallen);
  void take_back(const std::vector<Fallen>& fallen);
  void after_run(const TailEntryPtr& entry, const Result<CatchUp::Outcome>& outcome);
  bool join_locked(const TailEntryPtr& entry) DURAMEN_REQUIRES(mutex_);

  store::Store& store_;
  const index::Index* const index_;
  const TailOptions options_;
  const Clock& clock_;
  Counter& started_;
  Counter& refused_;
  Counter& fell_behind_;
  Counter& missed_rows_;

  mutable Mutex mutex_;
  CondVar to_read_;
  std::map<std::uint64_t, TailEntryPtr> tails_ DURAMEN_GUARDED_BY(mutex_);
  std::map<std::string, Group> groups_ DURAMEN_GUARDED_BY(mutex_);  ///< by the query's text
  model::Seq handled_
      DURAMEN_GUARDED_BY(mutex_);  ///< the live ones have, or are getting, all up to it
  std::deque<TailEntryPtr> ready_ DURAMEN_GUARDED_BY(mutex_);
  bool ended_ DURAMEN_GUARDED_BY(mutex_) = false;
  bool stopped_ DURAMEN_GUARDED_BY(mutex_) = false;

  // Of its own, because the commit thread takes it.
  Mutex moved_mutex_;
  CondVar moved_changed_;
  bool moved_ DURAMEN_GUARDED_BY(moved_mutex_) = false;
  bool follower_stopped_ DURAMEN_GUARDED_BY(moved_mutex_) = false;
};

}  // namespace duramen::query
