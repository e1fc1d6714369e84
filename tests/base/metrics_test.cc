#include "base/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <thread>

namespace duramen {
namespace {

using testing::HasSubstr;

TEST(Metrics, RendersCountersByNameAndLabels) {
  MetricRegistry registry;
  registry.counter("b_total", "Second.", {{"kind", "x"}, {"code", "200"}}).add(3);
  registry.counter("b_total", "Second.", {{"kind", "y"}}).add();
  registry.counter("a_total", "First.").add(18'446'744'073'709'551'615U);
  EXPECT_EQ(registry.render(),
            "# HELP a_total First.\n"
            "# TYPE a_total counter\n"
            "a_total 18446744073709551615\n"
            "# HELP b_total Second.\n"
            "# TYPE b_total counter\n"
            "b_total{kind=\"x\",code=\"200\"} 3\n"
            "b_total{kind=\"y\"} 1\n");
}

TEST(Metrics, SameNameAndLabelsAreTheSameCounter) {
  MetricRegistry registry;
  Counter& first = registry.counter("n_total", "N.", {{"a", "1"}});
  for (int i = 2; i < 100; ++i) registry.counter("n_total", "N.", {{"a", std::to_string(i)}});
  EXPECT_EQ(&first, &registry.counter("n_total", "N.", {{"a", "1"}}));
  EXPECT_NE(&first, &registry.counter("n_total", "N.", {{"a", "2"}}));
}

TEST(Metrics, EscapesHelpAndLabelValues) {
  MetricRegistry registry;
  registry.counter("c_total", "a \"b\" \\ c\nd", {{"path", "C:\\x\n\"y\""}}).add();
  EXPECT_EQ(registry.render(),
            "# HELP c_total a \"b\" \\\\ c\\nd\n"
            "# TYPE c_total counter\n"
            "c_total{path=\"C:\\\\x\\n\\\"y\\\"\"} 1\n");
}

TEST(Metrics, GaugesAreReadWhenRendered) {
  MetricRegistry registry;
  double value = 1.5;
  registry.gauge("g", "G.", {}, [&value] { return value; });
  EXPECT_THAT(registry.render(), HasSubstr("# TYPE g gauge\ng 1.5\n"));
  value = 0.1 + 0.2;
  EXPECT_THAT(registry.render(), HasSubstr("\ng 0.30000000000000004\n"));
  value = std::numeric_limits<double>::infinity();
  EXPECT_THAT(registry.render(), HasSubstr("\ng +Inf\n"));
  value = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(registry.render(), HasSubstr("\ng NaN\n"));
}

TEST(Metrics, AGaugeMayUseTheRegistry) {
  MetricRegistry registry;
  registry.gauge("g", "G.", {}, [&registry] {
    return static_cast<double>(registry.counter("late_total", "Late.").value());
  });
  EXPECT_THAT(registry.render(), HasSubstr("\ng 0\n"));
}

TEST(Metrics, HistogramBucketsAreCumulativeAndTheirBoundsInclusive) {
  MetricRegistry registry;
  LatencyHistogram& histogram = registry.histogram("h_seconds", "H.", {{"route", "/q"}});
  histogram.observe(0.0001);
  histogram.observe(0.3);
  histogram.observe(1000);
  const std::string text = registry.render();
  EXPECT_THAT(text, HasSubstr("# TYPE h_seconds histogram\n"
                              "h_seconds_bucket{route=\"/q\",le=\"0.0001\"} 1\n"
                              "h_seconds_bucket{route=\"/q\",le=\"0.00025\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("{route=\"/q\",le=\"0.25\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("{route=\"/q\",le=\"0.5\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("{route=\"/q\",le=\"100\"} 2\n"
                              "h_seconds_bucket{route=\"/q\",le=\"+Inf\"} 3\n"
                              "h_seconds_sum{route=\"/q\"} 1000.3001\n"
                              "h_seconds_count{route=\"/q\"} 3\n"));
}

TEST(Metrics, HistogramTakesAnyNumber) {
  LatencyHistogram histogram;
  histogram.observe(-1);
  histogram.observe(std::numeric_limits<double>::quiet_NaN());
  histogram.observe(std::numeric_limits<double>::infinity());
  const auto reading = histogram.read();
  EXPECT_EQ(reading.cumulative[0], 2U);
  EXPECT_EQ(reading.cumulative[LatencyHistogram::kBounds], 3U);
}

TEST(Metrics, CountsFromManyThreads) {
  MetricRegistry registry;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&registry] {
      for (int i = 0; i < 1000; ++i) registry.counter("n_total", "N.").add();
    });
  }
  for (int i = 0; i < 20; ++i) (void)registry.render();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(registry.counter("n_total", "N.").value(), 4000U);
}

}  // namespace
}  // namespace duramen
