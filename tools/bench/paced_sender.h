#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "tools/bench/tail_figures.h"

namespace duramen::bench {

struct Pace {
  double requests_per_second = 100;
  double seconds = 20;
  unsigned connections = 4;
};

struct PacedReport {
  std::vector<AckedBatch> acked;
  std::uint64_t refused = 0;   ///< answered 429 or 503, and not sent again
  double seconds = 0;          ///< from the first request to the last ack
  double ack_p50_seconds = 0;  ///< from sending to the ack
  double ack_p99_seconds = 0;
  double latest_seconds = 0;  ///< how late a request was sent at worst
};

/// Sends bodies to a daemon's ingest, each at its time, round and round. A request whose time has
/// come waits for a free connection; none is left out.
/// Threading: starts one thread a connection. Errors: kUnavailable (a broken connection, any other
/// refusal).
Result<PacedReport> send_paced(const std::string& host, const std::string& port,
                               const std::vector<std::string>& bodies, const Pace& pace);

}  // namespace duramen::bench
