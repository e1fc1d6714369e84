#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "query/progress.h"
#include "query/request.h"
#include "query/rows/row.h"
#include "query/scan/kept_row.h"
#include "query/scan/noted_rows.h"
#include "query/scan/scan.h"
#include "query/scan/unit_pipeline.h"

namespace duramen::query {

struct OrderedScanOptions {
  Order order = Order::kNewestFirst;
  TimeRange range;
  std::optional<Position> after;  ///< only rows that come after this one
  std::uint64_t rows = 0;         ///< as many are needed; 0: all
  bool as_json = true;
};

/// Gives the rows of a scan in order, within bounded memory however many there are.
///
/// One pass keeps the best rows; when there are more than needed the worst are let go, and
/// units that can only have worse ones are not read. When few rows are needed, a pass only notes
/// where they lie, and they are read when it is known which they are. When the rows needed do not
/// fit in half of the query's memory, a pass gives those that did, and the next goes on behind the
/// last of them.
/// Threading: as run_pipeline().
class OrderedScan {
 public:
  OrderedScan(Scan& scan, Progress& progress, const OrderedScanOptions& options);
  /// False: it wants no more.
  using Take = std::function<Result<bool>(KeptRow&&)>;
  Result<void> run(const Take& take);

 private:
  PositionBounds bounds() const { return {options_.order, after_, cutoff_}; }
  Result<std::vector<ScanUnit>> units_in_order();
  /// True when the unit, and those after it in order, have no row that is wanted.
  bool past_the_end(const ScanUnit& unit, const Position& cutoff) const;
  std::optional<PositionBounds> wanted_of(const ScanUnit& unit);
  void publish_cutoff();
  bool before_the_begin(const ScanUnit& unit) const;
  Result<void> pass();
  Result<void> collect();
  Result<void> take_unit(const UnitPipeline::Selected& selected);
  /// Of the selected rows those that may be among the needed ones, as their times alone tell.
  std::vector<std::uint32_t> likely_rows(const UnitPipeline::Selected& selected);
  void keep(const UnitPipeline::Selected& selected, KeptRow kept);
  /// The content of a row; false when an operation drops it.
  bool fill(UnitReader& reader, KeptRow& kept) const;
  /// Reads the rows that were only noted. False: they do not fit, or a block is damaged.
  Result<bool> read_noted();
  void trim_to_memory();
  void trim_to_rows();
  void sort_kept();

  Scan& scan_;
  const Progress& progress_;
  const OrderedScanOptions options_;
  const std::size_t memory_limit_;
  MemoryUse memory_;
  std::uint64_t needed_;  ///< rows still needed; 0: all
  std::optional<Position> after_;
  std::optional<Position> cutoff_;  ///< of this pass: only rows before it are kept
  bool out_of_memory_ = false;      ///< in this pass: rows were let go that are needed
  bool note_only_;                  ///< rows are read when it is known which are needed
  std::vector<ScanUnit> units_;
  std::vector<KeptRow> candidates_;
  std::vector<TimeNs> times_;
  std::vector<KeptRow> kept_;
  NotedRows noted_;

  /// cutoff_, for the thread that asks which units are wanted.
  Mutex published_mutex_;
  std::optional<Position> published_ DURAMEN_GUARDED_BY(published_mutex_);
};

}  // namespace duramen::query
