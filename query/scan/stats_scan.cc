#include "query/scan/stats_scan.h"

#include <optional>
#include <utility>

#include "query/scan/grouped_rows.h"
#include "query/scan/unit_pipeline.h"

namespace duramen::query {
namespace {

constexpr std::size_t kRowsBetweenChecks = 256;

UnitPipeline over_all(const TimeRange& range, Load load) {
  UnitPipeline pipeline;
  pipeline.range = range;
  pipeline.load = load;
  pipeline.bounds = [](const ScanUnit&) { return std::optional<PositionBounds>(PositionBounds()); };
  return pipeline;
}

Result<void> run(Scan& scan, const UnitPipeline& pipeline) {
  DURAMEN_TRY(const std::vector<ScanUnit> units, scan.units(pipeline.range));
  scan.add_total(units.size());
  return run_pipeline(scan.context(), units, pipeline);
}

/// Hands over row by row.
template <class Push>
Result<bool> push_each(Scan& scan, const UnitPipeline::Selected& selected, Push&& push) {
  std::size_t done = 0;
  for (const std::uint32_t row : selected.rows) {
    if (++done % kRowsBetweenChecks == 0) DURAMEN_TRY_VOID(scan.context().progress.check());
    selected.reader.row().move_to(row);
    DURAMEN_TRY(const bool more, push(selected.reader.row()));
    if (!more) return false;
  }
  return true;
}

}  // namespace

Result<void> scan_into(Scan& scan, const TimeRange& range, Stage& first) {
  UnitPipeline pipeline = over_all(range, scan.has_operations() ? Load::kWhole : first.load());
  pipeline.take = [&](const UnitPipeline::Selected& selected) {
    return push_each(scan, selected, [&](const ColumnRow& row) -> Result<bool> {
      if (!scan.has_operations()) {
        scan.add_matched(1);
        return first.push_view(row);
      }
      auto operated = scan.operated(row);
      if (!operated) return true;
      scan.add_matched(1);
      return first.push(std::move(*operated));
    });
  };
  return run(scan, pipeline);
}

Result<void> scan_into_stats(Scan& scan, const TimeRange& range, StatsStage& stats) {
  UnitPipeline pipeline = over_all(range, Load::kNames);
  if (only_counts_rows(stats.pipe()) && stats.by().empty()) {
    pipeline.count = [&](UnitReader& reader) { return reader.count(range); };
  }
  auto groups = GroupedRows::of(stats.pipe(), scan.context().names, stats.by());
  pipeline.take = [&](const UnitPipeline::Selected& selected) -> Result<bool> {
    scan.add_matched(selected.counted.value_or(selected.rows.size()));
    if (selected.counted) {
      return *selected.counted == 0 ? Result<bool>(true) : stats.push_counted(*selected.counted);
    }
    UnitReader& reader = selected.reader;
    if (!groups || !groups->fits(reader)) {
      return push_each(scan, selected, [&](const ColumnRow& row) { return stats.push_view(row); });
    }
    const auto take = [&](std::uint32_t row, std::uint64_t rows) -> Result<void> {
      reader.row().move_to(row);
      DURAMEN_TRY_VOID(stats.push_alike(reader.row(), rows));
      return {};
    };
    DURAMEN_TRY_VOID(groups->group(reader, selected.rows, take));
    return true;
  };
  return run(scan, pipeline);
}

}  // namespace duramen::query
