#include "store/column_time.h"

#include <array>
#include <bit>
#include <cstring>

#include "store/column_integers.h"

namespace duramen::store {
namespace {

/// Written to disk: never renumber.
enum class Layout : std::uint8_t {
  kIsoT = 0,      ///< 2026-11-21T10:20:30
  kIsoBlank = 1,  ///< 2026-11-21 10:20:30
  kSlashes = 2,   ///< 2026/11/21 10:20:30
  kAccess = 3,    ///< 21/Nov/2026:10:20:30
};
constexpr std::uint8_t kLastLayout = 3;
constexpr std::uint8_t kAbsolute = 0;
constexpr std::uint8_t kToEventTime = 1;

constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr std::uint64_t kMaxSeconds = 1ULL << 33;  // the year 2242
constexpr std::int64_t kSecondsPerDay = 86'400;

struct Format {
  Layout layout = Layout::kIsoT;
  std::uint8_t digits = 0;  ///< of the fraction
  char separator = 0;       ///< before the fraction: '.' or ','
  char suffix = 0;          ///< 'Z' or none
};

std::size_t date_size(Layout layout) { return layout == Layout::kAccess ? 11 : 10; }

std::uint64_t power_of_ten(unsigned n) {
  std::uint64_t v = 1;
  for (; n != 0; --n) v *= 10;
  return v;
}

struct Date {
  unsigned year = 0;
  unsigned month = 0;
  unsigned day = 0;
  friend bool operator==(const Date&, const Date&) = default;
};

// http://howardhinnant.github.io/date_algorithms.html
std::int64_t days_of(const Date& d) {
  const std::int64_t y = static_cast<std::int64_t>(d.year) - (d.month <= 2 ? 1 : 0);
  const std::int64_t era = y / 400;
  const std::int64_t yoe = y - era * 400;
  const std::int64_t month = d.month > 2 ? d.month - 3 : d.month + 9;
  const std::int64_t doy = (153 * month + 2) / 5 + d.day - 1;
  return era * 146'097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719'468;
}

Date date_of(std::int64_t days) {
  const std::int64_t z = days + 719'468;
  const std::int64_t era = z / 146'097;
  const std::int64_t doe = z - era * 146'097;
  const std::int64_t yoe = (doe - doe / 1460 + doe / 36'524 - doe / 146'096) / 365;
  const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const std::int64_t mp = (5 * doy + 2) / 153;
  const auto month = static_cast<unsigned>(mp < 10 ? mp + 3 : mp - 9);
  return {static_cast<unsigned>(yoe + era * 400 + (month <= 2 ? 1 : 0)), month,
          static_cast<unsigned>(doy - (153 * mp + 2) / 5 + 1)};
}

/// Reads `n` digits at `at`; false when there is another byte.
bool digits(const char* at, unsigned n, unsigned& out) {
  out = 0;
  for (unsigned i = 0; i < n; ++i) {
    const auto d = static_cast<unsigned char>(at[i] - '0');
    if (d > 9) return false;
    out = out * 10 + d;
  }
  return true;
}

bool read_date(std::string_view text, Layout layout, Date& d) {
  const char* at = text.data();
  if (layout != Layout::kAccess) {
    const char dash = layout == Layout::kSlashes ? '/' : '-';
    return at[4] == dash && at[7] == dash && digits(at, 4, d.year) && digits(at + 5, 2, d.month) &&
           digits(at + 8, 2, d.day);
  }
  const std::size_t month = kMonths.find(text.substr(3, 3));
  if (month == std::string_view::npos || month % 3 != 0 || at[2] != '/' || at[6] != '/')
    return false;
  d.month = static_cast<unsigned>(month / 3 + 1);
  return digits(at, 2, d.day) && digits(at + 7, 4, d.year);
}

void write_date(char* at, Layout layout, const Date& d) {
  const auto two = [](char* to, unsigned v) {
    to[0] = static_cast<char>('0' + v / 10);
    to[1] = static_cast<char>('0' + v % 10);
  };
  if (layout == Layout::kAccess) {
    two(at, d.day);
    at[2] = at[6] = '/';
    std::memcpy(at + 3, kMonths.data() + (d.month - 1) * 3, 3);
    two(at + 7, d.year / 100);
    two(at + 9, d.year % 100);
    return;
  }
  two(at, d.year / 100);
  two(at + 2, d.year % 100);
  at[4] = at[7] = layout == Layout::kSlashes ? '/' : '-';
  two(at + 5, d.month);
  two(at + 8, d.day);
}

char clock_separator(Layout layout) {
  return layout == Layout::kIsoT ? 'T' : layout == Layout::kAccess ? ':' : ' ';
}

/// The format of a value; false when it can be none.
bool format_of(std::string_view v, Format& f) {
  if (v.size() < 19) return false;
  if (v[4] == '-') {
    f.layout = v[10] == 'T' ? Layout::kIsoT : Layout::kIsoBlank;
  } else if (v[4] == '/') {
    f.layout = Layout::kSlashes;
  } else {
    f.layout = Layout::kAccess;
  }
  std::size_t at = date_size(f.layout) + 9;
  if (at > v.size()) return false;
  if (at < v.size() && (v[at] == '.' || v[at] == ',')) {
    f.separator = v[at++];
    const std::size_t first = at;
    while (at < v.size() && v[at] >= '0' && v[at] <= '9') ++at;
    if (at == first || at - first > 9) return false;
    f.digits = static_cast<std::uint8_t>(at - first);
  }
  if (at < v.size() && v[at] == 'Z') f.suffix = v[at++];
  return at == v.size();
}

/// Parses values of one format; remembers the last date, which most values share.
class Parser {
 public:
  explicit Parser(Format format) : format_(format), scale_(power_of_ten(format.digits)) {
    size_ = date_size(format.layout) + 9 + (format.digits != 0 ? 1U + format.digits : 0U) +
            (format.suffix != 0 ? 1U : 0U);
  }
  /// Units since 1970. False when the text is not exactly what the decoder would write for it.
  bool parse(std::string_view v, std::uint64_t& units) {
    if (v.size() != size_) return false;
    const std::size_t date = date_size(format_.layout);
    if (v.substr(0, date) != std::string_view(date_.data(), date) && !new_date(v)) return false;
    const char* at = v.data() + date;
    unsigned hour = 0;
    unsigned minute = 0;
    unsigned second = 0;
    if (at[0] != clock_separator(format_.layout) || at[3] != ':' || at[6] != ':' ||
        !digits(at + 1, 2, hour) || !digits(at + 4, 2, minute) || !digits(at + 7, 2, second) ||
        hour > 23 || minute > 59 || second > 59) {
      return false;
    }
    unsigned fraction = 0;
    at += 9;
    if (format_.digits != 0) {
      if (*at != format_.separator || !digits(at + 1, format_.digits, fraction)) return false;
      at += 1 + format_.digits;
    }
    if (format_.suffix != 0 && *at != format_.suffix) return false;
    units = (day_seconds_ + hour * 3600 + minute * 60 + second) * scale_ + fraction;
    return true;
  }

