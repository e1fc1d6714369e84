#include "query/scan/ordered_scan.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace duramen::query {

namespace {

/// Up to so many rows are noted first and read afterwards.
constexpr std::uint64_t kMaxNoted = 2000;
constexpr std::size_t kRowsBetweenChecks = 256;

}  // namespace

OrderedScan::OrderedScan(Scan& scan, Progress& progress, const OrderedScanOptions& options)
    : scan_(scan),
      progress_(progress),
      options_(options),
      memory_limit_(progress.memory_limit() / 2),
      memory_(progress),
      needed_(options_.rows),
      after_(options_.after),
      note_only_(needed_ != 0 && needed_ <= kMaxNoted && !scan.has_operations()),
      noted_(scan.context()) {}

bool OrderedScan::past_the_end(const ScanUnit& unit, const Position& cutoff) const {
  return options_.order == Order::kNewestFirst ? unit.last < cutoff.time : unit.first > cutoff.time;
}

std::optional<PositionBounds> OrderedScan::wanted_of(const ScanUnit& unit) {
  const MutexLock lock(published_mutex_);
  if (published_ && past_the_end(unit, *published_)) return std::nullopt;
  return PositionBounds{options_.order, after_, published_};
}

void OrderedScan::publish_cutoff() {
  const MutexLock lock(published_mutex_);
  published_ = cutoff_;
}

bool OrderedScan::before_the_begin(const ScanUnit& unit) const {
  if (!after_) return false;
  return options_.order == Order::kNewestFirst ? unit.first > after_->time
                                               : unit.last < after_->time;
}

Result<std::vector<ScanUnit>> OrderedScan::units_in_order() {
  DURAMEN_TRY(std::vector<ScanUnit> units, scan_.units(options_.range));
  std::erase_if(units, [this](const ScanUnit& unit) { return before_the_begin(unit); });
  std::sort(units.begin(), units.end(), [this](const ScanUnit& a, const ScanUnit& b) {
    return options_.order == Order::kNewestFirst ? a.last > b.last : a.first < b.first;
  });
  return units;
}

Result<void> OrderedScan::run(const Take& take) {
  while (true) {
    DURAMEN_TRY_VOID(pass());
    if (!kept_.empty()) after_ = kept_.back().position;
    const std::uint64_t count = kept_.size();
    for (KeptRow& row : kept_) {
      // Who takes the rows may be slow.
      DURAMEN_TRY_VOID(progress_.check());
      DURAMEN_TRY(const bool more, take(std::move(row)));
      if (!more) return {};
    }
    kept_.clear();
    memory_.set(0);
    if (!out_of_memory_ || (needed_ != 0 && count >= needed_)) return {};
    if (needed_ != 0) needed_ -= count;
  }
}

Result<void> OrderedScan::pass() {
  DURAMEN_TRY_VOID(collect());
  if (note_only_) {
    DURAMEN_TRY(const bool read, read_noted());
    if (!read) {
      note_only_ = false;
      DURAMEN_TRY_VOID(collect());
    }
  }
  sort_kept();
  return {};
}

Result<void> OrderedScan::collect() {
  kept_.clear();
  memory_.set(0);
  cutoff_.reset();
  publish_cutoff();
  out_of_memory_ = false;
  noted_.clear();
  DURAMEN_TRY(units_, units_in_order());
  scan_.add_total(units_.size());
  UnitPipeline pipeline;
  pipeline.range = options_.range;
  pipeline.load = note_only_ ? Load::kTimes : Load::kWhole;
  pipeline.bounds = [this](const ScanUnit& unit) { return wanted_of(unit); };
  pipeline.take = [this](const UnitPipeline::Selected& selected) -> Result<bool> {
    DURAMEN_TRY_VOID(take_unit(selected));
    publish_cutoff();
    return true;
  };
  return run_pipeline(scan_.context(), units_, pipeline);
}

std::vector<std::uint32_t> OrderedScan::likely_rows(const UnitPipeline::Selected& selected) {
  const bool newest = options_.order == Order::kNewestFirst;
  selected.reader.columns().times(selected.rows, times_);
  std::optional<TimeNs> worst;
  if (cutoff_) worst = cutoff_->time;
  if (times_.size() > needed_) {
    std::vector<TimeNs> sorted = times_;
    const auto last = sorted.begin() + static_cast<std::ptrdiff_t>(needed_) - 1;
    if (newest) {
      std::nth_element(sorted.begin(), last, sorted.end(), std::greater<>());
    } else {
      std::nth_element(sorted.begin(), last, sorted.end());
    }
    if (!worst || (newest ? *last > *worst : *last < *worst)) worst = *last;
  }
  std::vector<std::uint32_t> rows;
  for (std::size_t i = 0; i < times_.size(); ++i) {
    if (!worst || (newest ? times_[i] >= *worst : times_[i] <= *worst)) {
      rows.push_back(selected.rows[i]);
    }
  }
  return rows;
}

