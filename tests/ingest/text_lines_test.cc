#include "ingest/text_lines.h"

#include <gmock/gmock.h>

#include "base/time_text.h"
#include "ingest/ndjson.h"
#include "tests/ingest/ingest_testing.h"

namespace duramen::ingest {
namespace {

using ::testing::ElementsAre;
using testing::kNow;

TextLineParser parser(const std::string& format = "auto") {
  TextTimeOptions options;
  options.format = format;
  options.now = kNow;
  return {*TextTimeReader::create(std::move(options)),
          model::Labels(std::vector<model::Labels::Pair>{{"app", "test"}}), kNow};
}

std::vector<std::string> messages(const model::RecordBatch& batch) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < batch.rows(); ++i) out.emplace_back(batch.message(i));
  return out;
}

TEST(TextLines, EveryLineIsARecordByteForByte) {
  const std::string text("a\r\n\n\xFF\xC3\n\0b\tc \nlast", 17);
  model::RecordBatch batch;
  auto lines = parser();
  EXPECT_EQ(lines.parse(text, true, {}, batch), text.size());
  EXPECT_THAT(messages(batch),
              ElementsAre("a\r", "", "\xFF\xC3", std::string("\0b\tc ", 5), "last"));
  EXPECT_TRUE(batch.check());
  EXPECT_EQ(batch.streams.at(0).find("app"), "test");
  std::string again;
  for (std::size_t i = 0; i < batch.rows(); ++i) append_ndjson_row(again, batch, i);
  BuildOptions options = testing::build_options();
  options.format = {{"_time"}, {"_msg"}, {"app"}, true};
  const auto parsed = parse_ndjson(again, options);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(messages(*parsed->records), messages(batch)) << "travels as JSON";
  EXPECT_EQ(parsed->records->time, batch.time);
}

TEST(TextLines, LineWithoutATimeTakesTheOneBefore) {
  model::RecordBatch batch;
  auto lines = parser();
  lines.parse("no time yet\n2026-01-02 03:04:05 error\n  at foo\n\n2026-01-02 03:04:06 ok\n", true,
              {}, batch);
  const TimeNs first = *parse_rfc3339("2026-01-02T03:04:05Z");
  EXPECT_THAT(batch.time, ElementsAre(kNow, first, first, first, first + kNsPerSecond));
  EXPECT_EQ(lines.lines(), 5U);
  EXPECT_EQ(lines.timed_lines(), 2U);
}

TEST(TextLines, UnfinishedLineWaitsUnlessItIsTheLast) {
  model::RecordBatch batch;
  auto lines = parser();
  EXPECT_EQ(lines.parse("one\ntwo", false, {}, batch), 4U);
  EXPECT_EQ(batch.rows(), 1U);
  EXPECT_EQ(lines.parse("two", false, {}, batch), 0U);
  EXPECT_EQ(lines.parse("two", true, {}, batch), 3U);
  EXPECT_THAT(messages(batch), ElementsAre("one", "two"));
}

TEST(TextLines, BatchEndsAtItsLimits) {
  const auto rows = [](const TextBatchLimits& limits, std::string_view text) {
    model::RecordBatch batch;
    auto lines = parser();
    lines.parse(text, true, limits, batch);
    return batch.rows();
  };
  TextBatchLimits limits;
  limits.rows = 2;
  EXPECT_EQ(rows(limits, "a\nb\nc\n"), 2U);
  limits = {};
  limits.raw_bytes = 3;
  EXPECT_EQ(rows(limits, "ab\nc\nd\n"), 2U);
  EXPECT_EQ(rows(limits, "abcdef\nd\n"), 1U) << "one long line goes alone";
  limits = {};
  limits.days = 2;
  EXPECT_EQ(
      rows(limits,
           "2026-01-02 00:00:00\n2026-01-03 00:00:00\n2026-01-02 01:00:00\n2026-01-04 00:00:00\n"),
      3U);
}

TEST(TextLines, BatchesOfATextHoldAllItsLinesInOrder) {
  std::string text;
  for (int i = 0; i < 1000; ++i) {
    text += "2026-01-" + std::to_string(10 + i % 17) + " 00:00:00 line " + std::to_string(i) + "\n";
  }
  TextBatchLimits limits;
  limits.days = 3;
  limits.raw_bytes = 500;
  auto lines = parser();
  std::string joined;
  for (std::string_view left = text; !left.empty();) {
    model::RecordBatch batch;
    const std::size_t used = lines.parse(left, true, limits, batch);
    ASSERT_GT(used, 0U);
    for (const std::string& message : messages(batch)) joined += message + "\n";
    left.remove_prefix(used);
  }
  EXPECT_EQ(joined, text);
  EXPECT_EQ(lines.lines(), 1000U);
}

}  // namespace
}  // namespace duramen::ingest
