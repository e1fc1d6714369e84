#include "query/pipes/stats.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/bytes.h"
#include "base/time_text.h"
#include "query/rows/sort_value.h"

namespace duramen::query {
namespace {

constexpr std::size_t kGroupBytes = 200;     // hash node, vectors
constexpr std::size_t kAggregateBytes = 96;  // object and pointer

}  // namespace

TimeNs step_begin(TimeNs time, TimeNs step) {
  TimeNs rest = time % step;
  if (rest < 0) rest += step;
  TimeNs begin = 0;
  return __builtin_sub_overflow(time, rest, &begin) ? std::numeric_limits<TimeNs>::min() : begin;
}

StatsStage::StatsStage(StatsPipe pipe, const StageContext& context, Stage& next)
    : pipe_(std::move(pipe)),
      names_(context.names),
      next_(next),
      progress_(context.progress),
      memory_(context.progress) {
  for (const StatsPipe::Group& group : pipe_.by) by_.push_back(context.names.add(group.name));
  for (const StatsPipe::Call& call : pipe_.calls) {
    std::vector<Slot>& slots = arguments_.emplace_back();
    for (const std::string& name : call.names) slots.push_back(context.names.add(name));
  }
  key_values_.resize(by_.size());
}

Result<bool> StatsStage::push(Row row) { return push_view(OwnRowView(names_, row)); }

Result<bool> StatsStage::push_view(const RowView& row) { return push_alike(row, 1); }

Result<bool> StatsStage::push_alike(const RowView& row, std::uint64_t rows) {
  read_key(row);
  DURAMEN_TRY(Group* const group, find_group());
  for (std::size_t i = 0; i < by_.size(); ++i) {
    // Shown as JSON only if all values of the group were.
    if (key_values_[i].kind == model::FieldKind::kText) {
      group->values[i].kind = model::FieldKind::kText;
    }
  }
  std::size_t more = 0;
  for (std::size_t i = 0; i < arguments_.size(); ++i) {
    more += group->aggregates[i]->add(row, arguments_[i], rows);
  }
  if (more == 0) return true;
  memory_.add(more);
  DURAMEN_TRY_VOID(
      memory_.check("stats: the values of " + std::to_string(groups_.size()) + " groups",
                    "narrow the time range or the filter"));
  return true;
}

void StatsStage::read_key(const RowView& row) {
  key_.clear();
  ByteWriter writer(key_);
  for (std::size_t i = 0; i < by_.size(); ++i) {
    GroupValue& value = key_values_[i];
    value.kind = model::FieldKind::kText;
    value.bytes.clear();
    if (pipe_.by[i].step != 0) {
      const auto time = row.time(by_[i]);
      value.present = time.has_value();
      if (time) append_rfc3339(value.bytes, step_begin(*time, pipe_.by[i].step));
    } else {
      const auto found = row.get(by_[i]);
      value.present = found.has_value();
      if (found) {
        value.bytes = found->bytes;
        value.kind = found->kind;
      }
    }
    writer.u8(value.present ? 1 : 0);
    writer.text(value.bytes);
  }
}

Result<StatsStage::Group*> StatsStage::find_group() {
  const auto found = groups_.find(key_);
  if (found != groups_.end()) return &found->second;
  // The key is held three times and each value twice: in the group, and when groups are sorted.
  const std::size_t more = kGroupBytes + 3 * key_.size() +
                           by_.size() * (sizeof(GroupValue) + sizeof(SortValue)) +
                           arguments_.size() * kAggregateBytes;
  memory_.add(more);
  DURAMEN_TRY_VOID(memory_.check("stats: " + std::to_string(groups_.size() + 1) + " groups",
                                 "group by fewer fields, or narrow the time range or the filter"));
  Group group;
  group.values = key_values_;
  for (const StatsPipe::Call& call : pipe_.calls) {
    group.aggregates.push_back(make_aggregate(call));
  }
  return &groups_.emplace(key_, std::move(group)).first->second;
}

Result<bool> StatsStage::push_counted(std::uint64_t rows) {
  static const NameTable kNoNames;
  static const Row kNothing;
  return push_alike(OwnRowView(kNoNames, kNothing), rows);
}

Result<void> StatsStage::finish() {
  if (by_.empty()) {
    DURAMEN_TRY_VOID(find_group());
  }
  std::vector<std::pair<std::vector<SortValue>, const Group*>> order;
  order.reserve(groups_.size());
  for (const auto& [key, group] : groups_) {
    std::vector<SortValue> values;
    for (const GroupValue& value : group.values) {
      values.push_back(value.present ? SortValue(value.bytes) : SortValue());
    }
    order.emplace_back(std::move(values), &group);
  }
  // Values that compare as equal (1 and 1.0) are told apart by their bytes, for one order always.
  const auto bytes_less = [](const Group& a, const Group& b) {
    return std::lexicographical_compare(
        a.values.begin(), a.values.end(), b.values.begin(), b.values.end(),
        [](const GroupValue& x, const GroupValue& y) { return x.bytes < y.bytes; });
  };
  std::sort(order.begin(), order.end(), [&](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : bytes_less(*a.second, *b.second);
  });
  for (const auto& entry : order) {
    DURAMEN_TRY(const bool more, emit(*entry.second));
    if (!more) break;
  }
  return next_.finish();
}

Result<bool> StatsStage::emit(const Group& group) {
  if (++emitted_ % 1000 == 0) {
    DURAMEN_TRY_VOID(progress_.check());
  }
  Row row;
  for (std::size_t i = 0; i < by_.size(); ++i) {
    const GroupValue& value = group.values[i];
    if (value.present) row.fields.push_back({pipe_.by[i].name, value.bytes, value.kind, false});
  }
  for (std::size_t i = 0; i < pipe_.calls.size(); ++i) {
    Aggregate::Value value = group.aggregates[i]->result();
    row.fields.push_back({pipe_.calls[i].as, std::move(value.bytes), value.kind, false});
  }
  return next_.push(std::move(row));
}

}  // namespace duramen::query
