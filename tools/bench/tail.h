#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "tools/bench/corpus.h"
#include "tools/bench/daemon.h"
#include "tools/bench/tail_figures.h"

namespace duramen::bench {

struct TailBenchOptions {
  CorpusOptions corpus;
  std::string directory;  ///< fresh; stays when the program ends
  std::string duramend;   ///< program
  std::vector<std::string> daemon_options;
  double rate = 50'000;                 ///< records a second
  std::uint64_t request_records = 500;  ///< as a collector gathers them in 10 ms
  unsigned connections = 4;
  double seconds = 20;        ///< of each part
  unsigned more_tails = 500;  ///< beside the one that gets everything, in the second part
};

struct TailBenchPart {
  unsigned tails = 0;
  std::uint64_t records = 0;
  std::uint64_t refused = 0;  ///< requests
  double seconds = 0;
  double latest_seconds = 0;  ///< how late a request was sent at worst
  double ack_p50_seconds = 0;
  double ack_p99_seconds = 0;
  DelayFigures everything;  ///< of the tail that gets all rows
  DelayFigures others;
  double daemon_cpu_seconds = 0;
  double bench_cpu_seconds = 0;  ///< of this program: senders and clients
  std::uint64_t peak_memory_bytes = 0;
};

struct TailBenchReport {
  std::vector<TailBenchPart> parts;
  double record_bytes = 0;  ///< NDJSON as sent, in the mean
  unsigned cores = 0;
};

/// Sends records at a steady rate to a fresh daemon while tails follow: one that gets everything,
/// then the same with more of them, each of which gets a 500th. Measures from the ack that a sender
/// has to the line that a client has.
/// Errors: kUnavailable (no daemon, a refused tail), kDataLoss (a row did not come within 15 s of
/// the last ack, or twice).
Result<TailBenchReport> run_tail_bench(const TailBenchOptions& options);

std::string to_table(const TailBenchReport& report, const TailBenchOptions& options);
std::string to_json(const TailBenchReport& report, const TailBenchOptions& options);

}  // namespace duramen::bench
