#pragma once

#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "tools/cli/arguments.h"
#include "tools/cli/batches.h"

namespace duramen::cli {

/// How --time-format, --year and --tz say that the times of one file's text lines are found. Not
/// set for `now`: lines then travel without a time and get the daemon's. One for each file, because
/// it remembers earlier lines; `previous` is the time of the line before the first one, where an
/// earlier import ended. Errors: kInvalidArgument (a format that cannot be used).
Result<LineTime> make_line_time(const ImportCommand& command, TimeNs now,
                                std::optional<TimeNs> previous = {});

}  // namespace duramen::cli
