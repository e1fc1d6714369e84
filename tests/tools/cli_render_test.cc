#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <thread>

#include "base/time_text.h"
#include "tests/base/temporary_directory.h"
#include "tools/cli/problem.h"
#include "tools/cli/progress.h"
#include "tools/cli/render.h"
#include "tools/cli/row.h"
#include "tools/cli/table.h"
#include "tools/cli/url.h"
#include "tools/cli/zone.h"

namespace duramen::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Every test begins and ends in UTC: the zone belongs to the process.
class CliRender : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(set_zone("UTC")); }
  void TearDown() override { ASSERT_TRUE(set_zone("UTC")); }

  static std::string render(const std::string& json, RenderOptions options = {}) {
    const auto row = parse_row(json);
    if (!row) return "ERROR " + row.error().message;
    return render_log_row(*row, options);
  }
};

TimeNs at(const char* text) { return parse_rfc3339(text).value(); }

TEST_F(CliRender, ALogRowIsTimeSenderLevelMessage) {
  EXPECT_EQ(render(R"({"_time":"2026-11-21T10:20:30.123456789Z","_seq":"a:1","_msg":"it works",)"
                   R"("app":"web","instance":"3","level":"warn"})"),
            "2026-11-21T10:20:30.123+00:00 web/3 WARN it works");
}

TEST_F(CliRender, AGapSaysHowManyRowsWereMissed) {
  const std::string start = R"({"_time":"2026-11-21T10:20:30Z","_seq":"a:9","_gap":)";
  EXPECT_EQ(render(start + R"({"first":"a:1","last":"a:9","rows":4711,"reason":"slow client"}})"),
            "2026-11-21T10:20:30.000+00:00 - GAP 4,711 rows missed: slow client");
  EXPECT_EQ(render(start + R"({"first":"a:1","last":"a:9","reason":"damage"}})"),
            "2026-11-21T10:20:30.000+00:00 - GAP rows missed: damage");
}

TEST_F(CliRender, SendersHaveColoursOfTheirOwnWhereSeveralStandTogether) {
  const auto sender_color = [](const std::string& app, bool by_sender) {
    RenderOptions options;
    options.color = true;
    options.color_by_sender = by_sender;
    const std::string line =
        render(R"({"_time":"2026-11-21T10:20:30Z","_msg":"x","app":")" + app + "\"}", options);
    const auto end = line.find(app);
    return line.substr(line.rfind('\x1b', end), end - line.rfind('\x1b', end));
  };
  EXPECT_EQ(sender_color("web", false), sender_color("mail", false));
  EXPECT_NE(sender_color("web", true), sender_color("mail", true));
  EXPECT_EQ(sender_color("web", true), sender_color("web", true));
}

TEST_F(CliRender, StandardErrorIsMarked) {
  const std::string start = R"({"_time":"2026-11-21T10:20:30Z","_msg":"x","container_name":"/db",)";
  EXPECT_EQ(render(start + R"("source":"stderr"})"), "2026-11-21T10:20:30.000+00:00 /db STDERR x");
  EXPECT_EQ(render(start + R"("source":"stdout"})"), "2026-11-21T10:20:30.000+00:00 /db x");
}

TEST_F(CliRender, OfTheLinesAroundOneThatOneIsMarked) {
  const auto line = [](int distance) {
    return R"({"_context":)" + std::to_string(distance) +
           R"(,"_time":"2026-11-21T10:20:30Z","_seq":"0f:1","_msg":"x","app":"web"})";
  };
  EXPECT_THAT(render(line(0)), testing::StartsWith("> 2026"));
  EXPECT_THAT(render(line(-1)), testing::StartsWith("  2026"));
  EXPECT_THAT(render(line(1)), testing::StartsWith("  2026"));
  EXPECT_THAT(render(line(0), {.seq = true}), HasSubstr("+00:00 0f:1 web x"));
}

TEST_F(CliRender, TimesHaveTheOffsetOfTheZone) {
  ASSERT_TRUE(set_zone("+05:30"));
  EXPECT_EQ(local_time_text(at("2026-11-21T20:00:00Z")), "2026-11-22T01:30:00.000+05:30");
  ASSERT_TRUE(set_zone("-08:00"));
  EXPECT_EQ(local_time_text(at("2026-11-21T00:00:00Z")), "2026-11-20T16:00:00.000-08:00");
  EXPECT_FALSE(set_zone("Nowhere/Land"));
  EXPECT_FALSE(set_zone("../../etc/passwd"));
}

