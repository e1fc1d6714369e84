#include "base/time_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace duramen {
namespace {

constexpr std::array<std::uint32_t, 10> kPowersOf10 = {
    1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000};
constexpr std::uint64_t kMaxTime = std::numeric_limits<TimeNs>::max();

constexpr bool is_digit(char c) { return static_cast<unsigned char>(c - '0') < 10; }
constexpr unsigned digit(char c) { return static_cast<unsigned char>(c - '0'); }

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar
/// (https://howardhinnant.github.io/date_algorithms.html, days_from_civil).
constexpr std::int64_t days_from_civil(unsigned year, unsigned month, unsigned day) {
  const unsigned y = year + 400 - (month <= 2 ? 1 : 0);  // one era up: stays positive in year 0
  const unsigned era = y / 400;
  const unsigned year_of_era = y % 400;
  const unsigned day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
  const unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return (static_cast<std::int64_t>(era) - 1) * 146'097 + day_of_era - 719'468;
}

constexpr unsigned days_in_month(unsigned year, unsigned month) {
  constexpr std::array<unsigned char, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return kDays[month - 1] + (month == 2 && leap ? 1U : 0U);
}

/// Nothing when the sum leaves the range of TimeNs.
std::optional<TimeNs> join(std::int64_t seconds, std::int64_t nanoseconds) {
  // Towards zero first: the earliest times fit only as (seconds + 1) s - rest.
  if (seconds < 0) {
    seconds += 1;
    nanoseconds -= kNsPerSecond;
  }
  TimeNs time = 0;
  if (__builtin_mul_overflow(seconds, kNsPerSecond, &time)) return std::nullopt;
  if (__builtin_add_overflow(time, nanoseconds, &time)) return std::nullopt;
  return time;
}

/// Two digits at `at`, or something above 99.
unsigned two(const char* at) {
  const unsigned high = digit(at[0]);
  const unsigned low = digit(at[1]);
  return high < 10 && low < 10 ? high * 10 + low : 1000;
}

/// Seconds since 1970 of `YYYY-MM-DD` at the start of 10 readable bytes.
std::optional<std::int64_t> parse_date(const char* at) {
  const unsigned century = two(at);
  const unsigned year = two(at + 2);
  const unsigned month = two(at + 5);
  const unsigned day = two(at + 8);
  if (century > 99 || year > 99 || at[4] != '-' || at[7] != '-') return std::nullopt;
  if (month - 1 >= 12 || day == 0) return std::nullopt;
  if (day > 28 && day > days_in_month(century * 100 + year, month)) return std::nullopt;
  return days_from_civil(century * 100 + year, month, day) * 86'400;
}

/// Seconds east of UTC of `Z`, `+02:00`, `+0200` or `+02`, which must be all of `zone`.
std::optional<int> parse_zone(std::string_view zone) {
  if (zone.size() == 1) return zone[0] == 'Z' || zone[0] == 'z' ? std::optional(0) : std::nullopt;
  if (zone.size() < 3 || (zone[0] != '+' && zone[0] != '-')) return std::nullopt;
  const unsigned hours = two(zone.data() + 1);
  unsigned minutes = 0;
  if (zone.size() == 6 && zone[3] == ':') {
    minutes = two(zone.data() + 4);
  } else if (zone.size() == 5) {
    minutes = two(zone.data() + 3);
  } else if (zone.size() != 3) {
    return std::nullopt;
  }
  if (hours > 23 || minutes > 59) return std::nullopt;
  const int seconds = static_cast<int>(hours * 3600 + minutes * 60);
  return zone[0] == '-' ? -seconds : seconds;
}

/// Moves `at` behind the digits there; their value as the decimals of a second, in nanoseconds.
std::uint32_t parse_decimals(const char*& at, const char* end) {
  std::uint32_t value = 0;
  unsigned count = 0;
  while (at != end && is_digit(*at)) {
    if (count < 9) {
      value = value * 10 + digit(*at);
      ++count;
    }
    ++at;
  }
  return value * kPowersOf10[9 - count];
}

/// A moment that TimeNs may not be able to hold.
struct Moment {
  std::int64_t seconds;
  std::uint32_t nanoseconds;
};

std::optional<Moment> read_rfc3339(std::string_view text) {
  if (text.size() < 19) return std::nullopt;
  const char* at = text.data();
  const char* const end = at + text.size();
  if (at[10] != 'T' && at[10] != ' ' && at[10] != 't') return std::nullopt;
  if (at[13] != ':' || at[16] != ':') return std::nullopt;
  const std::optional<std::int64_t> date = parse_date(at);
  const unsigned hour = two(at + 11);
  const unsigned minute = two(at + 14);
  const unsigned second = two(at + 17);
  if (!date || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  at += 19;
  std::uint32_t nanoseconds = 0;
  if (at != end && (*at == '.' || *at == ',')) {
    const char* const first = ++at;
    nanoseconds = parse_decimals(at, end);
    if (at == first) return std::nullopt;
  }
  std::int64_t seconds = *date + std::int64_t{hour} * 3600 + std::int64_t{minute} * 60 + second;
  if (at != end) {
    const auto zone = parse_zone({at, static_cast<std::size_t>(end - at)});
    if (!zone) return std::nullopt;
    seconds -= *zone;
  }
  // A leap second is inserted at the end of a UTC day only; Unix time calls it the next second.
  if (second == 60 && seconds % 86'400 != 0) return std::nullopt;
  return Moment{seconds, nanoseconds};
}

/// Digits, perhaps with a minus before and decimals behind.
bool is_decimal(std::string_view text) {
  if (!text.empty() && text[0] == '-') text.remove_prefix(1);
  std::size_t at = 0;
  while (at < text.size() && is_digit(text[at])) ++at;
  if (at == 0) return false;
  if (at == text.size()) return true;
  const std::string_view decimals = text.substr(at + 1);
  return text[at] == '.' && !decimals.empty() &&
         std::all_of(decimals.begin(), decimals.end(), is_digit);
}

}  // namespace

std::optional<TimeNs> parse_rfc3339(std::string_view text) {
  const auto moment = read_rfc3339(text);
  if (!moment) return std::nullopt;
  return join(moment->seconds, moment->nanoseconds);
}

bool is_time_beyond_range(std::string_view text) {
  if (const auto moment = read_rfc3339(text)) return !join(moment->seconds, moment->nanoseconds);
  return is_decimal(text) && !parse_unix_time(text);
}

std::optional<TimeNs> parse_unix_time(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const bool negative = at != end && *at == '-';
  if (negative) ++at;
  const char* const first = at;
  std::uint64_t whole = 0;
  while (at != end && is_digit(*at)) {
    if (__builtin_mul_overflow(whole, 10U, &whole)) return std::nullopt;
    if (__builtin_add_overflow(whole, digit(*at), &whole)) return std::nullopt;
    ++at;
  }
  if (at == first) return std::nullopt;
  std::uint32_t decimals = 0;  // billionths of the unit
  if (at != end && *at == '.') {
    const char* const point = ++at;
    decimals = parse_decimals(at, end);
    if (at == point) return std::nullopt;
  }
  if (at != end) return std::nullopt;
  std::uint32_t unit = 1;
  if (whole < 100'000'000'000) {
    unit = kPowersOf10[9];
  } else if (whole < 100'000'000'000'000) {
    unit = kPowersOf10[6];
  } else if (whole < 100'000'000'000'000'000) {
    unit = kPowersOf10[3];
  }
  std::uint64_t time = 0;
  if (__builtin_mul_overflow(whole, unit, &time)) return std::nullopt;
  // decimals / 1e9 of a unit; unit divides 1e9, so this only cuts what is below a nanosecond.
  if (__builtin_add_overflow(time, decimals / (kPowersOf10[9] / unit), &time)) return std::nullopt;
  if (time > kMaxTime) return std::nullopt;
  return negative ? -static_cast<TimeNs>(time) : static_cast<TimeNs>(time);
}

namespace {

void put_two(char* at, unsigned value) {
  at[0] = static_cast<char>('0' + value / 10);
  at[1] = static_cast<char>('0' + value % 10);
}

/// `YYYY-MM-DD` (civil_from_days of the same source as above).
void put_date(char* at, std::int64_t days) {
  const auto shifted = static_cast<std::uint64_t>(days + 719'468);  // from 0000-03-01: positive
  const std::uint64_t era = shifted / 146'097;
  const auto day_of_era = static_cast<unsigned>(shifted % 146'097);
  const unsigned year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const unsigned day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned shifted_month = (5 * day_of_year + 2) / 153;
  const unsigned day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const unsigned month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const unsigned year = static_cast<unsigned>(era) * 400 + year_of_era + (month <= 2 ? 1 : 0);
  put_two(at, year / 100);
  put_two(at + 2, year % 100);
  at[4] = '-';
  put_two(at + 5, month);
  at[7] = '-';
  put_two(at + 8, day);
}

}  // namespace

void append_rfc3339(std::string& out, TimeNs time) {
  std::int64_t seconds = time / kNsPerSecond;
  auto rest = static_cast<std::int64_t>(time % kNsPerSecond);
  if (rest < 0) {
    rest += kNsPerSecond;
    --seconds;
  }
  std::int64_t days = seconds / 86'400;
  std::int64_t second_of_day = seconds % 86'400;
  if (second_of_day < 0) {
    second_of_day += 86'400;
    --days;
  }
  const auto clock = static_cast<unsigned>(second_of_day);
  char text[30];
  put_date(text, days);
  text[10] = 'T';
  put_two(text + 11, clock / 3600);
  text[13] = ':';
  put_two(text + 14, clock / 60 % 60);
  text[16] = ':';
  put_two(text + 17, clock % 60);
  text[19] = '.';
  auto nanoseconds = static_cast<std::uint32_t>(rest);
  text[28] = static_cast<char>('0' + nanoseconds % 10);
  nanoseconds /= 10;
  for (int i = 26; i >= 20; i -= 2) {
    put_two(text + i, nanoseconds % 100);
    nanoseconds /= 100;
  }
  text[29] = 'Z';
  out.append(text, sizeof text);
}

std::string to_rfc3339(TimeNs time) {
  std::string out;
  append_rfc3339(out, time);
  return out;
}

namespace {

struct DurationUnit {
  std::string_view name;
  std::uint64_t nanoseconds;
};
constexpr DurationUnit kDurationUnits[] = {
    {"w", 7ULL * kNsPerDay},
    {"d", kNsPerDay},
    {"h", 3'600ULL * kNsPerSecond},
    {"m", 60ULL * kNsPerSecond},
    {"s", kNsPerSecond},
    {"ms", 1'000'000},
    {"us", 1'000},
    {"\xC2\xB5s", 1'000},
    {"ns", 1},
};

Error bad_duration(std::string_view text) {
  return {ErrorCode::kInvalidArgument,
          "'" + std::string(text) +
              "' is not a duration: write whole numbers with units, such as 500ms, 90s, 15m, "
              "1h30m, 2d or 1w"};
}

std::size_t count_digits(std::string_view text) {
  std::size_t n = 0;
  while (n < text.size() && is_digit(text[n])) ++n;
  return n;
}

const DurationUnit* find_unit(std::string_view name) {
  for (const DurationUnit& unit : kDurationUnits) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

}  // namespace

Result<TimeNs> parse_duration(std::string_view text) {
  if (text == "0") return TimeNs{0};
  if (text.empty()) return bad_duration(text);
  std::uint64_t total = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t digits = count_digits(rest);
    std::uint64_t number = 0;
    const auto read = std::from_chars(rest.data(), rest.data() + digits, number);
    if (digits == 0 || read.ec != std::errc{}) return bad_duration(text);
    rest.remove_prefix(digits);
    std::size_t letters = 0;
    while (letters < rest.size() && !is_digit(rest[letters])) ++letters;
    const DurationUnit* unit = find_unit(rest.substr(0, letters));
    if (unit == nullptr) return bad_duration(text);
    rest.remove_prefix(letters);
    if (__builtin_mul_overflow(number, unit->nanoseconds, &number) ||
        __builtin_add_overflow(total, number, &total) || total > kMaxTime) {
      return Error{ErrorCode::kInvalidArgument,
                   "'" + std::string(text) + "' is too long: at most 292 years"};
    }
  }
  return static_cast<TimeNs>(total);
}

std::string to_duration_text(TimeNs duration) {
  if (duration == 0) return "0s";
  std::string out;
  auto rest = static_cast<std::uint64_t>(duration);
  if (duration < 0) {
    out = "-";
    rest = ~rest + 1;
  }
  for (const DurationUnit& unit : kDurationUnits) {
    if (unit.name == "w" || unit.name == "\xC2\xB5s" || rest < unit.nanoseconds) continue;
    out += std::to_string(rest / unit.nanoseconds);
    out += unit.name;
    rest %= unit.nanoseconds;
  }
  return out;
}

namespace {

Result<TimeNs> shift(std::string_view text, TimeNs now, char sign, std::string_view duration) {
  DURAMEN_TRY(const TimeNs by, parse_duration(duration));
  TimeNs time = 0;
  const bool overflow =
      sign == '-' ? __builtin_sub_overflow(now, by, &time) : __builtin_add_overflow(now, by, &time);
  if (overflow) {
    return Error{ErrorCode::kInvalidArgument,
                 "'" + std::string(text) + "' is outside the years 1677 to 2262"};
  }
  return time;
}

}  // namespace

Result<TimeNs> parse_time_argument(std::string_view text, TimeNs now) {
  if (text == "now") return now;
  if (text.size() > 4 && text.substr(0, 3) == "now" && (text[3] == '-' || text[3] == '+')) {
    return shift(text, now, text[3], text.substr(4));
  }
  if (const auto time = parse_rfc3339(text)) return *time;
  if (const auto time = parse_unix_time(text)) return *time;
  if (text.size() == 10) {
    if (const auto seconds = parse_date(text.data())) {
      if (const auto time = join(*seconds, 0)) return *time;
    }
  }
  if (text.size() > 1 && text[0] == '-') return shift(text, now, '-', text.substr(1));
  return Error{ErrorCode::kInvalidArgument,
               "'" + std::string(text) +
                   "' is not a time between 1677 and 2262: write 2026-11-21T10:20:30Z, 2026-11-21, "
                   "a Unix time, now, now-15m or -15m"};
}

namespace {

struct ByteUnit {
  std::string_view name;
  std::uint64_t bytes;
};
constexpr ByteUnit kByteUnits[] = {
    {"PiB", 1ULL << 50},
    {"TiB", 1ULL << 40},
    {"GiB", 1ULL << 30},
    {"MiB", 1ULL << 20},
    {"KiB", 1ULL << 10},
    {"PB", 1'000'000'000'000'000},
    {"TB", 1'000'000'000'000},
    {"GB", 1'000'000'000},
    {"MB", 1'000'000},
    {"KB", 1'000},
    {"B", 1},
};

Error bad_bytes(std::string_view text) {
  return {ErrorCode::kInvalidArgument,
          "'" + std::string(text) +
              "' is not a size: write bytes as 1000, or with a unit: 64KiB, 512MiB, 10GiB, 1.5GB"};
}

std::optional<std::uint64_t> byte_unit(std::string_view name) {
  if (name.empty()) return 1;
  for (const ByteUnit& unit : kByteUnits) {
    bool same = unit.name.size() == name.size();
    for (std::size_t i = 0; same && i < name.size(); ++i) {
      same = (unit.name[i] | 0x20) == (name[i] | 0x20);
    }
    if (same) return unit.bytes;
  }
  return std::nullopt;
}

}  // namespace

Result<std::uint64_t> parse_bytes(std::string_view text) {
  const std::size_t digits = count_digits(text);
  std::uint64_t whole = 0;
  const auto read = std::from_chars(text.data(), text.data() + digits, whole);
  if (digits == 0 || read.ec != std::errc{}) return bad_bytes(text);
  const char* at = text.data() + digits;
  const char* const end = text.data() + text.size();
  std::uint64_t decimals = 0;  // billionths
  if (at != end && *at == '.') {
    const char* const point = ++at;
    decimals = parse_decimals(at, end);
    if (at == point) return bad_bytes(text);
  }
  if (end - at > 1 && *at == ' ') ++at;
  const auto unit = byte_unit({at, static_cast<std::size_t>(end - at)});
  if (!unit) return bad_bytes(text);
  // decimals < 1e9 < 2^30, so the product needs the split for units of 2^34 and more.
  const std::uint64_t billion = kPowersOf10[9];
  const std::uint64_t part = *unit / billion * decimals + *unit % billion * decimals / billion;
  std::uint64_t bytes = 0;
  if (__builtin_mul_overflow(whole, *unit, &bytes) || __builtin_add_overflow(bytes, part, &bytes)) {
    return Error{ErrorCode::kInvalidArgument, "'" + std::string(text) + "' is too large"};
  }
  return bytes;
}

std::string to_bytes_text(std::uint64_t bytes) {
  for (std::size_t i = 0; i < 5; ++i) {
    const ByteUnit& unit = kByteUnits[i];
    if (bytes < unit.bytes) continue;
    const std::uint64_t whole = bytes / unit.bytes;
    const std::uint64_t rest = bytes % unit.bytes;
    // Cut, not rounded: "free 9.9GiB" never says more than there is.
    const std::uint64_t tenth = rest * 10 / unit.bytes;
    std::string out = std::to_string(whole);
    if (tenth != 0) out += "." + std::to_string(tenth);
    return out + std::string(unit.name);
  }
  return std::to_string(bytes) + "B";
}

}  // namespace duramen
