#include "ingest/text_time.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "base/time_text.h"

namespace duramen::ingest {
namespace {

constexpr std::size_t kSearchedBytes = 192;
constexpr std::size_t kMaxPlaces = 12;
constexpr std::size_t kWeakPlaces = 6;
constexpr int kFirstYear = 1678;
constexpr int kLastYear = 2261;
constexpr std::string_view kMonths = "janfebmaraprmayjunjulaugsepoctnovdec";
constexpr std::string_view kDays = "sunmontuewedthufrisat";
constexpr std::string_view kDirectives = "YymdebaHIpMSfLsz?";
constexpr std::string_view kNamesADay = "des";
/// A zone if there is one, perhaps behind a blank.
constexpr char kMaybeZone = '?';

struct BuiltIn {
  std::string_view format;
  bool weak;
};
// More exact ones first. The samples are in tests/ingest/text_time_test.cc.
constexpr std::array kBuiltIn = {
    BuiltIn{"%Y-%m-%dT%H:%M:%S%?", false},
    BuiltIn{"%Y-%m-%d %H:%M:%S%?", false},
    BuiltIn{"%Y-%m-%d_%H:%M:%S%?", false},
    BuiltIn{"%Y-%m-%d-%H.%M.%S.%f", false},
    BuiltIn{"%Y/%m/%d %H:%M:%S%?", false},
    BuiltIn{"%Y.%m.%d %H:%M:%S%?", false},
    BuiltIn{"%Y%m%d-%H:%M:%S:%L", false},
    BuiltIn{"%Y%m%dT%H%M%S%?", false},
    BuiltIn{"%Y%m%d %H:%M:%S%?", false},
    BuiltIn{"%d/%b/%Y:%H:%M:%S %z", false},
    BuiltIn{"%a %b %e %H:%M:%S %Y", false},
    BuiltIn{"%a %b %e %H:%M:%S %z %Y", false},
    BuiltIn{"%a, %e %b %Y %H:%M:%S%?", false},
    BuiltIn{"%e %b %Y %H:%M:%S%?", false},
    BuiltIn{"%d-%b-%Y %H:%M:%S%?", false},
    BuiltIn{"%b %e %Y %H:%M:%S", false},
    BuiltIn{"%b %e, %Y %I:%M:%S %p", false},
    BuiltIn{"%b %e %H:%M:%S", false},
    BuiltIn{"%y/%m/%d %H:%M:%S", true},
    BuiltIn{"%m-%d %H:%M:%S", true},
    BuiltIn{"%m.%d %H:%M:%S", true},
    BuiltIn{"I%m%d %H:%M:%S", true},
    BuiltIn{"W%m%d %H:%M:%S", true},
    BuiltIn{"E%m%d %H:%M:%S", true},
    BuiltIn{"F%m%d %H:%M:%S", true},
    BuiltIn{"%y%m%d %H%M%S", true},
    BuiltIn{"%s", true},
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_blank(char c) { return c == ' ' || c == '\t'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

/// Reads pieces of a time from a text, going forward.
struct Input {
  std::string_view text;
  std::size_t at = 0;

  char peek(std::size_t ahead = 0) const {
    return at + ahead < text.size() ? text[at + ahead] : '\0';
  }
  bool take(char c) {
    if (peek() != c) return false;
    ++at;
    return true;
  }
  bool blanks() {
    const std::size_t begin = at;
    while (is_blank(peek())) ++at;
    return at != begin;
  }
  /// `min` to `max` digits.
  bool number(unsigned min, unsigned max, unsigned& value) {
    unsigned digits = 0;
    value = 0;
    while (digits < max && is_digit(peek())) {
      value = value * 10 + static_cast<unsigned>(peek() - '0');
      ++at;
      ++digits;
    }
    return digits >= min;
  }
  bool in_range(unsigned min_digits, unsigned low, unsigned high, unsigned& value) {
    return number(min_digits, 2, value) && value >= low && value <= high;
  }
  bool decimals(std::int64_t& nanosecond) {
    std::int64_t scale = kNsPerSecond;
    nanosecond = 0;
    if (!is_digit(peek())) return false;
    for (; is_digit(peek()); ++at) {
      scale /= 10;
      nanosecond += (peek() - '0') * scale;  // past nine digits the scale is 0
    }
    return true;
  }
  /// One of the three-letter names of `list`, perhaps written out.
  bool name(std::string_view list, unsigned& index) {
    char word[3] = {lower(peek()), lower(peek(1)), lower(peek(2))};
    for (unsigned i = 0; i * 3 < list.size(); ++i) {
      if (list.substr(std::size_t{i} * 3, 3) != std::string_view(word, 3)) continue;
      index = i;
      at += 3;
      while (is_letter(peek())) ++at;
      return true;
    }
    return false;
  }
  bool zone(std::optional<int>& offset);
  bool unix_time(std::optional<TimeNs>& time);
};

bool Input::zone(std::optional<int>& offset) {
  if ((peek() == 'Z' || peek() == 'z') && !is_letter(peek(1))) {
    ++at;
    offset = 0;
    return true;
  }
  for (const std::string_view utc : {"UTC", "GMT"}) {
    if (text.substr(at, 3) == utc && !is_letter(peek(3))) {
      at += 3;
      offset = 0;
      return true;
    }
  }
  if (peek() != '+' && peek() != '-') return false;
  const std::size_t begin = at;
  const int sign = peek() == '-' ? -1 : 1;
  ++at;
  unsigned hours = 0;
  unsigned minutes = 0;
  bool good = number(2, 2, hours) && hours <= 23;
  if (good && (take(':') || is_digit(peek()))) good = in_range(2, 0, 59, minutes);
  if (!good || is_digit(peek()) || is_letter(peek())) {
    at = begin;
    return false;
  }
  offset = sign * static_cast<int>(hours * 3600 + minutes * 60);
  return true;
}

bool Input::unix_time(std::optional<TimeNs>& time) {
  std::size_t digits = 0;
  while (is_digit(peek(digits))) ++digits;
  if (digits != 10 && digits != 13 && digits != 16 && digits != 19) return false;
  std::size_t size = digits;
  if (peek(size) == '.' && is_digit(peek(size + 1))) {
    ++size;
    while (is_digit(peek(size))) ++size;
  }
  time = parse_unix_time(text.substr(at, size));
  at += size;
  return time.has_value() && !is_letter(peek());
}

/// Applies one directive; `following` is the literal that the format expects next, or NUL. Where
/// another number may follow at once, numbers must have their two digits.
bool take_directive(char directive, char following, bool at_number, Input& in,
                    TimeFormat::Parts& parts) {
  const unsigned digits = at_number ? 2 : 1;
  unsigned value = 0;
  switch (directive) {
    case 'Y':
      if (!in.number(4, 4, value)) return false;
      parts.year = static_cast<int>(value);
      return true;
    case 'y':
      if (!in.number(2, 2, value)) return false;
      parts.year = static_cast<int>(value < 69 ? 2000 + value : 1900 + value);
      return true;
    case 'm':
      return in.in_range(digits, 1, 12, parts.month);
    case 'd':
      return in.in_range(digits, 1, 31, parts.day);
    case 'e':
      in.blanks();
      return in.in_range(1, 1, 31, parts.day);
    case 'b':
      if (!in.name(kMonths, parts.month)) return false;
      ++parts.month;
      return true;
    case 'a':
      return in.name(kDays, value);
    case 'H':
      return in.in_range(digits, 0, 23, parts.hour);
    case 'I':
      return in.in_range(1, 1, 12, parts.hour);
    case 'p':
      parts.afternoon = lower(in.peek()) == 'p';
      if (!*parts.afternoon && lower(in.peek()) != 'a') return false;
      ++in.at;
      return in.take('M') || in.take('m');
    case 'M':
      return in.in_range(digits, 0, 59, parts.minute);
    case 'S':
      if (!in.in_range(digits, 0, 60, parts.second)) return false;
      if ((in.peek() == '.' || in.peek() == ',') && in.peek() != following &&
          is_digit(in.peek(1))) {
        ++in.at;
        return in.decimals(parts.nanosecond);
      }
      return true;
    case 'f':
      return in.decimals(parts.nanosecond);
    case 'L':
      if (!in.number(1, 3, value)) return false;
      parts.nanosecond = std::int64_t{value} * 1'000'000;
      return true;
    case 's':
      return in.unix_time(parts.unix_time);
    case 'z':
      return in.zone(parts.offset_seconds);
    case kMaybeZone: {
      const std::size_t begin = in.at;
      if (in.peek() == ' ') ++in.at;
      if (!in.zone(parts.offset_seconds)) in.at = begin;
      return true;
    }
    default:
      return false;
  }
}

}  // namespace

Result<TimeFormat> TimeFormat::compile(std::string_view format) {
  TimeFormat out;
  DURAMEN_TRY_VOID(out.append(format));
  for (std::size_t i = 0; i < out.ops_.size(); i += 2) {
    if (kNamesADay.find(out.ops_[i]) != std::string_view::npos) return out;
  }
  return Error{ErrorCode::kInvalidArgument, "time format '" + std::string(format) +
                                                "' names no day: it needs %d, %e, %F, %D or %s"};
}

Result<void> TimeFormat::append(std::string_view format) {
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      ops_ += {'\0', is_blank(format[i]) ? ' ' : format[i]};
      continue;
    }
    const char c = ++i < format.size() ? format[i] : '\0';
    if (c == 'F') {
      DURAMEN_TRY_VOID(append("%Y-%m-%d"));
    } else if (c == 'T') {
      DURAMEN_TRY_VOID(append("%H:%M:%S"));
    } else if (c == 'D') {
      DURAMEN_TRY_VOID(append("%m/%d/%y"));
    } else if (c == '%') {
      ops_ += {'\0', '%'};
    } else if (c == 'B' || c == 'A') {
      ops_ += {lower(c), '\0'};
    } else if (c != '\0' && kDirectives.find(c) != std::string_view::npos) {
      ops_ += {c, '\0'};
    } else {
      return Error{
          ErrorCode::kInvalidArgument,
          "time format '" + std::string(format) + "', column " + std::to_string(i) + ": %" +
              (c == '\0' ? std::string() : std::string(1, c)) +
              " is not known (there are %Y %y %m %d %e %b %a %H %I %p %M %S %f %L %s %z %F %T "
              "%D %? %%)"};
    }
  }
  return {};
}

std::size_t TimeFormat::match(std::string_view text, Parts& parts) const {
  Input in{text};
  for (std::size_t i = 0; i < ops_.size(); i += 2) {
    const char directive = ops_[i];
    const char literal = ops_[i + 1];
    if (directive != '\0') {
      const bool more = i + 2 < ops_.size();
      const char following = more ? ops_[i + 3] : '\0';
      const bool at_number = more && ops_[i + 2] != '\0' && ops_[i + 2] != kMaybeZone;
      if (!take_directive(directive, following, at_number, in, parts)) return 0;
    } else if (literal == ' ') {
      if (!in.blanks()) return 0;
      while (i + 3 < ops_.size() && ops_[i + 2] == '\0' && ops_[i + 3] == ' ') i += 2;
    } else if (!in.take(literal)) {
      return 0;
    }
  }
  if (is_digit(in.peek())) return 0;  // the rest of a longer number
  return in.at;
}

Result<TextTimeReader> TextTimeReader::create(TextTimeOptions options) {
  TextTimeReader reader;
  if (options.format == "auto") {
    for (const BuiltIn& built_in : kBuiltIn) {
      DURAMEN_TRY(TimeFormat format, TimeFormat::compile(built_in.format));
      reader.known_.push_back({std::move(format), built_in.weak});
    }
  } else if (options.format != "now") {
    DURAMEN_TRY(TimeFormat format, TimeFormat::compile(options.format));
    reader.known_.push_back({std::move(format), false});
  }
  if (options.year && (*options.year < kFirstYear || *options.year > kLastYear)) {
    return Error{ErrorCode::kInvalidArgument, "year " + std::to_string(*options.year) +
                                                  " is not in " + std::to_string(kFirstYear) +
                                                  " to " + std::to_string(kLastYear)};
  }
  reader.options_ = std::move(options);
  if (reader.options_.year && reader.options_.previous) {
    reader.go_on_from(*reader.options_.previous);
  }
  return reader;
}

void TextTimeReader::go_on_from(TimeNs previous) {
  const auto& offset = options_.zone_offset_seconds;
  const TimeNs wall = previous + (offset ? offset(previous) : 0) * kNsPerSecond;
  const auto day = std::chrono::floor<std::chrono::days>(
      std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(wall)));
  const std::chrono::year_month_day date(day);
  year_shift_ = static_cast<int>(date.year()) - *options_.year;
  last_month_ = static_cast<unsigned>(date.month());
}

