#include "ingest/stream_rates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <thread>

#include "ingest/counted_sink.h"
#include "tests/ingest/ingest_testing.h"

namespace duramen::ingest {
namespace {

using model::RecordBatch;

model::Labels app_label(const std::string& app) {
  return model::Labels(std::vector<model::Labels::Pair>{{"app", app}});
}

std::shared_ptr<const RecordBatch> batch_of(const std::map<std::string, int>& rows_of_app,
                                            const std::string& message = "0123456789") {
  auto batch = std::make_shared<RecordBatch>();
  for (const auto& [app, rows] : rows_of_app) {
    const auto stream = batch->intern_stream(app_label(app));
    for (int i = 0; i < rows; ++i) batch->add_row(stream, 0, message);
  }
  return batch;
}

class StreamRatesTest : public ::testing::Test {
 protected:
  void add(StreamRates& rates, const std::map<std::string, int>& rows_of_app) {
    rates.add(BatchTally(batch_of(rows_of_app), rates.limits().streams_per_batch));
  }
  static std::map<std::string, StreamTraffic> by_app(const StreamRates::Reading& reading) {
    std::map<std::string, StreamTraffic> out;
    for (const auto& stream : reading.streams) {
      out.emplace(std::string(stream.labels->find("app")), stream);
    }
    return out;
  }
  std::uint64_t forgotten() {
    return metrics_.counter("duramen_ingest_streams_forgotten_total", "").value();
  }

