// The part of the hub that serves tails at the present.

#include <algorithm>
#include <utility>

#include "query/tail/tail_hub.h"

namespace duramen::query {

std::vector<TailHub::Group> TailHub::live_groups_locked() const {
  std::vector<Group> out;
  out.reserve(groups_.size());
  for (const auto& [text, group] : groups_) out.push_back(group);
  return out;
}

void TailHub::follow() {
  std::vector<Group> groups;
  model::Seq from;
  store::OpenRows rows;
  {
    const MutexLock lock(mutex_);
    from = handled_;
    groups = live_groups_locked();
    if (groups.empty()) {
      handled_ = store_.durable();
      return;
    }
    rows = store_.open_rows_after(from);
    handled_ = rows.durable;
  }
  std::vector<Fallen> fallen;
  for (const Group& group : groups) {
    if (rows.whole) {
      feed(group, rows, from, fallen);
    } else {  // a block was built before this thread came
      for (const TailEntryPtr& entry : group.live) {
        // Who has just come has read on, perhaps.
        fallen.push_back({entry, std::max(entry->catch_up.position(), from)});
      }
    }
  }
  if (!fallen.empty()) take_back(fallen);
}

/// Gives one group its lines of these rows. Who has no room falls out, with what it has got.
void TailHub::feed(const Group& group, const store::OpenRows& rows, model::Seq from,
                   std::vector<Fallen>& fallen) {
  std::vector<TailEntryPtr> live = group.live;
  model::Seq given = from;
  auto chunk = std::make_shared<TailChunk>();
  const auto give = [&](model::Seq up_to) {
    std::erase_if(live, [&](const TailEntryPtr& entry) {
      // Who has just come has read on, perhaps.
      const model::Seq has = entry->catch_up.position();
      const auto begin = std::partition_point(chunk->rows.begin(), chunk->rows.end(),
                                              [&](const auto& row) { return row.seq <= has; });
      if (begin == chunk->rows.end()) return false;
      if (entry->queue->push(chunk, static_cast<std::size_t>(begin - chunk->rows.begin()))) {
        return false;
      }
      fallen.push_back({entry, std::max(has, given)});
      return true;
    });
    given = up_to;
    chunk = std::make_shared<TailChunk>();
  };
  for (const model::RowSet& batch : rows.batches) {
    BatchLines lines(*group.query, batch, from, rows.durable);
    for (bool more = true; more && !live.empty();) {
      more = lines.append(*chunk);
      if (chunk->lines.size() >= kTailChunkBytes) give(lines.looked_at());
    }
  }
  if (!chunk->rows.empty()) give(rows.durable);
}

void TailHub::take_back(const std::vector<Fallen>& fallen) {
  fell_behind_.add(fallen.size());
  const MutexLock lock(mutex_);
  for (const Fallen& one : fallen) {
    one.entry->read_up_to = one.position.value();
    one.entry->live = false;
    one.entry->catch_up.set_position(one.position);
    const auto group = groups_.find(one.entry->query->text());
    if (group != groups_.end()) {
      std::erase(group->second.live, one.entry);
      if (group->second.live.empty()) groups_.erase(group);
    }
    if (one.entry->queue->wait_for_room()) schedule_locked(one.entry);
  }
}

}  // namespace duramen::query
