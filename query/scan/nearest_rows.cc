#include "query/scan/nearest_rows.h"

#include <algorithm>
#include <string>
#include <utility>

namespace duramen::query {

bool NearestRows::wants(model::Seq first, model::Seq last, model::Seq from) const {
  if (newer_) return last > from && has_room_for(std::max(first, from.plus(1)));
  return first < from && has_room_for(std::min(last, model::Seq(from.value() - 1)));
}

bool NearestRows::has_room_for(model::Seq seq) const {
  if (kept_.size() < limit_) return true;
  return limit_ != 0 && before(seq, kept_.back().seq);
}

void NearestRows::choose(std::vector<Candidate>& candidates) const {
  const std::size_t most = std::min<std::size_t>(limit_, candidates.size());
  std::partial_sort(
      candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(most), candidates.end(),
      [this](const Candidate& a, const Candidate& b) { return before(a.seq, b.seq); });
  candidates.resize(most);
  std::erase_if(candidates, [this](const Candidate& c) { return !has_room_for(c.seq); });
}

Result<void> NearestRows::take(const std::vector<Candidate>& candidates, ColumnRow& view) {
  for (const Candidate& candidate : candidates) {
    if (!has_room_for(candidate.seq)) break;
    view.move_to(candidate.row);
    DURAMEN_TRY_VOID(keep(candidate.seq, view.to_row()));
  }
  return {};
}

Result<void> NearestRows::keep(model::Seq seq, Row row) {
  const auto place = std::find_if(kept_.begin(), kept_.end(),
                                  [&](const Kept& other) { return before(seq, other.seq); });
  memory_.add(row.memory_bytes());
  kept_.insert(place, Kept{seq, std::move(row)});
  if (kept_.size() > limit_) {
    memory_.subtract(kept_.back().row.memory_bytes());
    kept_.pop_back();
  }
  return memory_.check("context: " + std::to_string(kept_.size()) + " rows",
                       "ask for fewer rows before and after");
}

}  // namespace duramen::query