  ManualClock clock_{1000 * kNsPerSecond};
  MetricRegistry metrics_;
};

TEST_F(StreamRatesTest, RecordsAndBytesOfEachStreamAreCounted) {
  auto batch = std::make_shared<RecordBatch>();
  const auto web = batch->intern_stream(app_label("web"));
  const auto db = batch->intern_stream(app_label("db"));
  const auto name = batch->intern_field_name("status");
  batch->add_row(web, 0, "four");
  batch->add_field(name, model::FieldKind::kText, "seven77");
  batch->add_field(name, model::FieldKind::kText, "eight888");
  batch->add_row(db, 0, "");
  batch->add_row(web, 0, "to");
  batch->add_field(name, model::FieldKind::kText, "1");
  batch->add_row(web, 0, "x");
  StreamRates rates(clock_, metrics_);
  rates.add(BatchTally(batch, 256));
  const auto reading = rates.read();
  auto found = by_app(reading);
  EXPECT_EQ(found["web"].traffic.records, 3U);
  EXPECT_EQ(found["web"].traffic.bytes, 4U + 2 + 1 + 1);
  EXPECT_EQ(found["db"].traffic.records, 1U);
  EXPECT_EQ(found["db"].traffic.bytes, 15U);
  EXPECT_EQ(reading.total.records, 4U);
  EXPECT_EQ(reading.total.bytes, batch->raw_bytes());
  EXPECT_EQ(found["web"].since, clock_.monotonic());
}

TEST_F(StreamRatesTest, AnEvenFlowHasItsRateAndFadesWhenItEnds) {
  StreamRates rates(clock_, metrics_);
  for (int i = 0; i < 600; ++i) {
    add(rates, {{"web", 10}});
    clock_.advance(kNsPerSecond / 10);
  }
  const auto web = by_app(rates.read())["web"].traffic;
  EXPECT_NEAR(web.records_per_second, 100, 2);
  EXPECT_NEAR(web.bytes_per_second, 1000, 20);
  EXPECT_NEAR(rates.read().total.records_per_second, 100, 2);
  clock_.advance(10 * kNsPerSecond);
  EXPECT_NEAR(by_app(rates.read())["web"].traffic.records_per_second, 37, 1);
  clock_.advance(120 * kNsPerSecond);
  EXPECT_NEAR(by_app(rates.read())["web"].traffic.records_per_second, 0, 0.01);
  EXPECT_EQ(by_app(rates.read())["web"].traffic.records, 6000U);
}

TEST_F(StreamRatesTest, TheQuietestMakeRoomAndTheBusyStay) {
  StreamRates rates(clock_, metrics_, {8, 1U << 20, 256});
  for (int i = 0; i < 8; ++i) add(rates, {{"app" + std::to_string(i), 1 + i}});
  add(rates, {{"new", 1}});
  auto found = by_app(rates.read());
  EXPECT_EQ(found.size(), 7U);
  EXPECT_FALSE(found.contains("app0"));
  EXPECT_FALSE(found.contains("app1"));
  EXPECT_TRUE(found.contains("app7"));
  EXPECT_TRUE(found.contains("new"));
  EXPECT_EQ(forgotten(), 2U);
  EXPECT_EQ(rates.read().total.records, 37U) << "nothing leaves the total";
}

TEST_F(StreamRatesTest, ACrowdOfNewStreamsTakesNoMoreRoomAndMakesRoomOnceASecond) {
  StreamRates rates(clock_, metrics_, {100, 1U << 20, 256});
  int number = 0;
  for (int second = 0; second < 3; ++second) {
    for (int i = 0; i < 20; ++i) {
      std::map<std::string, int> crowd{{"busy", 50}};
      for (int j = 0; j < 50; ++j) crowd["one" + std::to_string(++number)] = 1;
      add(rates, crowd);
      EXPECT_LE(rates.read().streams.size(), 100U);
    }
    EXPECT_LE(forgotten(), static_cast<std::uint64_t>(second + 1) * 25);
    clock_.advance(kNsPerSecond);
  }
  EXPECT_EQ(by_app(rates.read())["busy"].traffic.records, 3000U);
  EXPECT_EQ(rates.read().total.records, 6000U);
}

TEST_F(StreamRatesTest, LongLabelsAreBoundedToo) {
  StreamRates rates(clock_, metrics_, {1000, 10'000, 256});
  for (int i = 0; i < 50; ++i) add(rates, {{std::string(1000, 'x') + std::to_string(i), 1}});
  EXPECT_LT(rates.read().streams.size(), 10U);
  add(rates, {{std::string(20'000, 'x'), 1}});
  clock_.advance(2 * kNsPerSecond);
  add(rates, {{std::string(20'000, 'x'), 1}});
  EXPECT_EQ(rates.read().total.records, 52U);
}

TEST_F(StreamRatesTest, OfABatchWithManyStreamsTheLargestAreCounted) {
  StreamRates rates(clock_, metrics_, {1000, 1U << 20, 3});
  std::map<std::string, int> rows{{"large", 9}, {"larger", 10}, {"big", 8}};
  for (int i = 0; i < 100; ++i) rows["small" + std::to_string(i)] = 1;
  add(rates, rows);
  const auto found = by_app(rates.read());
  EXPECT_EQ(found.size(), 3U);
  EXPECT_TRUE(found.contains("large") && found.contains("larger") && found.contains("big"));
  EXPECT_EQ(rates.read().total.records, 127U);
}

TEST_F(StreamRatesTest, ThreadsCountTogether) {
  StreamRates rates(clock_, metrics_, {8, 1U << 20, 256});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) {
        add(rates, {{"all", 1}, {"of" + std::to_string(t), 1}, {"n" + std::to_string(i % 50), 1}});
        if (i % 100 == 0) clock_.advance(kNsPerSecond);
        EXPECT_LE(rates.read().streams.size(), 8U);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(rates.read().total.records, 6000U);
}

TEST_F(StreamRatesTest, ASinkCountsWhatItTookOnce) {
  testing::FakeSink sink;
  StreamRates rates(clock_, metrics_);
  CountedSink counted(sink, rates);
  int answers = 0;
  const auto append = [&] {
    counted.append({batch_of({{"web", 3}}), std::nullopt}, [&](const auto&) { ++answers; });
  };
  append();
  EXPECT_EQ(rates.read().total.records, 3U);
  sink.refuse = Error{ErrorCode::kUnavailable, "full"};
  append();
  EXPECT_EQ(rates.read().total.records, 3U) << "what was refused";
  sink.refuse.reset();
  sink.duplicate = true;
  append();
  EXPECT_EQ(rates.read().total.records, 3U) << "what was there";
  EXPECT_EQ(answers, 3);
}

}  // namespace
}  // namespace duramen::ingest
