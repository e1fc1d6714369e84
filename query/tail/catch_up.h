#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "index/index.h"
#include "model/ids.h"
#include "query/progress.h"
#include "query/tail/seq_reader.h"
#include "query/tail/tail_query.h"
#include "query/tail/tail_queue.h"
#include "store/store.h"

namespace duramen::query {

/// Where a tail begins and what it may miss.
struct CatchUpPlan {
  model::Seq start;  ///< durable when it was asked for
  model::Seq after;  ///< everything behind this; `start` with `recent`
  std::uint64_t recent =
      0;               ///< begins so far back that this many rows of those up to `start` match
  bool follow = true;  ///< goes on behind `start`
  std::uint64_t behind_rows = 0;  ///< one that is further behind, once it was at the present, jumps
};

/// Brings one tail from where it is to the present, a slice of time and as much as its queue takes
/// at once: reads blocks and open batches behind its position. A tail that is too far behind jumps
/// to the present, and gets a row that says how many it missed. Threading: one thread at a time.
/// Blocking: disk. Ownership: store, index, clock and progress outlive it.
class CatchUp {
 public:
  enum class Outcome {
    kMore,     ///< the slice is over
    kFull,     ///< the queue is
    kPresent,  ///< everything up to position() has been handed on, and that is all there is now
  };

  CatchUp(std::shared_ptr<const TailQuery> query, const CatchUpPlan& plan, store::Store& store,
          const index::Index* index, const Clock& clock, Progress& progress)
      : query_(std::move(query)),
        plan_(plan),
        store_(store),
        index_(index),
        clock_(clock),
        progress_(progress),
        phase_(plan.recent > 0 ? Phase::kFindStart : Phase::kForward),
        position_(plan.after),
        wanted_(plan.recent) {}

  /// Errors: kCancelled; kUnavailable and the like from the store.
  Result<Outcome> run(TailQueue& queue);
  /// Everything up to it has been handed on.
  model::Seq position() const { return position_; }
  void set_position(model::Seq position) { position_ = position; }
  /// From now on it may jump.
  void note_present() { was_present_ = true; }
  /// Lets go of what it keeps between two runs.
  void pause();
  std::uint64_t missed_rows() const { return missed_total_; }

 private:
  enum class Phase { kFindStart, kForward, kSkip };

  Result<Outcome> run_slice(TailQueue& queue);
  Result<void> find_start();
  Result<Outcome> forward(TailQueue& queue);
  Result<Outcome> from_open_rows(TailQueue& queue, const store::OpenRows& open);
  Result<Outcome> from_blocks(TailQueue& queue);
  Result<void> skip(TailQueue& queue);
  Result<void> need_reader();
  void push_gap(TailQueue& queue);
  void push_damage(TailQueue& queue);
  void push_dropped(TailQueue& queue);
  void push_note(TailQueue& queue, model::Seq at, model::Seq first, model::Seq last,
                 const std::string& members);
  bool is_too_far() const;
  bool is_over() const { return clock_.monotonic() >= stop_at_; }
  /// What it reads up to, of what there is.
  model::Seq bounded(model::Seq seq) const {
    return plan_.follow ? seq : std::min(seq, plan_.start);
  }

  const std::shared_ptr<const TailQuery> query_;
  const CatchUpPlan plan_;
  store::Store& store_;
  const index::Index* const index_;
  const Clock& clock_;
  Progress& progress_;

  TimeNs stop_at_ = 0;
  Phase phase_;
  model::Seq position_;
  std::uint64_t wanted_;       ///< of the recent rows, not found yet
  model::Seq looked_back_to_;  ///< while finding the start
  bool was_present_ = false;
  std::unique_ptr<SeqReader> reader_;
  std::size_t damage_told_ = 0;  ///< of reader_
  std::size_t next_ = 0;         ///< of the reader's rows, the first not handed on
  model::Seq window_end_;
  std::size_t line_bytes_ = 256;  ///< of late, about
  model::Seq skip_to_;
  model::Seq first_missed_;
  model::Seq last_missed_;
  std::uint64_t missed_ = 0;
  std::uint64_t missed_total_ = 0;
};

}  // namespace duramen::query
