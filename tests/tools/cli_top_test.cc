#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tools/cli/columns.h"
#include "tools/cli/top_frame.h"
#include "tools/cli/zone.h"

namespace duramen::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr TimeNs kNow = 1'795'255'200 * kNsPerSecond;  // 2026-11-21T10:00:00Z

TopStream stream(const std::string& app, std::uint64_t records, std::uint64_t bytes,
                 TimeNs since = 0) {
  return {app, {{"app", app}}, since, {records, bytes, 7, 700}};
}

TopSample sample(TimeNs at) {
  TopSample out;
  out.at = at;
  out.host = "h1";
  out.node = "n1";
  out.version = "1.0";
  out.uptime_seconds = 3725;
  out.rows = 12'345;
  out.open_rows = 345;
  out.disk_bytes = 10U << 20;
  out.free_bytes = 3ULL << 30;
  return out;
}

std::string text_of(const TopView& view, std::size_t columns, std::size_t rows, bool color = false,
                    const std::string& lost = "") {
  EXPECT_TRUE(set_zone("UTC"));
  std::string out;
  for (const std::string& line : top_lines(view, {columns, rows, color, kNow, lost})) {
    EXPECT_TRUE(color || columns_of(line) <= columns) << line;
    out += line + "\n";
  }
  return out;
}

