#include "tools/bench/tail.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "tools/bench/paced_sender.h"
#include "tools/bench/tail_clients.h"

namespace duramen::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// Bodies are sent round and round: so many records of them.
constexpr std::uint64_t kPoolRecords = 100'000;
/// One record of 25 is of one of 20 kinds: who follows a kind gets a 500th.
constexpr std::uint64_t kMarkEvery = 25;
constexpr std::uint64_t kKinds = 20;
constexpr std::chrono::seconds kArriveLimit{15};
constexpr std::chrono::milliseconds kPollInterval{5};

struct Bodies {
  std::vector<std::string> all;
  double record_bytes = 0;
};

Bodies make_bodies(const TailBenchOptions& options) {
  Corpus corpus(options.corpus);
  Bodies out;
  std::uint64_t bytes = 0;
  const std::uint64_t requests = std::max<std::uint64_t>(1, kPoolRecords / options.request_records);
  for (std::uint64_t i = 0; i < requests; ++i) {
    std::string body;
    for (std::uint64_t j = 0; j < options.request_records; ++j) {
      corpus.append_record(body);
      const std::uint64_t number = corpus.records();
      if (number % kMarkEvery != 0) continue;
      body.resize(body.size() - 2);  // } and the line end
      body += ",\"probe\":\"p" + std::to_string(number / kMarkEvery % kKinds) + "\"}\n";
    }
    bytes += body.size();
    out.all.push_back(std::move(body));
  }
  out.record_bytes = static_cast<double>(bytes) / static_cast<double>(corpus.records());
  return out;
}

/// A connection is a file.
void allow_files() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == files.rlim_max) return;
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

double own_cpu_seconds() {
  rusage use{};
  ::getrusage(RUSAGE_SELF, &use);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(use.ru_utime) + seconds(use.ru_stime);
}

std::vector<std::string> queries_of(unsigned tails) {
  std::vector<std::string> out{""};
  for (unsigned i = 1; i < tails; ++i) out.push_back("probe:p" + std::to_string(i % kKinds));
  return out;
}

/// Until everything that was acknowledged has come, or nobody believes it any more.
void wait_arrived(const TailClients& clients, const std::vector<AckedBatch>& acked) {
  std::uint64_t last = 0;
  for (const AckedBatch& batch : acked) last = std::max(last, batch.last);
  const auto deadline = SteadyClock::now() + kArriveLimit;
  while (clients.reached() < last && SteadyClock::now() < deadline) {
    std::this_thread::sleep_for(kPollInterval);
  }
}

Result<void> check_everything_came(const TailBenchPart& part) {
  if (part.everything.lines == part.records && part.everything.unknown == 0) return {};
  return Error{ErrorCode::kDataLoss, std::to_string(part.records) + " records were acknowledged, " +
                                         std::to_string(part.everything.lines) + " of them and " +
                                         std::to_string(part.everything.unknown) +
                                         " others came over the tail that gets everything"};
}

Result<TailBenchPart> run_part(const TailBenchOptions& options, const Bodies& bodies,
                               const Daemon& daemon, unsigned tails) {
  TailBenchPart part;
  part.tails = tails;
  DURAMEN_TRY(const auto clients,
              TailClients::open(daemon.host(), daemon.port(), queries_of(tails)));
  DURAMEN_TRY(const ProcessUse before, daemon.use());
  const double own = own_cpu_seconds();
  const Pace pace{options.rate / static_cast<double>(options.request_records), options.seconds,
                  options.connections};
  DURAMEN_TRY(const PacedReport sent, send_paced(daemon.host(), daemon.port(), bodies.all, pace));
  wait_arrived(*clients, sent.acked);
  DURAMEN_TRY(const ProcessUse after, daemon.use());
  part.bench_cpu_seconds = own_cpu_seconds() - own;
  part.daemon_cpu_seconds = after.cpu_seconds - before.cpu_seconds;
  part.peak_memory_bytes = after.peak_memory_bytes;
  DURAMEN_TRY_VOID(clients->stop());
  for (const AckedBatch& batch : sent.acked) part.records += batch.last - batch.first + 1;
  part.refused = sent.refused;
  part.seconds = sent.seconds;
  part.latest_seconds = sent.latest_seconds;
  part.ack_p50_seconds = sent.ack_p50_seconds;
  part.ack_p99_seconds = sent.ack_p99_seconds;
  part.everything = delays_of(sent.acked, clients->of_first());
  part.others = delays_of(sent.acked, clients->of_others());
  DURAMEN_TRY_VOID(check_everything_came(part));
  return part;
}

}  // namespace

Result<TailBenchReport> run_tail_bench(const TailBenchOptions& options) {
  allow_files();
  const Bodies bodies = make_bodies(options);
  TailBenchReport report;
  report.record_bytes = bodies.record_bytes;
  report.cores = std::thread::hardware_concurrency();
  DURAMEN_TRY(auto daemon,
              Daemon::start(options.duramend, options.directory, options.daemon_options));
  for (const unsigned tails : {1U, 1 + options.more_tails}) {
    if (tails == 1 && !report.parts.empty()) break;
    DURAMEN_TRY(const auto part, run_part(options, bodies, *daemon, tails));
    report.parts.push_back(part);
  }
  DURAMEN_TRY_VOID(daemon->stop());
  return report;
}

}  // namespace duramen::bench
