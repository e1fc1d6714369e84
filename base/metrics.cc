#include "base/metrics.h"

#include <array>
#include <cassert>
#include <charconv>
#include <cmath>

namespace duramen {
namespace {

void append_number(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    // 0.0001 and 134217728 read better than 1e-04; both are what Prometheus takes.
    const double size = std::fabs(value);
    const bool plain = size == 0 || (size >= 1e-4 && size < 1e15);
    std::array<char, 40> text;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value,
                                   plain ? std::chars_format::fixed : std::chars_format::general);
    out.append(text.data(), end.ptr);
  }
}

void append_label_value(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
}

void append_help(std::string& out, std::string_view name, std::string_view help) {
  out += "# HELP ";
  out += name;
  out += ' ';
  for (const char c : help) {
    if (c == '\n') {
      out += "\\n";
    } else {
      if (c == '\\') out += '\\';
      out += c;
    }
  }
  out += '\n';
}

/// `name_suffix{a="b",le="0.1"} `; `le` may be empty.
void append_series(std::string& out, std::string_view name, std::string_view suffix,
                   const MetricLabels& labels, std::string_view le) {
  out += name;
  out += suffix;
  char separator = '{';
  for (const auto& [label, value] : labels) {
    out += separator;
    out += label;
    out += "=\"";
    append_label_value(out, value);
    out += '"';
    separator = ',';
  }
  if (!le.empty()) {
    out += separator;
    out += "le=\"";
    out += le;
    out += '"';
    separator = ',';
  }
  if (separator == ',') out += '}';
  out += ' ';
}

void append_histogram(std::string& out, std::string_view name, const MetricLabels& labels,
                      const LatencyHistogram& histogram) {
  const LatencyHistogram::Reading reading = histogram.read();
  for (std::size_t i = 0; i <= LatencyHistogram::kBounds; ++i) {
    std::string le = "+Inf";
    if (i < LatencyHistogram::kBounds) {
      le.clear();
      append_number(le, LatencyHistogram::kBoundsSeconds[i]);
    }
    append_series(out, name, "_bucket", labels, le);
    out += std::to_string(reading.cumulative[i]) + "\n";
  }
  append_series(out, name, "_sum", labels, {});
  append_number(out, reading.sum_seconds);
  out += '\n';
  append_series(out, name, "_count", labels, {});
  out += std::to_string(reading.cumulative[LatencyHistogram::kBounds]) + "\n";
}

}  // namespace

void LatencyHistogram::observe(double seconds) noexcept {
  if (!(seconds > 0)) seconds = 0;  // a clock that was set back, or NaN
  std::size_t bucket = 0;
  while (bucket < kBounds && seconds > kBoundsSeconds[bucket]) ++bucket;
  buckets_[bucket].fetch_add(1, std::memory_order_relaxed);
  constexpr double kMostSeconds = 1e6;
  const double counted = seconds < kMostSeconds ? seconds : kMostSeconds;
  sum_ns_.fetch_add(static_cast<std::uint64_t>(counted * 1e9), std::memory_order_relaxed);
}

LatencyHistogram::Reading LatencyHistogram::read() const noexcept {
  Reading reading{};
  std::uint64_t total = 0;
  for (std::size_t i = 0; i <= kBounds; ++i) {
    total += buckets_[i].load(std::memory_order_relaxed);
    reading.cumulative[i] = total;
  }
  reading.sum_seconds = static_cast<double>(sum_ns_.load(std::memory_order_relaxed)) / 1e9;
  return reading;
}

MetricRegistry::Series& MetricRegistry::series_locked(std::string_view name, std::string_view help,
                                                      std::string_view type,
                                                      MetricLabels&& labels) {
  auto at = families_.find(name);
  if (at == families_.end()) {
    at = families_.emplace(std::string(name), Family{std::string(help), std::string(type), {}})
             .first;
  }
  Family& family = at->second;
  assert(family.type == type && "one name, two types");
  for (Series& series : family.series) {
    if (series.labels == labels) return series;
  }
  family.series.push_back({std::move(labels), nullptr, nullptr, nullptr});
  return family.series.back();
}

Counter& MetricRegistry::counter(std::string_view name, std::string_view help,
                                 MetricLabels labels) {
  const MutexLock lock(mutex_);
  Series& series = series_locked(name, help, "counter", std::move(labels));
  if (series.counter == nullptr) series.counter = std::make_unique<Counter>();
  return *series.counter;
}

LatencyHistogram& MetricRegistry::histogram(std::string_view name, std::string_view help,
                                            MetricLabels labels) {
  const MutexLock lock(mutex_);
  Series& series = series_locked(name, help, "histogram", std::move(labels));
  if (series.histogram == nullptr) series.histogram = std::make_unique<LatencyHistogram>();
  return *series.histogram;
}

void MetricRegistry::gauge(std::string_view name, std::string_view help, MetricLabels labels,
                           std::function<double()> read) {
  const MutexLock lock(mutex_);
  series_locked(name, help, "gauge", std::move(labels)).gauge = std::move(read);
}

std::string MetricRegistry::render() const {
  struct View {
    const MetricLabels labels;
    const Counter* counter;
    const LatencyHistogram* histogram;
    std::function<double()> gauge;
  };
  struct FamilyView {
    std::string name;
    std::string help;
    std::string type;
    std::vector<View> series;
  };
  // Copied under the lock, read outside: a gauge may take other locks. Counters never move.
  std::vector<FamilyView> families;
  {
    const MutexLock lock(mutex_);
    for (const auto& [name, family] : families_) {
      FamilyView& view = families.emplace_back(FamilyView{name, family.help, family.type, {}});
      for (const Series& s : family.series) {
        view.series.push_back({s.labels, s.counter.get(), s.histogram.get(), s.gauge});
      }
    }
  }
  std::string out;
  for (const FamilyView& family : families) {
    append_help(out, family.name, family.help);
    out += "# TYPE " + family.name + " " + family.type + "\n";
    for (const View& series : family.series) {
      if (series.histogram != nullptr) {
        append_histogram(out, family.name, series.labels, *series.histogram);
        continue;
      }
      append_series(out, family.name, "", series.labels, {});
      if (series.counter != nullptr) {
        out += std::to_string(series.counter->value());
      } else {
        append_number(out, series.gauge());
      }
      out += '\n';
    }
  }
  return out;
}

}  // namespace duramen
