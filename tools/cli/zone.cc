#include "tools/cli/zone.h"

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <optional>

#include "base/time_text.h"

namespace duramen::cli {
namespace {

/// `+02:00`, `-0530`, `+2` as the POSIX name of a fixed zone, whose sign is the other way round.
std::optional<std::string> fixed_zone(std::string_view text) {
  if (text.size() < 2 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  std::string digits;
  for (const char c : text.substr(1)) {
    if (c == ':' && digits.size() == 2) continue;
    if (std::isdigit(static_cast<unsigned char>(c)) == 0) return std::nullopt;
    digits.push_back(c);
  }
  if (digits.size() == 1) digits.insert(0, "0");
  if (digits.size() == 2) digits += "00";
  if (digits.size() != 4 || digits > "2400" || digits[2] > '5') return std::nullopt;
  return "<" + std::string(text.substr(0, 1)) + digits + ">" + (text[0] == '+' ? "-" : "+") +
         digits.substr(0, 2) + ":" + digits.substr(2);
}

bool in_zone_database(const std::string& name) {
  if (name.empty() || name.front() == '/' || name.find("..") != std::string::npos) return false;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): called before any thread starts
  const char* directory = std::getenv("TZDIR");
  std::error_code ignored;
  const std::filesystem::path base = directory != nullptr ? directory : "/usr/share/zoneinfo";
  return std::filesystem::is_regular_file(base / name, ignored);
}

TimeNs from_wall_clock(TimeNs wall) {
  // The offset depends on the moment that is looked for: two steps settle it but in the hour that
  // a change to winter time repeats, where either answer is right.
  TimeNs at = wall - zone_offset_seconds(wall) * kNsPerSecond;
  at = wall - zone_offset_seconds(at) * kNsPerSecond;
  return at;
}

}  // namespace

Result<void> set_zone(const std::string& name) {
  // NOLINTBEGIN(concurrency-mt-unsafe): called before any thread starts
  std::string value = name;
  if (name == "UTC" || name == "utc" || name == "Z") {
    value = "UTC0";
  } else if (auto fixed = fixed_zone(name)) {
    value = *fixed;
  } else if (!name.empty() && !in_zone_database(name)) {
    return Error{ErrorCode::kInvalidArgument,
                 "unknown time zone '" + name + "' (a name such as Europe/Paris, UTC, or +02:00)"};
  }
  if (!value.empty()) setenv("TZ", value.c_str(), 1);
  tzset();
  // NOLINTEND(concurrency-mt-unsafe)
  return {};
}

int zone_offset_seconds(TimeNs at) {
  TimeNs seconds = at / kNsPerSecond;
  if (at % kNsPerSecond < 0) --seconds;
  const auto when = static_cast<std::time_t>(seconds);
  std::tm parts{};
  if (localtime_r(&when, &parts) == nullptr) return 0;
  return static_cast<int>(parts.tm_gmtoff);
}

std::string local_time_text(TimeNs at) {
  const int offset = zone_offset_seconds(at);
  TimeNs shifted = 0;
  if (__builtin_add_overflow(at, offset * kNsPerSecond, &shifted)) return to_rfc3339(at);
  std::string text = to_rfc3339(shifted);
  text.resize(text.size() - 7);  // six digits and the Z
  const int minutes = std::abs(offset) / 60;
  char zone[16];
  std::snprintf(zone, sizeof zone, "%c%02d:%02d", offset < 0 ? '-' : '+', minutes / 60,
                minutes % 60);
  return text + zone;
}

Result<TimeNs> parse_local_time_argument(std::string_view text, TimeNs now) {
  const bool has_date = text.size() >= 10 && text[4] == '-' && text[7] == '-';
  if (has_date) {
    // It had no zone of its own when it becomes a valid time by getting one.
    for (const char* rest : {"Z", ":00Z", "T00:00:00Z"}) {
      if (const auto wall = parse_rfc3339(std::string(text) + rest)) return from_wall_clock(*wall);
    }
  }
  return parse_time_argument(text, now);
}

}  // namespace duramen::cli
