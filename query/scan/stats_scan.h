#pragma once

#include "base/result.h"
#include "query/pipes/stage.h"
#include "query/pipes/stats.h"
#include "query/scan/scan.h"

namespace duramen::query {

/// Hands the rows of a scan, in any order, to the first stage.
/// Threading: as run_pipeline(); the stage is used by one thread at a time.
Result<void> scan_into(Scan& scan, const TimeRange& range, Stage& first);

/// The same for `stats`: columns that it does not ask for are not read, and rows that it only
/// counts are counted by template, stream and time.
Result<void> scan_into_stats(Scan& scan, const TimeRange& range, StatsStage& stats);

}  // namespace duramen::query
