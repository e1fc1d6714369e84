#include <cstdio>
#include <nlohmann/json.hpp>

#include "tools/bench/tail.h"

namespace duramen::bench {
namespace {

using Json = nlohmann::ordered_json;

void row(std::string& out, const char* name, double value, const char* unit) {
  char line[160];
  std::snprintf(line, sizeof line, "  %-39s %12.2f  %s\n", name, value, unit);
  out += line;
}

void count_row(std::string& out, const std::string& name, std::uint64_t count) {
  char line[160];
  std::snprintf(line, sizeof line, "  %-39s %12llu\n", name.c_str(),
                static_cast<unsigned long long>(count));
  out += line;
}

void delay_rows(std::string& out, const char* who, const DelayFigures& delays) {
  const auto named = [who](const char* what) { return std::string(who) + what; };
  count_row(out, named(", lines"), delays.lines);
  row(out, named(", median").c_str(), delays.p50_seconds * 1e3, "ms");
  row(out, named(", 99 %").c_str(), delays.p99_seconds * 1e3, "ms");
  row(out, named(", longest").c_str(), delays.max_seconds * 1e3, "ms");
}

std::string part_table(const TailBenchPart& part) {
  char line[160];
  std::snprintf(line, sizeof line, "\n%u tail%s\n", part.tails, part.tails == 1 ? "" : "s");
  std::string out = line;
  row(out, "records a second, thousands", static_cast<double>(part.records) / part.seconds / 1e3,
      "k/s");
  if (part.refused > 0) count_row(out, "requests refused", part.refused);
  row(out, "a request sent late at worst by", part.latest_seconds * 1e3, "ms");
  row(out, "ack latency, median", part.ack_p50_seconds * 1e3, "ms");
  row(out, "ack latency, 99 %", part.ack_p99_seconds * 1e3, "ms");
  delay_rows(out, "ack to line of all rows", part.everything);
  if (part.tails > 1) delay_rows(out, "ack to line of the others", part.others);
  row(out, "daemon CPU", part.daemon_cpu_seconds, "s");
  row(out, "daemon CPU, of one core", part.daemon_cpu_seconds / part.seconds * 100, "%");
  row(out, "CPU of senders and clients", part.bench_cpu_seconds, "s");
  row(out, "peak memory", static_cast<double>(part.peak_memory_bytes) / 1e6, "MB");
  return out;
}

Json delays_json(const DelayFigures& delays) {
  return {{"lines", delays.lines},
          {"p50_seconds", delays.p50_seconds},
          {"p99_seconds", delays.p99_seconds},
          {"max_seconds", delays.max_seconds}};
}

Json part_json(const TailBenchPart& part) {
  return {{"tails", part.tails},
          {"records", part.records},
          {"refused_requests", part.refused},
          {"seconds", part.seconds},
          {"latest_seconds", part.latest_seconds},
          {"ack_p50_seconds", part.ack_p50_seconds},
          {"ack_p99_seconds", part.ack_p99_seconds},
          {"everything", delays_json(part.everything)},
          {"others", delays_json(part.others)},
          {"daemon_cpu_seconds", part.daemon_cpu_seconds},
          {"bench_cpu_seconds", part.bench_cpu_seconds},
          {"peak_memory_bytes", part.peak_memory_bytes}};
}

}  // namespace

std::string to_table(const TailBenchReport& report, const TailBenchOptions& options) {
  char line[256];
  std::snprintf(line, sizeof line,
                "%.0f records a second for %.3g s, %.0f bytes each; requests of %llu records on %u "
                "connections\nevery request synced before its ack; %u cores\n",
                options.rate, options.seconds, report.record_bytes,
                static_cast<unsigned long long>(options.request_records), options.connections,
                report.cores);
  std::string out = line;
  for (const TailBenchPart& part : report.parts) out += part_table(part);
  return out;
}

std::string to_json(const TailBenchReport& report, const TailBenchOptions& options) {
  Json json = {{"rate", options.rate},
               {"seconds", options.seconds},
               {"request_records", options.request_records},
               {"connections", options.connections},
               {"seed", options.corpus.seed},
               {"ids", options.corpus.ids},
               {"record_bytes", report.record_bytes},
               {"ack", "local"},
               {"cores", report.cores}};
  for (const TailBenchPart& part : report.parts) json["parts"].push_back(part_json(part));
  return json.dump(2) + "\n";
}

}  // namespace duramen::bench
