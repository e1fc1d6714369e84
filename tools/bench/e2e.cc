#include "tools/bench/e2e.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "base/mutex.h"
#include "tools/bench/client.h"
#include "tools/bench/duramen.h"

namespace duramen::bench {
namespace {

using Json = nlohmann::ordered_json;
using SteadyClock = std::chrono::steady_clock;

constexpr unsigned kMaxRetries = 1000;
constexpr std::chrono::milliseconds kRetryPause{50};
constexpr double kMega = 1e6;

double seconds_since(SteadyClock::time_point begin) {
  return std::chrono::duration<double>(SteadyClock::now() - begin).count();
}

struct Requests {
  std::vector<std::string> bodies;
  std::uint64_t bytes = 0;
  std::uint64_t message_bytes = 0;
};

Requests make_requests(const EndToEndOptions& options) {
  Corpus corpus(options.corpus);
  Requests out;
  std::string body;
  body.reserve(options.request_bytes);
  std::string line;
  while (corpus.records() < options.records) {
    line.clear();
    corpus.append_record(line);
    if (!body.empty() && body.size() + line.size() > options.request_bytes) {
      out.bytes += body.size();
      out.bodies.push_back(std::move(body));
      body = {};
      body.reserve(options.request_bytes);
    }
    body += line;
  }
  out.bytes += body.size();
  if (!body.empty()) out.bodies.push_back(std::move(body));
  out.message_bytes = corpus.message_bytes();
  return out;
}

/// Sends the bodies over several connections; each takes the next body when it has its ack.
class Sender {
 public:
  Sender(const Requests& requests, const Daemon& daemon) : requests_(requests), daemon_(daemon) {}

  Result<void> run(unsigned connections) {
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < connections; ++i) threads.emplace_back([this] { work(); });
    for (auto& thread : threads) thread.join();
    const MutexLock lock(mutex_);
    if (error_) return *error_;
    return {};
  }
  std::uint64_t accepted() const { return accepted_; }
  std::uint64_t retries() const { return retries_; }
  /// Seconds from sending a request to its ack, sorted.
  std::vector<double> latencies() {
    const MutexLock lock(mutex_);
    std::sort(latencies_.begin(), latencies_.end());
    return latencies_;
  }

 private:
  void work() {
    auto done = send_all();
    if (done) return;
    stop_ = true;
    const MutexLock lock(mutex_);
    if (!error_) error_ = std::move(done).error();
  }
  Result<void> send_all() {
    DURAMEN_TRY(auto connection, HttpConnection::open(daemon_.host(), daemon_.port()));
    while (!stop_) {
      const std::size_t i = next_.fetch_add(1);
      if (i >= requests_.bodies.size()) break;
      DURAMEN_TRY_VOID(send(connection, requests_.bodies[i]));
    }
    return {};
  }
  Result<void> send(HttpConnection& connection, const std::string& body) {
    const auto begin = SteadyClock::now();
    for (unsigned tries = 0;; ++tries) {
      DURAMEN_TRY(const HttpAnswer answer,
                  connection.post("/api/v1/ingest", "application/x-ndjson", body));
      if (answer.status == 200) {
        const Json json = Json::parse(answer.body, nullptr, false);
        accepted_ += json.is_object() ? json.value("accepted", std::uint64_t{0}) : 0;
        const MutexLock lock(mutex_);
        latencies_.push_back(seconds_since(begin));
        return {};
      }
      const bool later = answer.status == 429 || answer.status == 503;
      if (!later || tries >= kMaxRetries) {
        return Error{ErrorCode::kUnavailable,
                     "ingest answered " + std::to_string(answer.status) + ": " + answer.body};
      }
      ++retries_;
      std::this_thread::sleep_for(kRetryPause);
    }
  }

