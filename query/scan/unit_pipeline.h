#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "query/scan/unit_reader.h"

namespace duramen::query {

/// What is done with many units. Each function but `count` is called by one thread at a time,
/// though `bounds` and `take` may be called at the same time.
struct UnitPipeline {
  TimeRange range;
  Load load = Load::kNames;
  /// Where in the answer rows are still wanted; asked before each unit. Nothing: no more units.
  std::function<std::optional<PositionBounds>(const ScanUnit&)> bounds;
  /// Tells all that is needed of the unit without its rows. Of several threads; may be empty.
  std::function<std::optional<std::uint64_t>(UnitReader&)> count;
  /// Takes the selected rows of the unit that the reader has open, in the order of the units;
  /// false: no more. `counted`: what count() gave, then there are no rows.
  struct Selected {
    const ScanUnit& unit;
    UnitReader& reader;
    std::span<const std::uint32_t> rows;
    std::optional<std::uint64_t> counted;
  };
  std::function<Result<bool>(const Selected&)> take;
};

/// Reads units on as many threads as there are processors (oneTBB), this one among them, a few
/// units ahead of `take`. Memory: that of as many units.
/// Blocking: until all is done. Errors: the first of reading or of `take`.
Result<void> run_pipeline(const ReadContext& context, std::span<const ScanUnit> units,
                          const UnitPipeline& pipeline);

}  // namespace duramen::query
