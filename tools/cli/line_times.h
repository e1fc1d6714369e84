#pragma once

#include "base/result.h"
#include "tools/cli/arguments.h"
#include "tools/cli/batches.h"

namespace duramen::cli {

/// How --time-format, --year and --tz say that the times of one file's text lines are found. Not
/// set for `now`: lines then travel without a time and get the daemon's. One for each file, because
/// it remembers earlier lines. Errors: kInvalidArgument (a format that cannot be used).
Result<LineTime> make_line_time(const ImportCommand& command, TimeNs now);

}  // namespace duramen::cli
