#include "store/epoch.h"

#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>

#include "store/directory.h"

namespace duramen::store {
namespace {

/// The rows of one stream on one day.
struct Lane {
  std::string order;  ///< canonical labels: neighbours are related
  std::uint64_t raw_bytes = 0;
  std::vector<RowRef> rows;
};
using Lanes = std::map<std::int64_t, std::unordered_map<Hash128, Lane>>;

std::uint32_t length_at(const std::vector<std::uint32_t>& ends, std::size_t i) {
  return ends[i] - (i == 0 ? 0 : ends[i - 1]);
}

std::uint64_t raw_bytes_of(const model::RecordBatch& records, std::size_t row) {
  std::uint64_t bytes = length_at(records.message_end, row);
  const std::uint32_t first = records.first_field(row);
  const std::uint32_t end = records.fields_end[row];
  if (first != end)
    bytes += records.value_end[end - 1] - (first == 0 ? 0 : records.value_end[first - 1]);
  return bytes;
}

void sort_into_lanes(const model::RowSet& set, Lanes& lanes) {
  const model::RecordBatch& records = set.records();
  // Rows of a batch mostly share their day: one lookup per stream and day change.
  std::vector<Lane*> lane_of(records.streams.size());
  std::optional<std::int64_t> day;
  for (std::size_t row = 0; row < records.rows(); ++row) {
    const std::int64_t row_day = day_of(records.time[row]);
    if (day != row_day) {
      std::fill(lane_of.begin(), lane_of.end(), nullptr);
      day = row_day;
    }
    Lane*& lane = lane_of[records.stream[row]];
    if (lane == nullptr) {
      const model::Labels& labels = records.streams[records.stream[row]];
      lane = &lanes[row_day][labels.id()];
      if (lane->order.empty()) lane->order = labels.canonical();
    }
    lane->rows.push_back({&set, static_cast<std::uint32_t>(row)});
    lane->raw_bytes += raw_bytes_of(records, row);
  }
}

/// Cuts full blocks off the front of a lane; what is left is under the limit.
void cut_full_blocks(Lane& lane, std::int64_t day, std::uint64_t limit,
                     std::vector<PlannedBlock>& plan) {
  if (lane.raw_bytes <= limit) return;
  PlannedBlock block{day, 0, {}};
  for (const RowRef& row : lane.rows) {
    const std::uint64_t bytes = raw_bytes_of(row.set->records(), row.row);
    if (!block.rows.empty() && block.raw_bytes + bytes > limit) {
      lane.raw_bytes -= block.raw_bytes;
      plan.push_back(std::exchange(block, PlannedBlock{day, 0, {}}));
    }
    block.rows.push_back(row);
    block.raw_bytes += bytes;
  }
  lane.rows = std::move(block.rows);
}

void plan_day(std::int64_t day, std::unordered_map<Hash128, Lane>& lanes, std::uint64_t limit,
              std::vector<PlannedBlock>& plan) {
  std::vector<Lane*> sorted;
  for (auto& [id, lane] : lanes) sorted.push_back(&lane);
  std::sort(sorted.begin(), sorted.end(),
            [](const Lane* a, const Lane* b) { return a->order < b->order; });
  PlannedBlock shared{day, 0, {}};
  for (Lane* lane : sorted) {
    cut_full_blocks(*lane, day, limit, plan);
    if (!shared.rows.empty() && shared.raw_bytes + lane->raw_bytes > limit) {
      plan.push_back(std::exchange(shared, PlannedBlock{day, 0, {}}));
    }
    shared.rows.insert(shared.rows.end(), lane->rows.begin(), lane->rows.end());
    shared.raw_bytes += lane->raw_bytes;
  }
  if (!shared.rows.empty()) plan.push_back(std::move(shared));
}

/// Calls task(0) to task(n - 1), on all cores; returns when all are done.
template <class Task>
void for_each_index(std::size_t n, const Task& task) {
#ifdef __SANITIZE_THREAD__
  // The thread sanitizer does not see the synchronisation inside Debian's oneTBB, which is not
  // built with it, and would report every block. The same work on plain threads it can judge.
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < n; i = next++) task(i);
  };
  std::thread other(work);
  work();
  other.join();
#else
  tbb::parallel_for(std::size_t{0}, n, task);
#endif
}

}  // namespace

std::vector<PlannedBlock> plan_blocks(std::span<const OpenBatch> batches,
                                      std::uint64_t block_raw_bytes) {
  Lanes lanes;
  for (const OpenBatch& batch : batches) sort_into_lanes(batch.rows, lanes);
  std::vector<PlannedBlock> plan;
  for (auto& [day, streams] : lanes) plan_day(day, streams, block_raw_bytes, plan);
  return plan;
}

Result<std::vector<EncodedBlock>> encode_blocks(std::span<const PlannedBlock> plan,
                                                const BlockEncodeOptions& options) {
  std::vector<std::optional<Result<EncodedBlock>>> results(plan.size());
  for_each_index(plan.size(),
                 [&](std::size_t i) { results[i] = encode_block(plan[i].rows, options); });
  std::vector<EncodedBlock> blocks;
  blocks.reserve(plan.size());
  for (auto& result : results) {
    if (!*result) return std::move(*result).error().with("encode a block");
    blocks.push_back(**std::move(result));
  }
  return blocks;
}

}  // namespace duramen::store