 private:
  bool new_date(std::string_view v) {
    Date d;
    if (!read_date(v, format_.layout, d) || d.year < 1970 || d.year > 2200 || d.month < 1 ||
        d.month > 12 || d.day < 1 || date_of(days_of(d)) != d) {
      return false;
    }
    std::memcpy(date_.data(), v.data(), date_size(format_.layout));
    day_seconds_ = static_cast<std::uint64_t>(days_of(d) * kSecondsPerDay);
    return true;
  }

  Format format_;
  std::uint64_t scale_;
  std::size_t size_ = 0;
  std::array<char, 11> date_{};
  std::uint64_t day_seconds_ = 0;
};

/// Writes values of one format; remembers the last day.
class Printer {
 public:
  explicit Printer(Format format) : format_(format), scale_(power_of_ten(format.digits)) {
    const std::size_t date = date_size(format.layout);
    text_[date] = clock_separator(format.layout);
    text_[date + 3] = text_[date + 6] = ':';
    size_ = date + 9;
    if (format.digits != 0) {
      text_[size_] = format.separator;
      size_ += 1U + format.digits;
    }
    if (format.suffix != 0) text_[size_++] = format.suffix;
  }
  /// Valid until the next call; empty for a time that no encoder writes.
  std::string_view print(std::uint64_t units) {
    const std::uint64_t seconds = units / scale_;
    if (seconds >= kMaxSeconds) return {};
    const auto day = static_cast<std::int64_t>(seconds) / kSecondsPerDay;
    if (day != day_) {
      day_ = day;
      write_date(text_.data(), format_.layout, date_of(day));
    }
    char* at = text_.data() + date_size(format_.layout);
    const std::uint64_t second = seconds % kSecondsPerDay;
    put(at + 3, 2, second / 3600);
    put(at + 6, 2, second / 60 % 60);
    put(at + 9, 2, second % 60);
    put(at + 10 + format_.digits, format_.digits, units % scale_);
    return {text_.data(), size_};
  }

