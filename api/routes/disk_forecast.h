#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "store/store.h"

namespace duramen::api {

/// How long the disk lasts at the pace of the last days.
struct DiskForecast {
  std::optional<std::uint64_t> daily_bytes;  ///< none: nothing to judge by
  std::optional<double> days_left;           ///< until the disk or `retention.bytes` is full
};

/// The pace is the mean disk size of up to seven days before today that have data; with none,
/// today's size over the part of today that is gone (at least an hour). Pure.
DiskForecast forecast_disk(const store::StoreStatus& status, TimeNs now);

}  // namespace duramen::api
