#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "tools/bench/queries.h"

namespace duramen::bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kMilli = 1e3;
constexpr double kMega = 1e6;

double milli(double seconds) { return seconds * kMilli; }
double mega(std::uint64_t bytes) { return static_cast<double>(bytes) / kMega; }

std::string text_of(const std::optional<std::uint64_t>& number) {
  return number ? std::to_string(*number) : "-";
}

std::string mega_text(const std::optional<std::uint64_t>& bytes) {
  if (!bytes) return "-";
  char out[32];
  std::snprintf(out, sizeof out, "%.2f", mega(*bytes));
  return out;
}

std::string table_line(const QueryFigures& query) {
  const auto units = query.read ? std::optional(query.read->units) : std::nullopt;
  const auto index = query.read ? std::optional(query.read->index_bytes) : std::nullopt;
  char line[256];
  std::snprintf(line, sizeof line, "  %-17s %8llu %8s %9.2f %9.2f %9.2f %9.2f %6s %8s %6s %7.1f  ",
                query.name.c_str(), static_cast<unsigned long long>(query.answer.rows),
                text_of(query.answer.count).c_str(), milli(query.cold_seconds),
                milli(query.warm_median_seconds()), milli(query.warm_seconds.back()),
                milli(query.cpu_seconds), text_of(units).c_str(),
                mega_text(query.answer.read_bytes).c_str(), mega_text(index).c_str(),
                mega(query.peak_memory_bytes));
  return line + query.text + "\n";
}

}  // namespace

std::string queries_table(const std::vector<QueryFigures>& figures) {
  if (figures.empty()) return {};
  char line[256];
  std::snprintf(
      line, sizeof line,
      "\nqueries: times of the client and CPU of the daemon in ms, %zu warm runs each; what "
      "is read in MB\n",
      figures.front().warm_seconds.size());
  std::string out = line;
  std::snprintf(line, sizeof line, "  %-17s %8s %8s %9s %9s %9s %9s %6s %8s %6s %7s  %s\n", "",
                "rows", "count", "cold", "warm", "slowest", "CPU", "units", "read", "index",
                "peak MB", "query");
  out += line;
  std::uint64_t cached = 0;
  for (const QueryFigures& query : figures) {
    out += table_line(query);
    cached = std::max(cached, query.cached_bytes);
  }
  if (cached > 0) {
    out += "  cold is not quite cold: " + mega_text(cached) + " MB stayed in the page cache\n";
  }
  return out;
}

Json queries_json(const std::vector<QueryFigures>& figures) {
  const auto known = [](const std::optional<std::uint64_t>& number) {
    return number ? Json(*number) : Json();
  };
  Json out = Json::array();
  for (const QueryFigures& query : figures) {
    out.push_back({{"name", query.name},
                   {"query", query.text},
                   {"target", query.target},
                   {"rows", query.answer.rows},
                   {"count", known(query.answer.count)},
                   {"answer_bytes", query.answer.body_bytes},
                   {"cold_seconds", query.cold_seconds},
                   {"cold_cached_bytes", query.cached_bytes},
                   {"warm_seconds", query.warm_median_seconds()},
                   {"warm_runs_seconds", query.warm_seconds},
                   {"cpu_seconds", query.cpu_seconds},
                   {"peak_memory_bytes", query.peak_memory_bytes},
                   {"read_rows", known(query.answer.read_rows)},
                   {"read_bytes", known(query.answer.read_bytes)},
                   {"units", query.read ? Json(query.read->units) : Json()},
                   {"index_bytes", query.read ? Json(query.read->index_bytes) : Json()}});
  }
  return out;
}

}  // namespace duramen::bench
