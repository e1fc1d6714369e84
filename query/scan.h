#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "query/column_row.h"
#include "query/matcher.h"
#include "query/progress.h"
#include "query/stage.h"
#include "store/store.h"

namespace duramen::query {

struct TimeRange {
  std::optional<TimeNs> start;  ///< inclusive
  std::optional<TimeNs> end;    ///< exclusive
  bool contains(TimeNs time) const { return (!start || time >= *start) && (!end || time < *end); }
  bool touches(TimeNs first, TimeNs last) const {
    return (!start || last >= *start) && (!end || first < *end);
  }
};

/// A block or an open batch: what is read at once.
struct ScanUnit {
  const store::BlockRef* block = nullptr;
  const model::RowSet* open = nullptr;
  TimeNs first = 0;  ///< smallest and
  TimeNs last = 0;   ///< greatest time in it
};

/// What a query reads and tests: filter and leading row operations over one snapshot. Decodes
/// every row of a unit and looks at each: simple, slow, and what cleverer executors are compared
/// with.
/// Threading: none. Ownership: everything passed in outlives it.
class Scan {
 public:
  Scan(const store::Snapshot& snapshot, model::Seq up_to, const NameTable& names,
       const Matcher& matcher, const std::vector<std::unique_ptr<RowOperation>>& operations,
       Progress& progress);

  /// The units with rows in the range, in no order.
  std::vector<ScanUnit> units(const TimeRange& range) const;

  /// Calls `take(position, row)` -> Result<bool> for every row of the unit that is in the snapshot,
  /// in the range, and passes `wanted(position)`, the filter and the operations; false ends it. A
  /// damaged block is noted in warnings() and passed over.
  template <class Wanted, class Take>
  Result<void> read(const ScanUnit& unit, const TimeRange& range, Wanted&& wanted, Take&& take);

  /// The row after the operations; nothing when one of them drops it.
  std::optional<Row> operated(const ColumnRow& row) const;
  bool has_operations() const { return !operations_.empty(); }
  ColumnRow& row() { return row_; }

  /// Counts units that are going to be read, for the list of running queries.
  void add_total(std::size_t units) { progress_.units_total += units; }
  std::uint64_t matched() const { return matched_; }
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  /// Binds row_ to the unit. False: damaged.
  Result<bool> open(const ScanUnit& unit);

  const store::Snapshot& snapshot_;
  const model::Seq up_to_;
  const Matcher& matcher_;
  const std::vector<std::unique_ptr<RowOperation>>& operations_;
  Progress& progress_;
  ColumnRow row_;
  std::size_t rows_ = 0;
  std::uint64_t matched_ = 0;
  std::set<model::BlockId> damaged_;
  std::vector<std::string> warnings_;
};

template <class Wanted, class Take>
Result<void> Scan::read(const ScanUnit& unit, const TimeRange& range, Wanted&& wanted,
                        Take&& take) {
  constexpr std::size_t kRowsBetweenChecks = 256;
  DURAMEN_TRY(const bool readable, open(unit));
  if (!readable) return {};
  for (std::size_t i = 0; i < rows_; ++i) {
    if (i % kRowsBetweenChecks == 0) {
      DURAMEN_TRY_VOID(progress_.check());
      progress_.scanned_rows += std::min(kRowsBetweenChecks, rows_ - i);
    }
    row_.move_to(i);
    if (row_.identity().seq > up_to_) continue;
    const Position position = row_.position();
    if (!range.contains(position.time) || !wanted(position) || !matcher_.matches(row_)) continue;
    if (has_operations() && !operated(row_)) continue;
    ++matched_;
    DURAMEN_TRY(const bool more, take(position, i));
    if (!more) break;
  }
  return {};
}

}  // namespace duramen::query
