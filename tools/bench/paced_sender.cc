#include "tools/bench/paced_sender.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "base/mutex.h"
#include "tools/bench/client.h"
#include "tools/bench/tail_lines.h"

namespace duramen::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;
using Json = nlohmann::json;

TimeNs since_epoch(SteadyClock::time_point at) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count();
}

double seconds_between(SteadyClock::time_point begin, SteadyClock::time_point end) {
  return std::chrono::duration<double>(end - begin).count();
}

Result<AckedBatch> read_ack(const std::string& body, SteadyClock::time_point at) {
  const Json json = Json::parse(body, nullptr, false);
  const auto seq = [&](const char* name) {
    // As a row has it, so that it is read in the same way.
    return json.is_object() ? seq_of_row("\"_seq\":\"" + json.value(name, "") + "\"")
                            : std::nullopt;
  };
  const auto first = seq("first_seq");
  const auto last = seq("last_seq");
  if (!first || !last) return Error{ErrorCode::kDataLoss, "ingest answered " + body};
  return AckedBatch{*first, *last, since_epoch(at)};
}

class Senders {
 public:
  Senders(const std::vector<std::string>& bodies, const Pace& pace)
      : bodies_(bodies), pace_(pace) {}

  Result<PacedReport> run(const std::string& host, const std::string& port) {
    begin_ = SteadyClock::now();
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < pace_.connections; ++i) {
      threads.emplace_back([&] { work(host, port); });
    }
    for (std::thread& thread : threads) thread.join();
    const MutexLock lock(mutex_);
    if (error_) return *error_;
    report_.seconds = seconds_between(begin_, SteadyClock::now());
    std::sort(latencies_.begin(), latencies_.end());
    if (!latencies_.empty()) {
      report_.ack_p50_seconds = latencies_[latencies_.size() / 2];
      report_.ack_p99_seconds = latencies_[latencies_.size() * 99 / 100];
    }
    return std::move(report_);
  }

 private:
  void work(const std::string& host, const std::string& port) {
    auto done = send_all(host, port);
    if (done) return;
    stop_ = true;
    const MutexLock lock(mutex_);
    if (!error_) error_ = std::move(done).error();
  }
  Result<void> send_all(const std::string& host, const std::string& port) {
    DURAMEN_TRY(auto connection, HttpConnection::open(host, port));
    const auto requests = static_cast<std::uint64_t>(pace_.requests_per_second * pace_.seconds);
    while (!stop_) {
      const std::uint64_t i = next_.fetch_add(1);
      if (i >= requests) break;
      const auto due =
          begin_ + std::chrono::duration_cast<SteadyClock::duration>(std::chrono::duration<double>(
                       static_cast<double>(i) / pace_.requests_per_second));
      std::this_thread::sleep_until(due);
      DURAMEN_TRY_VOID(send(connection, bodies_[i % bodies_.size()], due));
    }
    return {};
  }
  Result<void> send(HttpConnection& connection, const std::string& body,
                    SteadyClock::time_point due) {
    const auto sent = SteadyClock::now();
    DURAMEN_TRY(const HttpAnswer answer,
                connection.post("/api/v1/ingest", "application/x-ndjson", body));
    const auto at = SteadyClock::now();
    const MutexLock lock(mutex_);
    report_.latest_seconds = std::max(report_.latest_seconds, seconds_between(due, sent));
    if (answer.status == 429 || answer.status == 503) {
      ++report_.refused;
      return {};
    }
    if (answer.status != 200) {
      return Error{ErrorCode::kUnavailable,
                   "ingest answered " + std::to_string(answer.status) + ": " + answer.body};
    }
    DURAMEN_TRY(const AckedBatch batch, read_ack(answer.body, at));
    report_.acked.push_back(batch);
    latencies_.push_back(seconds_between(sent, at));
    return {};
  }

  const std::vector<std::string>& bodies_;
  const Pace pace_;
  SteadyClock::time_point begin_;
  std::atomic<std::uint64_t> next_{0};
  std::atomic<bool> stop_{false};
  Mutex mutex_;
  PacedReport report_ DURAMEN_GUARDED_BY(mutex_);
  std::vector<double> latencies_ DURAMEN_GUARDED_BY(mutex_);
  std::optional<Error> error_ DURAMEN_GUARDED_BY(mutex_);
};

}  // namespace

Result<PacedReport> send_paced(const std::string& host, const std::string& port,
                               const std::vector<std::string>& bodies, const Pace& pace) {
  return Senders(bodies, pace).run(host, port);
}

}  // namespace duramen::bench