std::optional<TimeNs> TextTimeReader::read(std::string_view line) {
  if (known_.empty()) return std::nullopt;
  line = line.substr(0, kSearchedBytes);
  if (established_ && last_place_ < line.size() && may_begin(line, last_place_)) {
    if (auto time = try_at(known_[last_format_], line.substr(last_place_))) return time;
  }
  return search(line);
}

/// Where a time may begin: at the start, and behind blanks, brackets and the like. A format that
/// the user gave may begin anywhere but within a number.
bool TextTimeReader::may_begin(std::string_view line, std::size_t at) const {
  if (at == 0) return true;
  if (options_.format != "auto") return !is_digit(line[at - 1]) || !is_digit(line[at]);
  return (is_digit(line[at]) || is_letter(line[at])) &&
         std::string_view(" \t[](){}<>\"'=|,;").find(line[at - 1]) != std::string_view::npos;
}

std::optional<TimeNs> TextTimeReader::search(std::string_view line) {
  const std::size_t max_places = options_.format == "auto" ? kMaxPlaces : kSearchedBytes;
  std::size_t places = 0;
  for (std::size_t at = 0; at < line.size() && places < max_places; ++at) {
    if (!may_begin(line, at)) continue;
    ++places;
    for (std::size_t i = 0; i < known_.size(); ++i) {
      const bool weak_elsewhere =
          known_[i].weak && (places > kWeakPlaces || (established_ && i != last_format_));
      if (weak_elsewhere) continue;
      if (auto time = try_at(known_[i], line.substr(at))) {
        last_format_ = i;
        last_place_ = at;
        established_ = true;
        return time;
      }
    }
  }
  return std::nullopt;
}

