#include "store/epoch.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/parallel.h"
#include "store/directory.h"

namespace duramen::store {
namespace {

/// The rows of one stream in one segment.
struct Lane {
  std::string order;             ///< canonical labels: neighbours are related
  std::uint64_t own_weight = 0;  ///< of the labels
  std::uint64_t weight = 0;      ///< with those of the rows
  std::vector<std::uint64_t> weights;
  std::vector<RowRef> rows;
};
using Lanes = std::map<SegmentId, std::unordered_map<Hash128, Lane>>;

/// What a row adds to its block: its weight, and field names of a length that may make each row
/// bring a name of its own.
class RowWeights {
 public:
  explicit RowWeights(const model::RecordBatch& records) : records_(records) {
    for (const std::string& name : records.field_names) {
      names_.push_back(name.size() > kFreeName ? name.size() - kFreeName : 0);
      long_names_ = long_names_ || names_.back() != 0;
    }
  }
  std::uint64_t of(std::size_t row) const {
    std::uint64_t weight = records_.row_weight(row);
    if (!long_names_) return weight;
    for (std::uint32_t f = records_.first_field(row); f < records_.fields_end[row]; ++f) {
      weight += names_[records_.field_name[f]];
    }
    return weight;
  }

 private:
  static constexpr std::size_t kFreeName = 32;
  const model::RecordBatch& records_;
  std::vector<std::uint64_t> names_;
  bool long_names_ = false;
};

void sort_into_lanes(const model::RowSet& set, std::span<const RetentionClass> classes,
                     Lanes& lanes) {
  const model::RecordBatch& records = set.records();
  const RowWeights weights(records);
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
      lane = &lanes[{row_day, std::string(class_of(classes, labels))}][labels.id()];
      if (lane->order.empty()) {
        lane->order = labels.canonical();
        lane->weight = lane->own_weight = labels.weight();
      }
    }
    lane->rows.push_back({&set, static_cast<std::uint32_t>(row)});
    lane->weights.push_back(weights.of(row));
    lane->weight += lane->weights.back();
  }
}

/// Cuts full blocks off the front of a lane; what is left is under the limit, or one row.
void cut_full_blocks(Lane& lane, const SegmentId& segment, std::uint64_t limit,
                     std::vector<PlannedBlock>& plan) {
  if (lane.weight <= limit) return;
  PlannedBlock block{segment, lane.own_weight, {}};
  for (std::size_t i = 0; i < lane.rows.size(); ++i) {
    if (!block.rows.empty() && block.weight + lane.weights[i] > limit) {
      plan.push_back(std::exchange(block, PlannedBlock{segment, lane.own_weight, {}}));
    }
    block.rows.push_back(lane.rows[i]);
    block.weight += lane.weights[i];
  }
  lane.weight = block.weight;
  lane.rows = std::move(block.rows);
}

void plan_segment(const SegmentId& segment, std::unordered_map<Hash128, Lane>& lanes,
                  std::uint64_t limit, std::vector<PlannedBlock>& plan) {
  std::vector<Lane*> sorted;
  for (auto& [id, lane] : lanes) sorted.push_back(&lane);
  std::sort(sorted.begin(), sorted.end(),
            [](const Lane* a, const Lane* b) { return a->order < b->order; });
  PlannedBlock shared{segment, 0, {}};
  for (Lane* lane : sorted) {
    cut_full_blocks(*lane, segment, limit, plan);
    if (!shared.rows.empty() && shared.weight + lane->weight > limit) {
      plan.push_back(std::exchange(shared, PlannedBlock{segment, 0, {}}));
    }
    shared.rows.insert(shared.rows.end(), lane->rows.begin(), lane->rows.end());
    shared.weight += lane->weight;
  }
  if (!shared.rows.empty()) plan.push_back(std::move(shared));
}

}  // namespace

std::vector<PlannedBlock> plan_blocks(std::span<const OpenBatch> batches,
                                      std::uint64_t block_weight,
                                      std::span<const RetentionClass> classes) {
  Lanes lanes;
  for (const OpenBatch& batch : batches) sort_into_lanes(batch.rows, classes, lanes);
  std::vector<PlannedBlock> plan;
  for (auto& [segment, streams] : lanes) plan_segment(segment, streams, block_weight, plan);
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