  const Requests& requests_;
  const Daemon& daemon_;
  std::atomic<std::size_t> next_{0};
  std::atomic<std::uint64_t> accepted_{0};
  std::atomic<std::uint64_t> retries_{0};
  std::atomic<bool> stop_{false};
  Mutex mutex_;
  std::optional<Error> error_ DURAMEN_GUARDED_BY(mutex_);
  std::vector<double> latencies_ DURAMEN_GUARDED_BY(mutex_);
};

double quantile(const std::vector<double>& sorted, double q) {
  if (sorted.empty()) return 0;
  const auto at = static_cast<std::size_t>(q * static_cast<double>(sorted.size()));
  return sorted[std::min(at, sorted.size() - 1)];
}

void collect_bytes(const Json& from, const std::string& prefix,
                   std::vector<std::pair<std::string, std::uint64_t>>& out) {
  for (const auto& [name, value] : from.items()) {
    if (value.is_object()) {
      collect_bytes(value, prefix + name + ".", out);
    } else if (value.is_number_unsigned() && name != "free_bytes" && name != "daily_bytes") {
      out.emplace_back(prefix + name, value.get<std::uint64_t>());
    }
  }
}

Result<Json> get_status(const Daemon& daemon) {
  DURAMEN_TRY(auto connection, HttpConnection::open(daemon.host(), daemon.port()));
  DURAMEN_TRY(const HttpAnswer answer, connection.get("/api/v1/status"));
  Json json = Json::parse(answer.body, nullptr, false);
  if (answer.status != 200 || !json.is_object()) {
    return Error{ErrorCode::kUnavailable, "status answered " + std::to_string(answer.status)};
  }
  return json;
}

Result<void> seal(const Daemon& daemon) {
  DURAMEN_TRY(auto connection, HttpConnection::open(daemon.host(), daemon.port()));
  DURAMEN_TRY(const HttpAnswer answer, connection.post("/api/v1/admin/seal", "text/plain", ""));
  if (answer.status / 100 == 2) return {};
  return Error{ErrorCode::kUnavailable,
               "seal answered " + std::to_string(answer.status) + ": " + answer.body};
}

Result<void> measure(const EndToEndOptions& options, const Requests& requests, Daemon& daemon,
                     EndToEndReport& report) {
  DURAMEN_TRY(report.at_start, daemon.use());
  Sender sender(requests, daemon);
  const auto begin = SteadyClock::now();
  DURAMEN_TRY_VOID(sender.run(options.connections));
  report.acked_seconds = seconds_since(begin);
  DURAMEN_TRY(report.at_acks, daemon.use());
  DURAMEN_TRY_VOID(seal(daemon));
  report.sealed_seconds = seconds_since(begin);
  DURAMEN_TRY(report.at_seal, daemon.use());
  report.retries = sender.retries();
  const auto latencies = sender.latencies();
  report.ack_p50_seconds = quantile(latencies, 0.5);
  report.ack_p99_seconds = quantile(latencies, 0.99);
  report.ack_max_seconds = quantile(latencies, 1);
  report.disk_bytes = disk_use(options.directory);
  DURAMEN_TRY(const Json status, get_status(daemon));
  collect_bytes(status.value("disk", Json::object()), "", report.disk_parts);
  const auto rows = status.value("rows", std::uint64_t{0});
  if (sender.accepted() != options.records || rows != options.records) {
    return Error{ErrorCode::kDataLoss, std::to_string(options.records) + " records were sent, " +
                                           std::to_string(sender.accepted()) + " acknowledged, " +
                                           std::to_string(rows) + " are stored"};
  }
  return {};
}

double cpu(const ProcessUse& use) { return use.user_seconds + use.system_seconds; }
double mega(std::uint64_t bytes) { return static_cast<double>(bytes) / kMega; }

void row(std::string& out, const char* name, double first, double second, const char* unit) {
  char line[160];
  std::snprintf(line, sizeof line, "  %-26s %12.2f %12.2f  %s\n", name, first, second, unit);
  out += line;
}
void row(std::string& out, const std::string& name, double value, const char* unit) {
  char line[160];
  std::snprintf(line, sizeof line, "  %-39s %12.2f  %s\n", name.c_str(), value, unit);
  out += line;
}

std::string ids_text(std::uint64_t ids) { return ids == 0 ? "without end" : std::to_string(ids); }

}  // namespace

