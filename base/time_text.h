#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace duramen {

/// RFC 3339 / ISO 8601 in UTC nanoseconds: `2026-11-21T10:20:30.123456789Z`, offsets, `T` or a
/// blank, `.` or `,` before 1 to 9 digits (further digits are cut). Without a zone it is UTC.
/// Nothing when the text is no such time or out of the range of TimeNs. Pure and fast (no locale).
std::optional<TimeNs> parse_rfc3339(std::string_view text);

/// A Unix time as text, unit by magnitude: up to 1e11 seconds, then ms, us, ns. Decimals are
/// scaled by position (no double), so `1562529662.678123456` is exact.
std::optional<TimeNs> parse_unix_time(std::string_view text);

/// True for an RFC 3339 or Unix time that is well-formed and only lies outside the range of TimeNs:
/// a record that claims such a time is kept, its time is not.
bool is_time_beyond_range(std::string_view text);

/// `2026-11-21T10:20:30.123456789Z`: always nine digits and Z.
void append_rfc3339(std::string& out, TimeNs time);
std::string to_rfc3339(TimeNs time);

/// `15m`, `1h30m`, `2d`, `500ms`, `1w`, `250us`; a bare `0`. Nanoseconds, not negative.
Result<TimeNs> parse_duration(std::string_view text);
std::string to_duration_text(TimeNs duration);

/// An absolute time (RFC 3339, a date, Unix time) or one relative to `now`: `now`, `now-15m`,
/// `-15m`.
Result<TimeNs> parse_time_argument(std::string_view text, TimeNs now);

/// `10GiB`, `512MiB`, `64KiB`, `1.5GB`, `1000`: bytes.
Result<std::uint64_t> parse_bytes(std::string_view text);
std::string to_bytes_text(std::uint64_t bytes);

}  // namespace duramen
