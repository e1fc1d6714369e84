#include "query/scan/grouped_rows.h"

#include <algorithm>
#include <limits>

#include "query/pipes/stats.h"

namespace duramen::query {
namespace {

/// Up to where times are of the step. A step may be cut at either end of what a time can be; then
/// its beginning, so that no row is put into it without working out its step.
TimeNs end_of_step(TimeNs begin, TimeNs step) {
  TimeNs end = 0;
  const bool cut = begin == std::numeric_limits<TimeNs>::min();
  return cut || __builtin_add_overflow(begin, step, &end) ? begin : end;
}

}  // namespace

bool only_counts_rows(const StatsPipe& pipe) {
  return std::all_of(pipe.calls.begin(), pipe.calls.end(), [](const StatsPipe::Call& call) {
    return call.function == StatsPipe::Function::kCount && call.names.empty();
  });
}

std::size_t GroupedRows::KeyHash::operator()(const Key& key) const {
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;
  const std::uint64_t mixed = (static_cast<std::uint64_t>(key.step_begin) ^ key.stream) * kOdd;
  return mixed ^ (mixed >> 32U);
}

std::optional<GroupedRows> GroupedRows::of(const StatsPipe& pipe, const NameTable& names,
                                           const std::vector<Slot>& by) {
  if (!only_counts_rows(pipe)) return std::nullopt;
  GroupedRows out;
  for (std::size_t i = 0; i < by.size(); ++i) {
    const Name::Builtin builtin = names.at(by[i]).builtin;
    if (builtin == Name::Builtin::kNone && pipe.by[i].step == 0) {
      out.names_.push_back(by[i]);
    } else if (builtin == Name::Builtin::kTime && pipe.by[i].step != 0 && out.step_ == 0) {
      out.step_ = pipe.by[i].step;
    } else {
      return std::nullopt;
    }
  }
  return out;
}

bool GroupedRows::fits(const UnitReader& reader) const {
  return std::none_of(names_.begin(), names_.end(),
                      [&](Slot slot) { return reader.row().may_be_field(slot); });
}

Result<void> GroupedRows::group(
    UnitReader& reader, std::span<const std::uint32_t> rows,
    const std::function<Result<void>(std::uint32_t, std::uint64_t)>& take) {
  if (!names_.empty()) reader.columns().streams_of(rows, streams_);
  if (step_ != 0) reader.columns().times(rows, times_);
  groups_.clear();
  Group* group = nullptr;  // of the row before
  Key key;
  TimeNs step_end = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::uint32_t stream = names_.empty() ? 0 : streams_[i];
    const TimeNs time = step_ == 0 ? 0 : times_[i];
    const bool same = group != nullptr && key.stream == stream &&
                      (step_ == 0 || (time >= key.step_begin && time < step_end));
    if (!same) {
      key = {stream, step_ == 0 ? 0 : step_begin(time, step_)};
      step_end = end_of_step(key.step_begin, step_);
      group = &groups_.try_emplace(key, Group{rows[i], 0}).first->second;
    }
    ++group->rows;
  }
  for (const auto& [of, rows_alike] : groups_) {
    DURAMEN_TRY_VOID(take(rows_alike.row, rows_alike.rows));
  }
  return {};
}

}  // namespace duramen::query