TEST_F(CliRender, ANamedZoneKnowsItsSummerTime) {
  if (!set_zone("Europe/Paris")) GTEST_SKIP() << "tzdata: no zone database on this machine";
  EXPECT_EQ(local_time_text(at("2026-07-01T12:00:00Z")), "2026-07-01T14:00:00.000+02:00");
  EXPECT_EQ(local_time_text(at("2026-12-01T12:00:00Z")), "2026-12-01T13:00:00.000+01:00");
  EXPECT_EQ(parse_local_time_argument("2026-07-01 14:00", 0).value(), at("2026-07-01T12:00:00Z"));
}

TEST_F(CliRender, AWallClockArgumentIsLocal) {
  ASSERT_TRUE(set_zone("+02:00"));
  EXPECT_EQ(parse_local_time_argument("2026-11-21 10:00:00", 0).value(),
            at("2026-11-21T08:00:00Z"));
  EXPECT_EQ(parse_local_time_argument("2026-11-21T10:00:00Z", 0).value(),
            at("2026-11-21T10:00:00Z"));
  EXPECT_EQ(parse_local_time_argument("2026-11-21T10:00:00-01:00", 0).value(),
            at("2026-11-21T11:00:00Z"));
  EXPECT_EQ(parse_local_time_argument("2026-11-21", 0).value(), at("2026-11-20T22:00:00Z"));
  EXPECT_EQ(parse_local_time_argument("now-1h", 2 * 3600 * kNsPerSecond).value(),
            3600 * kNsPerSecond);
  EXPECT_FALSE(parse_local_time_argument("yesterday-ish", 0));
}

TEST_F(CliRender, LogTextCannotSteerATerminal) {
  EXPECT_EQ(visible_text("a\x1b[31mb\x07\x7f"), "a\\x1b[31mb\\x07\\x7f");
  EXPECT_EQ(visible_text("\xc2\x9b"
                         "31m"),
            "\\u009b31m")
      << "C1: an escape sequence without ESC";
  EXPECT_EQ(visible_text("\xe2\x80\xae"
                         "evil"),
            "\\u202eevil");
  EXPECT_EQ(visible_text("bad \xff\xfe byte \xe2\x82"), "bad \\xff\\xfe byte \\xe2\\x82");
  EXPECT_EQ(visible_text("gr\xc3\xbc\xc3\x9f \xe2\x82\xac\ttab"),
            "gr\xc3\xbc\xc3\x9f \xe2\x82\xac\ttab");
  EXPECT_EQ(visible_text("one\ntwo\r\nthree"), "one\n    two\\r\n    three");
  EXPECT_EQ(visible_on_one_line("one\ntwo"), "one\\ntwo");
  EXPECT_EQ(visible_text(std::string_view("\0x", 2)), "\\x00x");
}

TEST_F(CliRender, EscapesAreShownOnATerminalAndKeptInAPipe) {
  const std::string row =
      R"({"_time":"2026-11-21T10:20:30Z","_msg":"\u001b]0;title\u0007x","app":"\u001b[2Jweb"})";
  const std::string terminal = render(row, {.color = false, .visible = true});
  EXPECT_THAT(terminal, Not(HasSubstr("\x1b")));
  EXPECT_THAT(terminal, HasSubstr("\\x1b]0;title\\x07x"));
  EXPECT_THAT(terminal, HasSubstr("\\x1b[2Jweb"));
  EXPECT_THAT(render(row), HasSubstr("\x1b]0;title\x07x"));
}

TEST_F(CliRender, AMessageInBase64IsItsBytes) {
  const std::string row = R"({"_time":"2026-11-21T10:20:30Z","_msg_base64":"/wBh","app":"a"})";
  EXPECT_THAT(render(row), HasSubstr(std::string(" a \xff\0a", 6)));
  EXPECT_THAT(render(row, {.color = false, .visible = true}), HasSubstr("\\xff\\x00a"));
}