/// Two samples, two seconds apart, with everything in them.
TopView busy_view() {
  TopSample before = sample(10 * kNsPerSecond);
  before.total = {1000, 50'000, 0, 0};
  before.streams = {stream("web", 900, 40'000), stream("db", 100, 10'000)};
  before.queries = {{7, "error", 3, 1000, 1U << 20, 1, 10, 0}};
  before.tails = {{9, "app:web", 3, 100, 0, 0, 0, false}};
  TopSample now = sample(12 * kNsPerSecond);
  now.disk_bytes += 4U << 20;
  now.days_left = 12.34;
  now.total = {3110, 5'050'000, 0, 0};
  now.streams_followed = 3;
  now.streams = {stream("db", 101, 4'010'000), stream("web", 2900, 540'000),
                 stream("new", 9, 100, 11 * kNsPerSecond)};
  now.queries = {{7, "error", 5, 201'000, 5U << 20, 5, 10, 2U << 20}};
  now.tails = {{9, "app:web", 5, 2100, 0, 0, 0, false}, {10, "", 0.5, 0, 5000, 70'000, 12, true}};
  return compare(&before, now, TopOrder::kRecords);
}

TEST(TopColumns, WideAndCombiningCharactersCountAsTheyAreShown) {
  EXPECT_EQ(columns_of("abc"), 3U);
  EXPECT_EQ(columns_of("日本"), 4U);
  EXPECT_EQ(columns_of("e\u0301"), 1U);
  EXPECT_EQ(columns_of("\U0001f600"), 2U);
  EXPECT_EQ(cut_to_columns("日本語", 6), "日本語");
  EXPECT_EQ(cut_to_columns("日本語", 5), "日本…");
  EXPECT_EQ(cut_to_columns("日本語", 4), "日…");
  EXPECT_EQ(cut_to_columns("abcdef", 1), "…");
  EXPECT_EQ(cut_to_columns("abcdef", 0), "");
  EXPECT_EQ(to_the_right("é", 3), "  é");
  EXPECT_EQ(to_the_left("日", 3), "日 ");
}

TEST(TopCompare, RatesAreThoseBetweenTwoSamples) {
  const TopView view = busy_view();
  EXPECT_EQ(view.seconds, 2);
  EXPECT_EQ(view.total.records_per_second, 1055);
  ASSERT_EQ(view.streams.size(), 3U);
  EXPECT_EQ(view.streams[0].labels[0].second, "web");
  EXPECT_EQ(view.streams[0].traffic.records_per_second, 1000);
  EXPECT_EQ(view.streams[0].traffic.bytes_per_second, 250'000);
  EXPECT_EQ(view.streams[1].traffic.records_per_second, 4.5) << "all of it came since";
  EXPECT_EQ(view.queries[0].rows_per_second, 100'000);
  EXPECT_EQ(view.tails[0].now.id, 10U) << "the largest lag first";
  EXPECT_FALSE(view.tails[0].rows_per_second);
  EXPECT_EQ(view.tails[1].rows_per_second, 1000);
  EXPECT_EQ(view.disk_bytes_per_second, 2U << 20);
  EXPECT_EQ(others_of(view, 3).records, 100U);
  EXPECT_EQ(others_of(view, 3).records_per_second, 50);
}

TEST(TopCompare, BytesAreAnOrderToo) {
  TopSample now = sample(1);
  now.streams = {stream("a", 1, 1), stream("b", 1, 1)};
  now.streams[0].traffic = {5, 5, 9, 1};
  now.streams[1].traffic = {5, 5, 1, 9};
  EXPECT_EQ(compare(nullptr, now, TopOrder::kRecords).streams[0].labels[0].second, "a");
  EXPECT_EQ(compare(nullptr, now, TopOrder::kBytes).streams[0].labels[0].second, "b");
}

TEST(TopCompare, AnotherStartOfTheDaemonIsNothingToCompareWith) {
  TopSample before = sample(10);
  TopSample now = sample(20);
  before.streams = {stream("web", 900, 40'000)};
  now.streams = {stream("web", 1000, 50'000)};
  now.node = "n2";
  const TopView other = compare(&before, now, TopOrder::kRecords);
  EXPECT_FALSE(other.seconds);
  EXPECT_FALSE(other.disk_bytes_per_second);
  EXPECT_EQ(other.streams[0].traffic.records_per_second, 7) << "the daemon's own mean";
  now.node = "n1";
  now.at = 10;
  EXPECT_FALSE(compare(&before, now, TopOrder::kRecords).seconds) << "no time has passed";
}

TEST(TopCompare, AStreamThatIsCountedAnewHasTheDaemonsMean) {
  TopSample before = sample(10 * kNsPerSecond);
  TopSample now = sample(12 * kNsPerSecond);
  before.streams = {stream("web", 900, 40'000, 1)};
  now.streams = {stream("web", 20, 40, 5), stream("seen", 1'000'000, 1, 1)};
  const TopView view = compare(&before, now, TopOrder::kRecords);
  EXPECT_EQ(view.streams[0].traffic.records_per_second, 7);
  EXPECT_EQ(view.streams[1].traffic.records_per_second, 7) << "it was not among those listed";
}

TEST(TopFrame, EverythingHasItsTable) {
  EXPECT_EQ(text_of(busy_view(), 80, 0),
            "duramen top  h1  up 1h 2m  version 1.0  10:00:00\n"
            "ingest  1,055 records/s, 2.3MiB/s; 12,345 rows stored, 345 not in blocks yet\n"
            "disk    14MiB used (+2MiB/s), 3GiB free, 12.3 days left\n"
            "\n"
            "streams  3\n"
            "records/s   bytes/s  records  stream\n"
            "    1,000  244.1KiB    2,900  app=web\n"
            "      4.5       50B        9  app=new\n"
            "      0.5    1.9MiB      101  app=db\n"
            "       50    244KiB      100  (others)\n"
            "\n"
            "queries  1\n"
            "     id      for     done   rows/s   read/s   memory  query\n"
            "      7     5.0s      50%  100,000     2MiB     2MiB  error\n"
            "\n"
            "tails  2, 12 rows missed\n"
            "     id      for   rows/s      lag  waiting   missed  query\n"
            "     10     0.5s        -    5,000  68.3KiB       12  *\n"
            "      9     5.0s    1,000        0       0B        0  app:web\n");
}

TEST(TopFrame, WithOneSampleTheDaemonsMeansStand) {
  TopSample now = sample(1);
  now.total = {10, 1000, 3.25, 325};
  EXPECT_EQ(text_of(compare(nullptr, now, TopOrder::kRecords), 80, 0),
            "duramen top  h1  up 1h 2m  version 1.0  10:00:00\n"
            "ingest  3.2 records/s, 325B/s; 12,345 rows stored, 345 not in blocks yet\n"
            "disk    10MiB used, 3GiB free\n"
            "\n"
            "streams  0\n"
            "\n"
            "queries  0\n"
            "\n"
            "tails  0\n");
}

TEST(TopFrame, WhatIsWrongStandsAtTheTop) {
  TopSample now = sample(1);
  now.not_ready = "draining";
  now.writes_refused = "12 MiB free\x1b";
  const std::string text = text_of(compare(nullptr, now, TopOrder::kRecords), 80, 0, true,
                                   "CONNECTION LOST, asking again in 3 s: refused");
  EXPECT_THAT(text, HasSubstr("\n\x1b[1;31mCONNECTION LOST, asking again in 3 s: refused\x1b[0m\n"
                              "\x1b[1;31mNOT READY  draining\x1b[0m\n"
                              "\x1b[1;31mWRITES REFUSED  12 MiB free\\x1b\x1b[0m\n"));
}

TEST(TopFrame, NarrowAndLowTerminalsAreHeeded) {
  const TopView view = busy_view();
  EXPECT_EQ(text_of(view, 24, 8),
            "duramen top  h1  up 1h …\n"
            "ingest  1,055 records/s…\n"
            "disk    14MiB used (+2M…\n"
            "\n"
            "streams  3, 0 of them b…\n"
            "records/s  bytes/s  rec…\n"
            "    1,055   2.3MiB    3…\n"
            "\n");
  for (std::size_t rows = 1; rows < 40; ++rows) {
    const std::string text = text_of(view, 80, rows);
    EXPECT_LE(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')), rows);
  }
  EXPECT_EQ(text_of(view, 80, 19), text_of(view, 80, 0)) << "there is room for everything";
}

TEST(TopFrame, ManyOfEachShareTheRoom) {
  TopSample now = sample(1);
  now.streams_followed = 500;
  now.total.records = 1000;
  for (int i = 0; i < 200; ++i) now.streams.push_back(stream("app" + std::to_string(i), 1, 1));
  for (std::uint64_t i = 0; i < 50; ++i) now.queries.push_back({i, "q", 1, 0, 0, 0, 0, 0});
  for (std::uint64_t i = 0; i < 50; ++i) now.tails.push_back({i, "t", 1, 0, i, 0, 0, false});
  const std::string text = text_of(compare(nullptr, now, TopOrder::kRecords), 80, 40);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 40);
  EXPECT_THAT(text, HasSubstr("streams  500, 13 of them below\n"));
  EXPECT_THAT(text, HasSubstr("queries  50\n"));
  EXPECT_THAT(text, HasSubstr("tails  50\n"));
  EXPECT_THAT(text, HasSubstr("       49       0B        0  t\n"));
}

TEST(TopFrame, CursorsAreShownTheFurthestBehindFirst) {
  TopSample now = sample(1);
  EXPECT_EQ(text_of(compare(nullptr, now, TopOrder::kRecords), 80, 0).find("cursors"),
            std::string::npos);
  now.cursors = {{"copy", 0, 0, false}, {"search", 1'234'567, 12, true}};
  const std::string text = text_of(compare(nullptr, now, TopOrder::kRecords), 80, 24);
  EXPECT_THAT(text, HasSubstr("cursors  2\n"
                              "      lag     lost    holds  cursor\n"
                              "1,234,567       12      yes  search\n"
                              "        0        0       no  copy\n"));
  for (int i = 0; i < 60; ++i) now.cursors.push_back({"c" + std::to_string(i), 5, 0, true});
  const std::string low = text_of(compare(nullptr, now, TopOrder::kRecords), 80, 30);
  EXPECT_THAT(low, HasSubstr("cursors  62\n"));
  EXPECT_LE(std::count(low.begin(), low.end(), '\n'), 30);
}

TEST(TopFrame, LabelsAndQueriesCannotActOnTheTerminal) {
  TopSample now = sample(1);
  now.streams = {stream("x", 1, 1)};
  now.streams[0].labels = {{"a\x1b[0m", "b\r\n\t\xff"}};
  now.tails = {{1, "\x07", 1, 0, 0, 0, 0, false}};
  const std::string text = text_of(compare(nullptr, now, TopOrder::kRecords), 80, 0);
  EXPECT_THAT(text, HasSubstr("  a\\x1b[0m=b\\r\\n\\t\\xff\n"));
  EXPECT_THAT(text, HasSubstr("  \\x07\n"));
}

TEST(TopSample, AnswersAreRead) {
  const json status = json::parse(
      R"({"host":"h","node":"n","ready":false,"not_ready_reason":null,"writes_refused":null,
          "rows":5,"disk":{"total_bytes":10,"free_bytes":20,"days_left":null},
          "cursors":[{"name":"c","lag_rows":4,"lost_rows":1,"hold":true}]})");
  const json streams = json::parse(
      R"({"monotonic_ns":77,"followed":1,"total":{"records":3},
          "streams":[{"id":"i","labels":{"a":"b"},"since_ns":7,"records":2,"bytes":4}]})");
  const json queries = json::parse(
      R"({"queries":[{"id":1,"q":"x","seconds":1.5,"scanned_rows":9},
          {"id":2,"q":"y","memory_bytes":6,"tail":{"rows":1,"lag_rows":8,"behind":true}}]})");
  const auto read = read_top_sample(status, streams, queries);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->at, 77);
  EXPECT_EQ(read->not_ready, "it does not say why");
  EXPECT_EQ(read->streams[0].labels[0].second, "b");
  EXPECT_EQ(read->queries[0].rows, 9U);
  EXPECT_EQ(read->tails[0].lag_rows, 8U);
  EXPECT_EQ(read->tails[0].queue_bytes, 6U);
  EXPECT_FALSE(read->days_left);
  ASSERT_EQ(read->cursors.size(), 1U);
  EXPECT_EQ(read->cursors[0].name, "c");
  EXPECT_EQ(read->cursors[0].lag_rows, 4U);
  EXPECT_EQ(read->cursors[0].lost_rows, 1U);
  EXPECT_TRUE(read->cursors[0].hold);
  EXPECT_FALSE(read_top_sample(json(), streams, queries));
  EXPECT_FALSE(read_top_sample(status, json(), queries));
  EXPECT_FALSE(read_top_sample(status, streams, json::array()));
}

TEST(TopJson, AFrameIsOneLine) {
  const std::string text = top_json(busy_view(), kNow);
  EXPECT_EQ(text.find('\n'), std::string::npos);
  const json frame = json::parse(text);
  EXPECT_EQ(frame["time"], "2026-11-21T10:00:00.000000000Z");
  EXPECT_EQ(frame["seconds"], 2.0);
  EXPECT_EQ(frame["streams"][0]["records_per_second"], 1000.0);
  EXPECT_EQ(frame["others"]["records"], 100);
  EXPECT_EQ(frame["tails"][0]["rows_per_second"], nullptr);
  EXPECT_EQ(frame["tails"][0]["lag_rows"], 5000);
}

}  // namespace
}  // namespace duramen::cli
