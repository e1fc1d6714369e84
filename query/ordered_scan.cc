#include "query/ordered_scan.h"

#include <algorithm>
#include <utility>

namespace duramen::query {

std::size_t KeptRow::memory_bytes() const {
  return sizeof(KeptRow) + json.capacity() + row.memory_bytes();
}

OrderedScan::OrderedScan(Scan& scan, Progress& progress, const OrderedScanOptions& options)
    : scan_(scan),
      progress_(progress),
      options_(options),
      memory_limit_(progress.memory_limit() / 2),
      memory_(progress),
      needed_(options_.rows),
      after_(options_.after) {}

bool OrderedScan::before(const Position& a, const Position& b) const {
  return options_.order == Order::kNewestFirst ? b < a : a < b;
}

bool OrderedScan::wanted(const Position& position) const {
  return (!after_ || before(*after_, position)) && (!cutoff_ || before(position, *cutoff_));
}

bool OrderedScan::past_the_end(const ScanUnit& unit) const {
  if (!cutoff_) return false;
  return options_.order == Order::kNewestFirst ? unit.last < cutoff_->time
                                               : unit.first > cutoff_->time;
}

bool OrderedScan::before_the_begin(const ScanUnit& unit) const {
  if (!after_) return false;
  return options_.order == Order::kNewestFirst ? unit.first > after_->time
                                               : unit.last < after_->time;
}

std::vector<ScanUnit> OrderedScan::units_in_order() const {
  std::vector<ScanUnit> units = scan_.units(options_.range);
  std::erase_if(units, [this](const ScanUnit& unit) { return before_the_begin(unit); });
  std::sort(units.begin(), units.end(), [this](const ScanUnit& a, const ScanUnit& b) {
    return options_.order == Order::kNewestFirst ? a.last > b.last : a.first < b.first;
  });
  return units;
}

Result<void> OrderedScan::run(const Take& take) {
  while (true) {
    DURAMEN_TRY_VOID(pass());
    sort_kept();
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
  cutoff_.reset();
  out_of_memory_ = false;
  const std::vector<ScanUnit> units = units_in_order();
  scan_.add_total(units.size());
  for (const ScanUnit& unit : units) {
    if (past_the_end(unit)) break;
    DURAMEN_TRY_VOID(read_unit(unit));
  }
  return {};
}

Result<void> OrderedScan::read_unit(const ScanUnit& unit) {
  candidates_.clear();
  DURAMEN_TRY_VOID(scan_.read(
      unit, options_.range, [this](const Position& position) { return wanted(position); },
      [this](const Position& position, std::size_t row) -> Result<bool> {
        candidates_.push_back({position, row});
        return true;
      }));
  std::sort(candidates_.begin(), candidates_.end(), [this](const Candidate& a, const Candidate& b) {
    return before(a.position, b.position);
  });
  if (needed_ != 0 && candidates_.size() > needed_) candidates_.resize(needed_);
  for (const Candidate& candidate : candidates_) {
    if (cutoff_ && !before(candidate.position, *cutoff_)) break;
    keep(candidate);
    if (memory_.bytes() > memory_limit_ && kept_.size() > 1) trim_to_memory();
  }
  if (needed_ != 0 && kept_.size() >= needed_) trim_to_rows();
  return {};
}

void OrderedScan::keep(const Candidate& candidate) {
  ColumnRow& row = scan_.row();
  row.move_to(candidate.row);
  KeptRow kept;
  kept.position = candidate.position;
  if (scan_.has_operations()) {
    auto operated = scan_.operated(row);
    if (!operated) return;
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
  memory_.add(kept.memory_bytes());
  kept_.push_back(std::move(kept));
}

void OrderedScan::sort_kept() {
  std::sort(kept_.begin(), kept_.end(),
            [this](const KeptRow& a, const KeptRow& b) { return before(a.position, b.position); });
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
  std::nth_element(kept_.begin(), last, kept_.end(), [this](const KeptRow& a, const KeptRow& b) {
    return before(a.position, b.position);
  });
  cutoff_ = last->position;
  while (kept_.size() > needed_) {
    memory_.subtract(kept_.back().memory_bytes());
    kept_.pop_back();
  }
}

}  // namespace duramen::query
