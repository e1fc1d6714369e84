#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace duramen::cli {

/// The time zone in which times are shown and wall-clock arguments are read.
///
/// Sets the zone of the whole process (TZ): call once in main, before any thread starts. An empty
/// name keeps the zone of the machine. Names are those of the zone database (`Europe/Paris`),
/// `UTC`, or a fixed offset (`+02:00`). Errors: kInvalidArgument for an unknown name.
Result<void> set_zone(const std::string& name);

/// Seconds east of UTC at that moment in the process's zone. Threading: any thread.
int zone_offset_seconds(TimeNs at);

/// `2026-11-21T11:20:30.123+01:00`: local time with its offset, cut to milliseconds.
std::string local_time_text(TimeNs at);

/// As parse_time_argument, but a date and time without a zone (`2026-11-21 10:00`) is read in the
/// process's zone, as it is shown.
Result<TimeNs> parse_local_time_argument(std::string_view text, TimeNs now);

}  // namespace duramen::cli
