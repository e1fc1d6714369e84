#include "query/tail/catch_up.h"

#include <algorithm>
#include <utility>

#include "base/json_text.h"
#include "base/time_text.h"
#include "query/rows/row_json.h"
#include "query/tail/batch_lines.h"
#include "query/tail/origins.h"

namespace duramen::query {
namespace {

/// Others wait for the thread.
constexpr TimeNs kSlice = 50 * 1'000'000;
/// Rows turned into lines at once.
constexpr std::size_t kMostRows = 4096;

}  // namespace

Result<CatchUp::Outcome> CatchUp::run(TailQueue& queue) {
  stop_at_ = clock_.monotonic() + kSlice;
  auto outcome = run_slice(queue);
  if (!outcome || *outcome == Outcome::kPresent) pause();
  return outcome;
}

Result<CatchUp::Outcome> CatchUp::run_slice(TailQueue& queue) {
  do {
    DURAMEN_TRY_VOID(progress_.check());
    if (phase_ == Phase::kFindStart) {
      DURAMEN_TRY_VOID(find_start());
      continue;
    }
    if (phase_ == Phase::kForward && is_too_far()) {
      reader_.reset();
      skip_to_ = store_.durable();
      missed_ = 0;
      phase_ = Phase::kSkip;
    }
    if (phase_ == Phase::kSkip) {
      DURAMEN_TRY_VOID(skip(queue));
      continue;
    }
    if (!queue.has_room()) return Outcome::kFull;
    DURAMEN_TRY(const Outcome outcome, forward(queue));
    if (outcome != Outcome::kMore) return outcome;
  } while (!is_over());
  return Outcome::kMore;
}

void CatchUp::pause() {
  // In the middle of a window the rows before next_ have been handed on, and position_ says so.
  reader_.reset();
  next_ = 0;
}

bool CatchUp::is_too_far() const {
  return was_present_ && store_.durable().value() - position_.value() > plan_.behind_rows;
}

Result<void> CatchUp::need_reader() {
  if (reader_ != nullptr) return {};
  damage_told_ = 0;
  next_ = 0;
  window_end_ = position_;
  DURAMEN_TRY(reader_, SeqReader::open(query_, store_.snapshot(), index_, progress_));
  return {};
}

/// Counts back from where the tail was asked for.
Result<void> CatchUp::find_start() {
  if (wanted_ == plan_.recent && looked_back_to_ == model::Seq(0)) looked_back_to_ = plan_.start;
  if (looked_back_to_ > model::Seq(0)) {
    DURAMEN_TRY_VOID(need_reader());
    DURAMEN_TRY(looked_back_to_, reader_->find_back(looked_back_to_));
    const auto& found = reader_->found();
    if (found.size() < wanted_) {
      wanted_ -= found.size();
      if (looked_back_to_ > model::Seq(0)) return {};
    } else {
      looked_back_to_ = model::Seq(found[found.size() - wanted_].seq.value() - 1);
    }
  }
  position_ = looked_back_to_;
  window_end_ = position_;
  next_ = reader_ != nullptr ? reader_->found().size() : 0;
  phase_ = Phase::kForward;
  return {};
}

Result<CatchUp::Outcome> CatchUp::forward(TailQueue& queue) {
  if (!plan_.follow && position_ >= plan_.start) return Outcome::kPresent;
  if (reader_ == nullptr) {
    const store::OpenRows open = store_.open_rows_after(position_);
    if (open.whole) return from_open_rows(queue, open);
  }
  return from_blocks(queue);
}

Result<CatchUp::Outcome> CatchUp::from_open_rows(TailQueue& queue, const store::OpenRows& open) {
  const model::Seq up_to = bounded(open.durable);
  for (const model::RowSet& rows : open.batches) {
    BatchLines lines(*query_, rows, position_, up_to);
    for (bool more = true; more;) {
      DURAMEN_TRY_VOID(progress_.check());
      if (!queue.has_room()) return Outcome::kFull;
      if (is_over()) return Outcome::kMore;
      auto chunk = std::make_shared<TailChunk>();
      more = lines.append(*chunk);
      queue.push(chunk, 0);
      position_ = lines.looked_at();
    }
  }
  position_ = std::max(position_, up_to);
  return Outcome::kPresent;
}

Result<CatchUp::Outcome> CatchUp::from_blocks(TailQueue& queue) {
  if (reader_ == nullptr) {
    DURAMEN_TRY_VOID(need_reader());
    push_dropped(queue);
  }
  if (next_ == reader_->found().size()) {
    const model::Seq end = bounded(reader_->end());
    position_ = std::max(position_, window_end_);
    if (position_ >= end) {
      reader_.reset();  // what has come since is perhaps still open
      return Outcome::kMore;
    }
    DURAMEN_TRY(window_end_, reader_->find_behind(position_, end));
    next_ = 0;
    push_damage(queue);
    return Outcome::kMore;
  }
  const std::size_t rows =
      std::min({reader_->found().size() - next_, kMostRows, 1 + 2 * kTailChunkBytes / line_bytes_});
  auto chunk = std::make_shared<TailChunk>();
  DURAMEN_TRY_VOID(reader_->append(next_, rows, *chunk));
  push_damage(queue);
  line_bytes_ = 1 + chunk->lines.size() / rows;
  queue.push(chunk, 0);
  next_ += rows;
  position_ = reader_->found()[next_ - 1].seq;
  return Outcome::kMore;
}

Result<void> CatchUp::skip(TailQueue& queue) {
  DURAMEN_TRY_VOID(need_reader());
  DURAMEN_TRY(position_, reader_->find_behind(position_, skip_to_));
  const auto& found = reader_->found();
  if (!found.empty()) {
    if (missed_ == 0) first_missed_ = found.front().seq;
    last_missed_ = found.back().seq;
    missed_ += found.size();
  }
  if (position_ < skip_to_) return {};
  reader_.reset();
  phase_ = Phase::kForward;
  if (missed_ > 0) push_gap(queue);
  return {};
}

void CatchUp::push_gap(TailQueue& queue) {
  missed_total_ += missed_;
  push_note(queue, last_missed_, first_missed_, last_missed_,
            "\"rows\":" + std::to_string(missed_) + ",\"reason\":\"slow client\"");
}

/// What cannot be read is missing, too, and nobody knows how much of it would match.
void CatchUp::push_damage(TailQueue& queue) {
  const std::vector<std::string> damage = reader_->damage();
  for (; damage_told_ < damage.size(); ++damage_told_) {
    std::string members = "\"reason\":";
    append_json_string_lossy(members, damage[damage_told_]);
    push_note(queue, position_, position_.plus(1), std::max(position_.plus(1), window_end_),
              members);
  }
}

/// What retention took before it was read. Nothing that was stored is as old as the position.
void CatchUp::push_dropped(TailQueue& queue) {
  const auto oldest = reader_->oldest();
  const bool has_begun = plan_.recent == 0 || was_present_;
  if (!has_begun || !oldest || position_.plus(1) >= *oldest) return;
  // A write that failed leaves such a hole, too, and an incarnation begins behind it.
  for (const store::Incarnation& one : store_.incarnations()) {
    if (one.first == *oldest) return;
  }
  const model::Seq last(oldest->value() - 1);
  push_note(queue, last, position_.plus(1), last, R"("reason":"dropped by retention")");
  position_ = last;
}

/// `at`: who goes on behind it misses nothing else.
void CatchUp::push_note(TailQueue& queue, model::Seq at, model::Seq first, model::Seq last,
                        const std::string& members) {
  const Origins origins(store_.incarnations());
  const RecordName name = origins.name_of(at);
  auto chunk = std::make_shared<TailChunk>();
  chunk->lines = "{\"_time\":\"" + to_rfc3339(clock_.now()) + "\",\"_seq\":\"" + to_text(name) +
                 "\",\"_gap\":{\"first\":\"" + to_text(origins.name_of(first)) + "\",\"last\":\"" +
                 to_text(origins.name_of(last)) + "\"," + members + "}}";
  chunk->end_row(at, name);
  queue.push_always(chunk);
}

}  // namespace duramen::query