Result<void> OrderedScan::take_unit(const UnitPipeline::Selected& selected) {
  if (!scan_.has_operations()) scan_.add_matched(selected.rows.size());
  candidates_.clear();
  std::span<const std::uint32_t> rows = selected.rows;
  std::vector<std::uint32_t> likely;
  if (note_only_) {
    likely = likely_rows(selected);
    DURAMEN_TRY(const bool readable, selected.reader.load(likely, Load::kPositions));
    if (!readable) return {};
    rows = likely;
  }
  // Others may have moved the cutoff since these rows were selected.
  const PositionBounds wanted = bounds();
  for (const std::uint32_t row : rows) {
    const Position position = selected.reader.columns().position(row);
    if (wanted.contain(position)) {
      candidates_.push_back({position, {}, {}, &selected.unit, row});
    }
  }
  const auto before = [&](const KeptRow& a, const KeptRow& b) {
    return wanted.comes_before(a.position, b.position);
  };
  // Operations may drop rows: then it is not known how many are needed.
  if (needed_ != 0 && candidates_.size() > needed_ && !scan_.has_operations()) {
    std::nth_element(candidates_.begin(),
                     candidates_.begin() + static_cast<std::ptrdiff_t>(needed_) - 1,
                     candidates_.end(), before);
    candidates_.resize(needed_);
  }
  std::sort(candidates_.begin(), candidates_.end(), before);
  std::uint64_t kept = 0;
  std::size_t looked_at = 0;
  for (KeptRow& candidate : candidates_) {
    if (++looked_at % kRowsBetweenChecks == 0) DURAMEN_TRY_VOID(progress_.check());
    if (cutoff_ && !wanted.comes_before(candidate.position, *cutoff_)) break;
    const std::size_t had = kept_.size();
    keep(selected, std::move(candidate));
    if (kept_.size() > had && ++kept == needed_) break;
    if (memory_.bytes() > memory_limit_ && kept_.size() > 1) trim_to_memory();
  }
  if (scan_.has_operations()) scan_.add_matched(kept);
  if (needed_ != 0 && kept_.size() >= needed_) trim_to_rows();
  if (note_only_ && kept != 0) noted_.keep_open(selected.unit, selected.reader);
  return {};
}

void OrderedScan::keep(const UnitPipeline::Selected& selected, KeptRow kept) {
  if (!note_only_ && !fill(selected.reader, kept)) return;
  memory_.add(kept.memory_bytes());
  kept_.push_back(std::move(kept));
}

bool OrderedScan::fill(UnitReader& reader, KeptRow& kept) const {
  ColumnRow& row = reader.row();
  row.move_to(kept.number);
  if (scan_.has_operations()) {
    auto operated = scan_.operated(row);
    if (!operated) return false;
    kept.row = std::move(*operated);
  } else if (!options_.as_json) {
    kept.row = row.to_row();
  } else {
    row.append_json(kept.json);
  }
  if (options_.as_json && scan_.has_operations()) {
    append_row_json(kept.json, kept.row);
    kept.row = Row();
  }
  return true;
}

Result<bool> OrderedScan::read_noted() {
  DURAMEN_TRY(const bool read,
              noted_.read(kept_, memory_limit_,
                          [this](UnitReader& reader, KeptRow& row) { fill(reader, row); }));
  std::uint64_t bytes = 0;
  for (const KeptRow& kept : kept_) bytes += kept.memory_bytes();
  memory_.set(bytes);
  return read;
}

void OrderedScan::sort_kept() {
  const PositionBounds order = bounds();
  std::sort(kept_.begin(), kept_.end(), [&](const KeptRow& a, const KeptRow& b) {
    return order.comes_before(a.position, b.position);
  });
}

void OrderedScan::trim_to_memory() {
  sort_kept();
  while (kept_.size() > 1 && memory_.bytes() > memory_limit_ / 4 * 3) {
    cutoff_ = kept_.back().position;
    memory_.subtract(kept_.back().memory_bytes());
    kept_.pop_back();
  }
  out_of_memory_ = true;
}

void OrderedScan::trim_to_rows() {
  const auto last = kept_.begin() + static_cast<std::ptrdiff_t>(needed_) - 1;
  const PositionBounds order = bounds();
  std::nth_element(kept_.begin(), last, kept_.end(), [&](const KeptRow& a, const KeptRow& b) {
    return order.comes_before(a.position, b.position);
  });
  cutoff_ = last->position;
  while (kept_.size() > needed_) {
    memory_.subtract(kept_.back().memory_bytes());
    kept_.pop_back();
  }
}

}  // namespace duramen::query