std::optional<TimeNs> TextTimeReader::try_at(const Known& known, std::string_view text) {
  TimeFormat::Parts parts;
  if (known.format.match(text, parts) == 0) return std::nullopt;
  return to_time(parts);
}

std::optional<TimeNs> TextTimeReader::to_time(const TimeFormat::Parts& parts) {
  if (parts.unix_time) return parts.unix_time;
  const std::optional<int> year = year_of(parts);
  if (!year || *year < kFirstYear || *year > kLastYear) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(parts.month),
                                         std::chrono::day(parts.day)};
  if (!date.ok()) return std::nullopt;
  unsigned hour = parts.hour;
  if (parts.afternoon) hour = hour % 12 + (*parts.afternoon ? 12 : 0);
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const std::int64_t seconds = days * 86'400 + hour * 3600 + parts.minute * 60 + parts.second;
  const TimeNs wall = seconds * kNsPerSecond + parts.nanosecond;
  if (parts.offset_seconds) return wall - *parts.offset_seconds * kNsPerSecond;
  return from_local(wall);
}

/// A time without a year has the given one, and the next one behind a New Year; or the latest that
/// does not lie in the future.
std::optional<int> TextTimeReader::year_of(const TimeFormat::Parts& parts) {
  if (parts.year) return parts.year;
  if (options_.year) {
    if (last_month_ >= 11 && parts.month <= 2) ++year_shift_;
    if (last_month_ != 0 && last_month_ <= 2 && parts.month >= 11) --year_shift_;
    last_month_ = parts.month;
    return *options_.year + year_shift_;
  }
  const TimeNs latest = options_.now + kNsPerDay;
  const auto today = std::chrono::floor<std::chrono::days>(
      std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(latest)));
  const std::chrono::year_month_day limit(today);
  const auto month_day = std::chrono::month(parts.month) / std::chrono::day(parts.day);
  int year = static_cast<int>(limit.year());
  if (month_day > std::chrono::month_day(limit.month(), limit.day())) --year;
  // February 29 waits for its year.
  for (int tries = 0; tries < 8; ++tries, --year) {
    if ((std::chrono::year(year) / month_day).ok()) return year;
  }
  return std::nullopt;
}

/// Two steps settle the offset but in the hour that a change to winter time repeats, where either
/// answer is right.
TimeNs TextTimeReader::from_local(TimeNs wall) const {
  if (!options_.zone_offset_seconds) return wall;
  TimeNs at = wall - options_.zone_offset_seconds(wall) * kNsPerSecond;
  at = wall - options_.zone_offset_seconds(at) * kNsPerSecond;
  return at;
}

}  // namespace duramen::ingest
