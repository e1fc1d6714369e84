#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "tools/bench/corpus.h"
#include "tools/bench/daemon.h"
#include "tools/bench/queries.h"

namespace duramen::bench {

struct EndToEndOptions {
  CorpusOptions corpus;
  std::uint64_t records = 1'450'000;
  std::string directory;  ///< fresh; stays when the program ends
  std::string duramend;   ///< program
  std::vector<std::string> daemon_options;
  unsigned connections = 4;
  std::uint64_t request_bytes = 4ULL << 20;
  bool queries = false;
  unsigned runs = 31;  ///< warm ones of each query
};

struct EndToEndReport {
  std::uint64_t records = 0;
  std::uint64_t requests = 0;
  std::uint64_t retries = 0;  ///< requests answered 429 or 503 and sent again
  std::uint64_t ndjson_bytes = 0;
  std::uint64_t message_bytes = 0;
  double acked_seconds = 0;   ///< from the first request to the last ack
  double sealed_seconds = 0;  ///< from the first request to the end of the seal
  ProcessUse at_start;
  ProcessUse at_acks;
  ProcessUse at_seal;
  double ack_p50_seconds = 0;
  double ack_p99_seconds = 0;
  double ack_max_seconds = 0;
  std::uint64_t disk_bytes = 0;  ///< as du counts
  /// Members of `disk` in /api/v1/status, nested names joined by points.
  std::vector<std::pair<std::string, std::uint64_t>> disk_parts;
  std::vector<QueryFigures> queries;  ///< when they were asked for
};

/// Starts a daemon, sends it the whole corpus over several connections, waits for every ack, seals,
/// and measures the daemon from outside. The corpus is made before the clock starts. Then it asks
/// the queries, if it shall.
/// Errors: kUnavailable (no daemon, a broken connection), kDataLoss (fewer records stored than
/// sent), and those of run_queries().
Result<EndToEndReport> run_end_to_end(const EndToEndOptions& options);

std::string to_table(const EndToEndReport& report, const EndToEndOptions& options);
std::string to_json(const EndToEndReport& report, const EndToEndOptions& options);

}  // namespace duramen::bench
