#include "tools/bench/tail_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tools/bench/tail_figures.h"

namespace duramen::bench {
namespace {

using testing::ElementsAre;

constexpr std::string_view kHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

struct Taken {
  std::vector<std::string> lines;
  Result<void> outcome;
};

/// Bytes handed on in pieces of one size.
Taken take(const std::string& bytes, std::size_t piece) {
  TailLines lines;
  Taken out;
  for (std::size_t at = 0; at < bytes.size() && out.outcome; at += piece) {
    out.outcome = lines.take(std::string_view(bytes).substr(at, piece),
                             [&](std::string_view line) { out.lines.emplace_back(line); });
  }
  return out;
}

TEST(TailLines, AreWholeHoweverTheBytesCome) {
  // An empty line as a sign of life, a line over two chunks, two lines in one.
  const std::string bytes = std::string(kHead) +
                            "1\r\n\n\r\n"
                            "5\r\none\nt\r\n"
                            "B\r\nwo\nthree\nfo\r\n"
                            "3\r\nur\n\r\n";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    const Taken taken = take(bytes, piece);
    ASSERT_TRUE(taken.outcome) << piece;
    ASSERT_THAT(taken.lines, ElementsAre("one", "two", "three", "four")) << piece;
  }
}

TEST(TailLines, ARefusalAndAnEndAreErrors) {
  EXPECT_EQ(take("HTTP/1.1 429 Too Many\r\n\r\n", 7).outcome.error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(take(std::string(kHead) + "2\r\na\n\r\n0\r\n\r\n", 100).outcome);
  EXPECT_FALSE(take(std::string(kHead) + "zz\r\n", 100).outcome);
  EXPECT_FALSE(take(std::string(kHead) + std::string(100, '1'), 3).outcome);
}

TEST(TailLines, TheSeqOfARowIsItsNumber) {
  EXPECT_EQ(seq_of_row(R"({"_time":"t","_seq":"00ab:4711","_msg":"x"})"), 4711U);
  EXPECT_FALSE(seq_of_row(R"({"_end":{"reason":"stopped"}})"));
  EXPECT_FALSE(seq_of_row(R"({"_seq":"ab"})"));
}

TEST(TailFigures, DelaysAreThoseFromTheAckOfTheRowsBatch) {
  constexpr TimeNs kMs = kNsPerSecond / 1000;
  const std::vector<AckedBatch> batches{{11, 20, 200 * kMs}, {1, 10, 100 * kMs}};
  std::vector<Arrival> arrivals;
  for (std::uint64_t seq = 1; seq <= 10; ++seq) arrivals.push_back({seq, 101 * kMs});
  arrivals.push_back({11, 190 * kMs});  // before its ack was read
  arrivals.push_back({20, 230 * kMs});
  arrivals.push_back({21, 230 * kMs});
  const DelayFigures figures = delays_of(batches, arrivals);
  EXPECT_EQ(figures.lines, 12U);
  EXPECT_EQ(figures.unknown, 1U);
  EXPECT_DOUBLE_EQ(figures.p50_seconds, 0.001);
  EXPECT_DOUBLE_EQ(figures.p99_seconds, 0.03);
  EXPECT_DOUBLE_EQ(figures.max_seconds, 0.03);
  EXPECT_EQ(delays_of({}, {}).lines, 0U);
}

}  // namespace
}  // namespace duramen::bench
