#include "base/log.h"

#include <gtest/gtest.h>

#include "base/log_writer.h"

namespace duramen {
namespace {

class LogTest : public testing::Test {
 protected:
  std::string take() { return std::exchange(text_, {}); }

  ManualClock clock_{1'562'529'662'678'123'456};
  std::string text_;
  LogWriter writer_{clock_, [this](std::string_view line) { text_ += line; }};
};

TEST_F(LogTest, TextIsLogfmt) {
  writer_.write(LogLevel::kInfo, "started", {{"port", 5647}, {"dir", "/a b"}, {"none", ""}});
  EXPECT_EQ(take(),
            "time=2019-07-07T20:01:02.678123456Z level=info msg=started port=5647 dir=\"/a b\" "
            "none=\"\"\n");
}

TEST_F(LogTest, JsonIsOneObjectALine) {
  writer_.set(LogLevel::kInfo, LogFormat::kJson);
  writer_.write(LogLevel::kError, "it \"broke\"", {{"file", "a\nb\xFF"}, {"bytes", 7U}});
  EXPECT_EQ(take(),
            "{\"time\":\"2019-07-07T20:01:02.678123456Z\",\"level\":\"error\","
            "\"msg\":\"it \\\"broke\\\"\",\"file\":\"a\\nb\xEF\xBF\xBD\",\"bytes\":\"7\"}\n");
}

TEST_F(LogTest, ALineNeverContainsALineEnd) {
  writer_.write(LogLevel::kInfo, "two\nlines", {{"value", "a\nb"}});
  EXPECT_EQ(take(),
            "time=2019-07-07T20:01:02.678123456Z level=info msg=\"two\\nlines\" value=\"a\\nb\"\n");
}

TEST_F(LogTest, BelowTheMinimumNothingIsWritten) {
  writer_.write(LogLevel::kDebug, "detail", {});
  EXPECT_EQ(take(), "");
  writer_.set(LogLevel::kError, LogFormat::kText);
  writer_.write(LogLevel::kWarning, "hm", {});
  EXPECT_EQ(take(), "");
  writer_.set(LogLevel::kDebug, LogFormat::kText);
  writer_.write(LogLevel::kDebug, "detail", {});
  EXPECT_NE(take().find("level=debug msg=detail"), std::string::npos);
}

TEST_F(LogTest, TheEleventhRepeatIsLeftOutAndCounted) {
  for (std::uint64_t i = 0; i < LogWriter::kRepeats; ++i) {
    writer_.write(LogLevel::kWarning, "again", {{"i", i}});
    EXPECT_NE(take(), "") << i;
  }
  for (int i = 0; i < 5; ++i) writer_.write(LogLevel::kWarning, "again", {});
  EXPECT_EQ(take(), "");
  writer_.write(LogLevel::kInfo, "another", {});
  EXPECT_NE(take().find("msg=another"), std::string::npos);

  clock_.advance(LogWriter::kWindow);
  writer_.write(LogLevel::kInfo, "another", {});
  const std::string text = take();
  EXPECT_NE(text.find("level=warning msg=\"left out repeated log lines\" count=5 message=again\n"),
            std::string::npos)
      << text;
  writer_.write(LogLevel::kWarning, "again", {});
  EXPECT_NE(take().find("msg=again"), std::string::npos);
}

TEST_F(LogTest, AClockThatIsSetBackDoesNotSilenceAMessage) {
  for (int i = 0; i < 12; ++i) writer_.write(LogLevel::kInfo, "again", {});
  take();
  clock_.advance(-3600 * kNsPerSecond);
  writer_.write(LogLevel::kInfo, "again", {});
  EXPECT_NE(take().find("msg=again"), std::string::npos);
}

TEST_F(LogTest, ManyKindsOfMessagesAreAllWritten) {
  for (std::size_t i = 0; i < 3 * LogWriter::kMessages; ++i) {
    writer_.write(LogLevel::kInfo, "message " + std::to_string(i), {});
    ASSERT_NE(take(), "") << i;
  }
}

TEST(Log, NamesOfLevelsAndFormats) {
  EXPECT_EQ(*parse_log_level("debug"), LogLevel::kDebug);
  EXPECT_EQ(*parse_log_level("warning"), LogLevel::kWarning);
  EXPECT_EQ(parse_log_level("loud").error().message,
            "'loud' is no log level: debug, info, warning or error");
  EXPECT_EQ(*parse_log_format("json"), LogFormat::kJson);
  EXPECT_FALSE(parse_log_format("xml"));
}

TEST(Log, ProcessLogWritesWholeLinesToStderr) {
  testing::internal::CaptureStderr();
  log_info("hello", {{"n", 1}});
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_NE(text.find(" level=info msg=hello n=1\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace duramen
