#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace duramen::ingest {

/// A time format in the manner of strptime, compiled.
///
/// %Y year, %y year of two digits (69..99 are 1969..1999), %m month, %d or %e day, %b or %B English
/// month name, %a or %A English day name (ignored), %H hour, %I hour of 12 with %p AM or PM,
/// %M minute, %S second, %f decimals of the second, %L milliseconds (1 to 3 digits), %s Unix time
/// (s, ms, us or ns by size, decimals allowed), %z zone (Z, UTC, GMT, +hh, +hhmm, +hh:mm), %F is
/// %Y-%m-%d, %T is %H:%M:%S, %D is %m/%d/%y, %? is a zone if there is one, %% is %. Behind %S the
/// text may have decimals after a point or comma. A blank stands for one or more; anything else for
/// itself. Threading: immutable. Pure.
class TimeFormat {
 public:
  /// Errors: kInvalidArgument, with the column, for an unknown directive; for a format without a
  /// day.
  static Result<TimeFormat> compile(std::string_view format);

  /// What stands in a text.
  struct Parts {
    std::optional<int> year;
    unsigned month = 1;
    unsigned day = 1;
    unsigned hour = 0;
    unsigned minute = 0;
    unsigned second = 0;
    std::int64_t nanosecond = 0;
    std::optional<int> offset_seconds;  ///< east of UTC
    std::optional<TimeNs> unix_time;    ///< nothing else counts then
    std::optional<bool> afternoon;
  };
  /// Reads a time at the beginning of `text`; gives its length, or 0 when there is none.
  std::size_t match(std::string_view text, Parts& parts) const;

 private:
  Result<void> append(std::string_view format);
  std::string ops_;  ///< pairs: a directive letter or `\0`, then the literal
};

struct TextTimeOptions {
  std::string format = "auto";  ///< `auto`, `now` (never look), or a TimeFormat
  std::optional<int> year;      ///< of times without one; else the latest that is not in the future
  TimeNs now = 0;
  std::optional<TimeNs> previous;  ///< of the line before the first one: its year goes on
  /// Offset of local time, in seconds east of UTC, at a moment; for times without a zone. Empty:
  /// UTC.
  std::function<int(TimeNs)> zone_offset_seconds;
};

/// Finds the time in lines of plain text logs. Remembers what worked: lines of one file are alike.
///
/// `auto` knows ISO 8601 and RFC 3339 with their common variants, syslog, Apache's two, Unix time
/// in a column, glog, Hadoop, Spark, Android and a dozen more; a time may stand behind a few
/// columns. Threading: none. Blocking: CPU only. Limits: looks at the first 192 bytes of a line.
class TextTimeReader {
 public:
  /// Errors: kInvalidArgument as TimeFormat::compile.
  static Result<TextTimeReader> create(TextTimeOptions options);

  /// The time of a line, or nothing when none is found in it.
  std::optional<TimeNs> read(std::string_view line);

 private:
  struct Known {
    TimeFormat format;
    bool weak = false;  ///< easily found where no time is: only where nothing else was found before
  };
  TextTimeReader() = default;
  void go_on_from(TimeNs previous);
  bool may_begin(std::string_view line, std::size_t at) const;
  std::optional<TimeNs> try_at(const Known& known, std::string_view text);
  std::optional<TimeNs> search(std::string_view line);
  std::optional<TimeNs> to_time(const TimeFormat::Parts& parts);
  std::optional<int> year_of(const TimeFormat::Parts& parts);
  TimeNs from_local(TimeNs wall) const;

  TextTimeOptions options_;
  std::vector<Known> known_;
  std::size_t last_format_ = 0;  ///< what matched last
  std::size_t last_place_ = 0;   ///< in which candidate place of the line
  bool established_ = false;
  int year_shift_ = 0;  ///< New Years passed since options_.year
  unsigned last_month_ = 0;
};

}  // namespace duramen::ingest
