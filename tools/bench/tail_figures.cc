#include "tools/bench/tail_figures.h"

#include <algorithm>

namespace duramen::bench {
namespace {

double quantile(const std::vector<double>& sorted, double q) {
  if (sorted.empty()) return 0;
  const auto at = static_cast<std::size_t>(q * static_cast<double>(sorted.size()));
  return sorted[std::min(at, sorted.size() - 1)];
}

}  // namespace

DelayFigures delays_of(std::vector<AckedBatch> batches, const std::vector<Arrival>& arrivals) {
  std::sort(batches.begin(), batches.end(),
            [](const AckedBatch& a, const AckedBatch& b) { return a.first < b.first; });
  DelayFigures out;
  std::vector<double> delays;
  delays.reserve(arrivals.size());
  for (const Arrival& arrival : arrivals) {
    const auto behind = std::upper_bound(
        batches.begin(), batches.end(), arrival.seq,
        [](std::uint64_t seq, const AckedBatch& batch) { return seq < batch.first; });
    if (behind == batches.begin() || (behind - 1)->last < arrival.seq) {
      ++out.unknown;
      continue;
    }
    const TimeNs delay = std::max<TimeNs>(0, arrival.at - (behind - 1)->at);
    delays.push_back(static_cast<double>(delay) / static_cast<double>(kNsPerSecond));
  }
  std::sort(delays.begin(), delays.end());
  out.lines = delays.size();
  out.p50_seconds = quantile(delays, 0.5);
  out.p99_seconds = quantile(delays, 0.99);
  out.max_seconds = quantile(delays, 1);
  return out;
}

}  // namespace duramen::bench