TEST_F(CliRender, TheLevelInTheMessageIsColouredInPlace) {
  const std::string line =
      render(R"({"_time":"2026-11-21T10:20:30Z","_msg":"10:20 ERROR no disk","app":"a"})",
             {.color = true, .visible = true});
  EXPECT_THAT(line, HasSubstr("10:20 \x1b[1;31mERROR\x1b[0m no disk"));
}

TEST_F(CliRender, LevelsAreFoundInFieldsCapitalsAndBrackets) {
  const auto level = [](const std::string& json) {
    const auto row = parse_row(json);
    const std::string message = row->message();
    return find_level(*row, message).level;
  };
  EXPECT_EQ(level(R"({"_msg":"x","level":"Error"})"), Level::kError);
  EXPECT_EQ(level(R"({"_msg":"[warn] x"})"), Level::kWarning);
  EXPECT_EQ(level(R"({"_msg":"ts=1 level=debug x"})"), Level::kDebug);
  EXPECT_EQ(level(R"({"_msg":"INFO x"})"), Level::kInfo);
  EXPECT_EQ(level(R"({"_msg":"no error here"})"), Level::kNone) << "a word of the text";
  EXPECT_EQ(level(R"({"_msg":"x","level":"7"})"), Level::kNone);
}

TEST_F(CliRender, ARowWithoutMessageShowsItsFields) {
  EXPECT_EQ(
      render(
          R"({"_time":"2026-11-21T10:20:30Z","_seq":"a:1","_msg":"","app":"a","status":500,"path":"/a b"})"),
      "2026-11-21T10:20:30.000+00:00 a status=500 path=\"/a b\"");
}

TEST_F(CliRender, LogfmtQuotesWhatNeedsIt) {
  const auto row = parse_row(
      R"({"a":"x","b":"two words","c":"q\"uote","d":12.50,"e":"","f":"l1\nl2","g":[1,2]})");
  ASSERT_TRUE(row);
  EXPECT_EQ(render_logfmt(*row, {}),
            R"(a=x b="two words" c="q\"uote" d=12.50 e="" f="l1\nl2" g=[1,2])");
}

TEST(CliRow, KeepsNumbersAndDocumentsAsTheyCame) {
  const auto row =
      parse_row(R"({"n":12345678901234567890.50,"o":{"a":[1, 2]},"t":true,"z":null,"s":"\u00fc"})");
  ASSERT_TRUE(row) << row.error().message;
  EXPECT_EQ(row->value("n"), "12345678901234567890.50");
  EXPECT_EQ(row->value("o"), R"({"a":[1, 2]})");
  EXPECT_EQ(row->value("t"), "true");
  EXPECT_EQ(row->value("z"), "null");
  EXPECT_EQ(row->value("s"), "\xc3\xbc");
  EXPECT_FALSE(row->find("n")->is_text);
  EXPECT_TRUE(row->find("s")->is_text);
}

TEST(CliRow, RefusesWhatIsNoObject) {
  for (const char* line : {"", "1", "[]", "{", R"({"a":1} x)", R"({"a":})"}) {
    EXPECT_FALSE(parse_row(line)) << line;
  }
}

TEST(CliRow, EndAndErrorLinesAreObjects) {
  EXPECT_TRUE(is_end_line(R"({"_end":{"rows":1}})"));
  EXPECT_FALSE(is_end_line(R"({"_end":5})")) << "a column of a stats query";
  EXPECT_TRUE(is_error_line(R"({"_error":{"detail":"x"}})"));
}

TEST(CliProblem, ABadQueryGetsACaretUnderItsPlace) {
  HttpReply reply;
  reply.status = 400;
  reply.body = R"({"title":"bad query","detail":"column 7: expected a value"})";
  const Error error = problem_error(reply, "error AND");
  EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(error.message, "column 7: expected a value\n  error AND\n        ^");
}

