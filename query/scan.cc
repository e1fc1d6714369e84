#include "query/scan.h"

#include <algorithm>
#include <utility>

namespace duramen::query {
namespace {

constexpr std::size_t kMaxWarnings = 100;

ScanUnit open_unit(const model::RowSet& rows) {
  const auto& times = rows.records().time;
  const auto [first, last] = std::minmax_element(times.begin(), times.end());
  return {nullptr, &rows, *first, *last};
}

/// This block cannot be read, others may be: also for a bad sector (kUnavailable).
bool is_damage(ErrorCode code) {
  return code == ErrorCode::kDataLoss || code == ErrorCode::kUnimplemented ||
         code == ErrorCode::kNotFound || code == ErrorCode::kUnavailable;
}

}  // namespace

Scan::Scan(const store::Snapshot& snapshot, model::Seq up_to, const NameTable& names,
           const Matcher& matcher, const std::vector<std::unique_ptr<RowOperation>>& operations,
           Progress& progress)
    : snapshot_(snapshot),
      up_to_(up_to),
      matcher_(matcher),
      operations_(operations),
      progress_(progress),
      row_(names) {}

std::vector<ScanUnit> Scan::units(const TimeRange& range) const {
  std::vector<ScanUnit> out;
  for (const store::BlockRef& block : snapshot_.blocks()) {
    const store::BlockSummary& summary = block.summary;
    if (summary.min_seq <= up_to_ && range.touches(summary.min_time, summary.max_time)) {
      out.push_back({&block, nullptr, summary.min_time, summary.max_time});
    }
  }
  for (const model::RowSet& rows : snapshot_.open_rows()) {
    if (rows.rows() == 0) continue;
    const ScanUnit unit = open_unit(rows);
    if (range.touches(unit.first, unit.last)) out.push_back(unit);
  }
  return out;
}

Result<bool> Scan::open(const ScanUnit& unit) {
  DURAMEN_TRY_VOID(progress_.check());
  ++progress_.units;
  model::RowSet set;
  if (unit.open != nullptr) {
    set = *unit.open;
  } else {
    auto read = snapshot_.read(*unit.block);
    if (!read) {
      if (!is_damage(read.error().code)) return std::move(read).error();
      const bool known = !damaged_.insert(unit.block->id).second;
      if (!known && warnings_.size() < kMaxWarnings) {
        warnings_.push_back("block " + std::to_string(unit.block->id.value()) + " of " +
                            unit.block->segment + " cannot be read, its " +
                            std::to_string(unit.block->summary.rows) +
                            " rows are missing here: " + read.error().message);
      }
      return false;
    }
    set = *std::move(read);
  }
  rows_ = set.rows();
  progress_.scanned_bytes += set.records().raw_bytes();
  row_.bind(std::move(set));
  return true;
}

std::optional<Row> Scan::operated(const ColumnRow& row) const {
  Row out = row.to_row();
  for (const auto& operation : operations_) {
    if (!operation->apply(out)) return std::nullopt;
  }
  return out;
}

}  // namespace duramen::query
