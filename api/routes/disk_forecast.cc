#include "api/routes/disk_forecast.h"

#include <algorithm>
#include <map>
#include <string>

#include "base/time_text.h"

namespace duramen::api {
namespace {

constexpr std::size_t kDays = 7;
constexpr TimeNs kLeastOfToday = 3600 * kNsPerSecond;

/// Disk bytes by UTC day (`2026-11-21`), over all retention classes.
std::map<std::string, std::uint64_t> bytes_by_day(const store::StoreStatus& status) {
  std::map<std::string, std::uint64_t> out;
  for (const auto& segment : status.segments) {
    out[segment.name.substr(0, segment.name.find('.'))] += segment.disk_bytes;
  }
  return out;
}

std::optional<std::uint64_t> daily_bytes(const store::StoreStatus& status, TimeNs now) {
  const auto days = bytes_by_day(status);
  const std::string today = to_rfc3339(now).substr(0, 10);
  std::uint64_t sum = 0;
  std::uint64_t count = 0;
  for (auto at = days.rbegin(); at != days.rend() && count < kDays; ++at) {
    if (at->first >= today || at->second == 0) continue;
    sum += at->second;
    ++count;
  }
  if (count > 0) return sum / count;
  const auto at = days.find(today);
  if (at == days.end() || at->second == 0) return std::nullopt;
  const TimeNs gone = std::max(now % kNsPerDay, kLeastOfToday);
  return static_cast<std::uint64_t>(static_cast<double>(at->second) *
                                    static_cast<double>(kNsPerDay) / static_cast<double>(gone));
}

}  // namespace

DiskForecast forecast_disk(const store::StoreStatus& status, TimeNs now) {
  DiskForecast out;
  out.daily_bytes = daily_bytes(status, now);
  if (!out.daily_bytes || *out.daily_bytes == 0) return out;
  std::uint64_t room = status.free_bytes;
  if (status.retention.bytes) {
    const std::uint64_t limit = *status.retention.bytes;
    room = std::min(room, limit - std::min(limit, status.disk_bytes));
  }
  out.days_left = static_cast<double>(room) / static_cast<double>(*out.daily_bytes);
  return out;
}

}  // namespace duramen::api
