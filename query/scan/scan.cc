#include "query/scan/scan.h"

#include <algorithm>
#include <utility>

namespace duramen::query {
namespace {

ScanUnit open_unit(const model::RowSet& rows) {
  const auto& times = rows.records().time;
  const auto [first, last] = std::minmax_element(times.begin(), times.end());
  return {nullptr, &rows, *first, *last};
}

}  // namespace

Result<std::vector<ScanUnit>> Scan::units(const TimeRange& range) {
  std::vector<ScanUnit> out;
  for (const store::BlockRef& block : context_.snapshot.blocks()) {
    const store::BlockSummary& summary = block.summary;
    if (summary.min_seq <= context_.up_to && range.touches(summary.min_time, summary.max_time)) {
      out.push_back({&block, nullptr, summary.min_time, summary.max_time});
    }
  }
  for (const model::RowSet& rows : context_.snapshot.open_rows()) {
    if (rows.rows() == 0) continue;
    const ScanUnit unit = open_unit(rows);
    if (range.touches(unit.first, unit.last)) out.push_back(unit);
  }
  DURAMEN_TRY_VOID(planner_.leave_out(out));
  return out;
}

std::optional<Row> Scan::operated(const ColumnRow& row) const {
  Row out = row.to_row();
  for (const auto& operation : operations_) {
    if (!operation->apply(out)) return std::nullopt;
  }
  return out;
}

}  // namespace duramen::query
