#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace duramen::cli {

/// Counts since some beginning, and the daemon's own means of late.
struct TopTraffic {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  double records_per_second = 0;
  double bytes_per_second = 0;
};

struct TopStream {
  std::string id;
  std::vector<std::pair<std::string, std::string>> labels;
  TimeNs since = 0;  ///< on the daemon's monotonic clock: its counts began then
  TopTraffic traffic;
};

struct TopQuery {
  std::uint64_t id = 0;
  std::string q;
  double seconds = 0;
  std::uint64_t rows = 0;   ///< looked at
  std::uint64_t bytes = 0;  ///< read
  std::uint64_t units = 0;
  std::uint64_t units_total = 0;
  std::uint64_t memory_bytes = 0;
};

struct TopTail {
  std::uint64_t id = 0;
  std::string q;
  double seconds = 0;
  std::uint64_t rows = 0;  ///< given to its client
  std::uint64_t lag_rows = 0;
  std::uint64_t queue_bytes = 0;
  std::uint64_t missed_rows = 0;
  bool behind = false;
};

/// A durable position of somebody outside.
struct TopCursor {
  std::string name;
  std::uint64_t lag_rows = 0;
  std::uint64_t lost_rows = 0;  ///< that retention took before it had passed them
  bool hold = false;            ///< retention may have to wait for it
};

/// What a daemon said of itself at one moment. Texts are as they came: not for a terminal.
struct TopSample {
  TimeNs at = 0;  ///< on the daemon's monotonic clock
  std::string host;
  std::string node;
  std::string version;
  double uptime_seconds = 0;
  std::string not_ready;       ///< empty: it is ready
  std::string writes_refused;  ///< empty: they are taken
  std::uint64_t rows = 0;
  std::uint64_t open_rows = 0;
  std::uint64_t disk_bytes = 0;
  std::uint64_t free_bytes = 0;
  std::optional<double> days_left;
  std::uint64_t streams_followed = 0;
  std::vector<TopStream> streams;
  TopTraffic total;
  std::vector<TopQuery> queries;
  std::vector<TopTail> tails;
  std::vector<TopCursor> cursors;
};

/// From the answers of `/api/v1/status`, `/api/v1/streams` and `/api/v1/queries`. What is missing
/// in them is zero or empty. Errors: kDataLoss (an answer is something else). Pure.
Result<TopSample> read_top_sample(const nlohmann::json& status, const nlohmann::json& streams,
                                  const nlohmann::json& queries);

}  // namespace duramen::cli