 private:
  /// Writes `n` digits that end before `end`.
  static void put(char* end, unsigned n, std::uint64_t v) {
    for (; n != 0; --n, v /= 10) *--end = static_cast<char>('0' + v % 10);
  }
  Format format_;
  std::uint64_t scale_;
  std::size_t size_ = 0;
  std::array<char, 40> text_{};
  std::int64_t day_ = -1;
};

/// The event time in units of a format, rounded down.
std::uint64_t in_units(TimeNs time, std::int64_t unit_ns) {
  std::int64_t v = time / unit_ns;
  if (time % unit_ns < 0) --v;
  return static_cast<std::uint64_t>(v);
}

std::uint64_t change_bits(std::span<const std::uint64_t> numbers) {
  std::uint64_t bits = 0;
  std::uint64_t before = numbers[0];
  for (const std::uint64_t v : numbers) {
    const auto change = static_cast<std::int64_t>(v - before);
    bits += static_cast<unsigned>(
        std::bit_width(static_cast<std::uint64_t>(change < 0 ? ~change : change)));
    before = v;
  }
  return bits;
}

}  // namespace

bool may_be_time(std::string_view v) {
  return v.size() >= 19 && v.size() <= 30 && (v[4] == '-' || v[4] == '/' || v[2] == '/') &&
         (v[13] == ':' || v[14] == ':');
}

bool encode_time_texts(std::span<const std::string_view> values, std::span<const TimeNs> times,
                       LaneBytes& out) {
  thread_local std::vector<std::uint64_t> absolute;
  thread_local std::vector<std::uint64_t> relative;
  Format format;
  if (!format_of(values[0], format)) return false;
  Parser parser(format);
  absolute.resize(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!parser.parse(values[i], absolute[i])) return false;
  }
  std::uint8_t reference = kAbsolute;
  if (!times.empty()) {
    const auto unit_ns = static_cast<std::int64_t>(power_of_ten(9U - format.digits));
    relative.resize(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      relative[i] = in_units(times[i], unit_ns) - absolute[i];
    }
    if (change_bits(relative) < change_bits(absolute)) reference = kToEventTime;
  }
  ByteWriter writer(out.numbers());
  writer.u8(static_cast<std::uint8_t>(format.layout));
  writer.u8(format.digits);
  writer.u8(static_cast<std::uint8_t>(format.separator));
  writer.u8(static_cast<std::uint8_t>(format.suffix));
  writer.u8(reference);
  encode_integers(reference == kAbsolute ? absolute : relative, out);
  return true;
}

bool decode_time_texts(LaneReaders& in, std::size_t n, std::span<const TimeNs> times,
                       ColumnAppender& out) {
  Format format;
  const std::uint8_t layout = in.numbers.u8();
  format.digits = in.numbers.u8();
  format.separator = static_cast<char>(in.numbers.u8());
  format.suffix = static_cast<char>(in.numbers.u8());
  const std::uint8_t reference = in.numbers.u8();
  if (!in.numbers.ok() || layout > kLastLayout || format.digits > 9 || reference > kToEventTime ||
      (reference == kToEventTime && times.size() != n)) {
    return false;
  }
  format.layout = static_cast<Layout>(layout);
  std::vector<std::uint64_t> numbers(n);
  if (!decode_integers(in, numbers)) return false;
  const auto unit_ns = static_cast<std::int64_t>(power_of_ten(9U - format.digits));
  Printer printer(format);
  for (std::size_t i = 0; i < n; ++i) {
    if (out.skip()) continue;
    const std::uint64_t units =
        reference == kAbsolute ? numbers[i] : in_units(times[i], unit_ns) - numbers[i];
    const std::string_view text = printer.print(units);
    if (text.empty() || !out.add(text)) return false;
  }
  return true;
}

}  // namespace duramen::store