Result<EndToEndReport> run_end_to_end(const EndToEndOptions& options) {
  const Requests requests = make_requests(options);
  EndToEndReport report;
  report.records = options.records;
  report.requests = requests.bodies.size();
  report.ndjson_bytes = requests.bytes;
  report.message_bytes = requests.message_bytes;
  DURAMEN_TRY(auto daemon,
              Daemon::start(options.duramend, options.directory, options.daemon_options));
  DURAMEN_TRY_VOID(measure(options, requests, *daemon, report));
  if (options.queries) {
    DuramenStore store(*daemon, options.directory);
    DURAMEN_TRY(report.queries, run_queries(store, options.corpus, options.records, options.runs));
  }
  DURAMEN_TRY_VOID(daemon->stop());
  return report;
}

std::string to_table(const EndToEndReport& report, const EndToEndOptions& options) {
  char line[256];
  std::snprintf(line, sizeof line,
                "%llu records, %.1f MB NDJSON, %.1f MB message text; seed %llu, request ids %s\n",
                static_cast<unsigned long long>(report.records), mega(report.ndjson_bytes),
                mega(report.message_bytes), static_cast<unsigned long long>(options.corpus.seed),
                ids_text(options.corpus.ids).c_str());
  std::string out = line;
  std::snprintf(line, sizeof line, "%llu requests on %u connections, %llu sent again\n\n",
                static_cast<unsigned long long>(report.requests), options.connections,
                static_cast<unsigned long long>(report.retries));
  out += line;
  std::snprintf(line, sizeof line, "  %-26s %12s %12s\n", "", "to last ack", "to sealed");
  out += line;
  const ProcessUse& acks = report.at_acks;
  const ProcessUse& sealed = report.at_seal;
  row(out, "daemon CPU, user", acks.user_seconds, sealed.user_seconds, "s");
  row(out, "daemon CPU, system", acks.system_seconds, sealed.system_seconds, "s");
  row(out, "daemon CPU", cpu(acks), cpu(sealed), "s");
  row(out, "wall", report.acked_seconds, report.sealed_seconds, "s");
  row(out, "peak memory", mega(acks.peak_memory_bytes), mega(sealed.peak_memory_bytes), "MB");
  const auto records = static_cast<double>(report.records);
  row(out, "records a second, thousands", records / report.acked_seconds / 1e3,
      records / report.sealed_seconds / 1e3, "k/s");
  row(out, "NDJSON", mega(report.ndjson_bytes) / report.acked_seconds,
      mega(report.ndjson_bytes) / report.sealed_seconds, "MB/s");
  out += '\n';
  row(out, "ack latency, median", report.ack_p50_seconds * 1e3, "ms");
  row(out, "ack latency, 99 %", report.ack_p99_seconds * 1e3, "ms");
  row(out, "ack latency, longest", report.ack_max_seconds * 1e3, "ms");
  out += '\n';
  row(out, "disk after seal", mega(report.disk_bytes), "MB");
  for (const auto& [name, bytes] : report.disk_parts) row(out, "  " + name, mega(bytes), "MB");
  return out + queries_table(report.queries);
}

std::string to_json(const EndToEndReport& report, const EndToEndOptions& options) {
  const auto use = [](const ProcessUse& p) {
    return Json{{"user_seconds", p.user_seconds},
                {"system_seconds", p.system_seconds},
                {"peak_memory_bytes", p.peak_memory_bytes}};
  };
  Json disk = {{"bytes", report.disk_bytes}};
  for (const auto& [name, bytes] : report.disk_parts) disk[name] = bytes;
  Json json = {{"records", report.records},
               {"requests", report.requests},
               {"retries", report.retries},
               {"connections", options.connections},
               {"seed", options.corpus.seed},
               {"ids", options.corpus.ids},
               {"ndjson_bytes", report.ndjson_bytes},
               {"message_bytes", report.message_bytes},
               {"acked_seconds", report.acked_seconds},
               {"sealed_seconds", report.sealed_seconds},
               {"daemon_at_start", use(report.at_start)},
               {"daemon_at_acks", use(report.at_acks)},
               {"daemon_at_seal", use(report.at_seal)},
               {"ack_p50_seconds", report.ack_p50_seconds},
               {"ack_p99_seconds", report.ack_p99_seconds},
               {"ack_max_seconds", report.ack_max_seconds},
               {"disk", disk}};
  if (options.queries) json["queries"] = queries_json(report.queries);
  return json.dump(2) + "\n";
}

}  // namespace duramen::bench