TEST(CliProblem, TheCaretCountsCharactersAndFitsTheScreen) {
  EXPECT_EQ(with_caret("m", "\xc3\xbc x", 4), "m\n  \xc3\xbc x\n    ^");
  EXPECT_EQ(with_caret("m", "ab", 3), "m\n  ab\n    ^");
  EXPECT_EQ(with_caret("m", "ab", 99), "m\n  ab\n    ^");
  const std::string text = with_caret("m", std::string(500, 'q'), 250);
  EXPECT_THAT(text, HasSubstr("\xe2\x80\xa6"));
  EXPECT_LT(text.size(), 300U);
  EXPECT_THAT(with_caret("m", "a\x1b[2J", 1), Not(HasSubstr("\x1b")));
}

TEST(CliProblem, AnyAnswerBecomesASentence) {
  EXPECT_EQ(problem_error({503, {}, R"({"detail":"disk full"})"}).code, ErrorCode::kUnavailable);
  EXPECT_EQ(problem_error({503, {}, R"({"detail":"disk full"})"}).message, "disk full");
  EXPECT_THAT(problem_error({502, {}, "<html>bad gateway"}).message, HasSubstr("502"));
  EXPECT_THAT(problem_error({500, {}, ""}).message, HasSubstr("500"));
  EXPECT_THAT(problem_error({401, {}, R"({"title":"no"})"}).message, HasSubstr("--token"));
  EXPECT_EQ(error_line_error(R"({"_error":{"type":"/problems/x","detail":"too slow"}})").message,
            "too slow");
}

TEST(CliProblem, AnAnswerThatNestsWithoutEndIsNone) {
  const std::string deep = std::string(1'000'000, '[') + std::string(1'000'000, ']');
  EXPECT_EQ(error_line_error("{\"_error\":{\"detail\":" + deep + "}}").code, ErrorCode::kInternal);
  EXPECT_EQ(shallow(deep), "");
  EXPECT_EQ(shallow("[[[1]]]"), "[[[1]]]");
}

TEST(CliUrl, EncodesEverythingButUnreserved) {
  EXPECT_EQ(url_encoded("a b&c=d/\xc3\xbc~"), "a%20b%26c%3Dd%2F%C3%BC~");
  EXPECT_EQ(url_target("/x", {{"q", "*"}, {"end", "1"}}), "/x?q=%2A&end=1");
  EXPECT_EQ(url_target("/x", {}), "/x");
}

TEST(CliText, NumbersAndPairsAreReadable) {
  EXPECT_EQ(grouped_digits(0), "0");
  EXPECT_EQ(grouped_digits(999), "999");
  EXPECT_EQ(grouped_digits(1000), "1,000");
  EXPECT_EQ(grouped_digits(1234567), "1,234,567");
  EXPECT_EQ(aligned_pairs({{"a", "1"}, {"long", "2"}}), "a     1\nlong  2\n");
  EXPECT_EQ(display_width("gr\xc3\xbc\xc3\x9f"), 4U);
}

TEST(CliText, LinesOfManyThreadsStayWhole) {
  const TemporaryDirectory directory;
  const int file = ::open(directory.file("err").c_str(), O_WRONLY | O_CREAT, 0600);
  ASSERT_GE(file, 0);
  {
    Output err(file);
    Progress progress(err, 100, true);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&progress, t] {
        for (int i = 0; i < 500; ++i) {
          progress.write_line("line of thread " + std::to_string(t));
          progress.add(1, 1);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  ::close(file);
  std::ifstream in(directory.file("err"));
  std::size_t lines = 0;
  for (std::string line; std::getline(in, line); ++lines) {
    EXPECT_THAT(line, testing::MatchesRegex("line of thread [0-3]"));
  }
  EXPECT_EQ(lines, 2000U);
}

TEST(CliText, TheProgressBarFitsItsTerminal) {
  EXPECT_EQ(progress_text(50, 100, 0, 1, 30), "[==========>         ]  50 %");
  EXPECT_EQ(progress_text(100, 100, 0, 1, 30), "[====================] 100 %");
  EXPECT_EQ(progress_text(2'000'000, 0, 1500, 2, 80), "1,500 records  1.0 MB/s");
  for (const int width : {1, 20, 40, 80, 200}) {
    const std::string text = progress_text(123'456'789, 987'654'321, 1'234'567, 3, width);
    EXPECT_TRUE(static_cast<int>(text.size()) <= std::max(width, 40)) << width << text;
  }
}

}  // namespace
}  // namespace duramen::cli
