// `duramen query --explain` and `duramen status` against a real daemon with a real index.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/daemon_process.h"
#include "tests/tools/cli_process.h"

namespace duramen {
namespace {

using nlohmann::json;
using support::CliRun;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

class CliExplain : public testing::Test {
 protected:
  void SetUp() override {
    const auto started = daemon_.start_in(files_.file("data"));
    ASSERT_TRUE(started) << started.error().message;
    const CliRun import = duramen({"import", "-", "--label", "app=web"},
                                  "2026-11-20T10:00:00Z connection reset by peer\n"
                                  "2026-11-20T10:00:01Z all is well\n"
                                  "2026-11-21T10:00:00Z connection closed\n");
    ASSERT_EQ(import.code, 0) << import.err;
    ASSERT_EQ(duramen({"seal"}).code, 0);
  }
  CliRun duramen(const std::vector<std::string>& arguments, const std::string& input = {}) {
    return cli_.run(arguments, {{"DURAMEN_URL", daemon_.base_url()}}, input);
  }

  TemporaryDirectory files_;
  support::DaemonProcess daemon_;
  support::CliProcess cli_;
};

TEST_F(CliExplain, APersonReadsWhatWasLookedUpAndRead) {
  const CliRun run = duramen({"query", "--explain", "connection", "reset"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, StartsWith("query      connection AND reset\n"
                                  "looked up  word connection AND word reset\n"));
  EXPECT_THAT(run.out, HasSubstr("\nblocks     2 in the time range, 1 may match\n"));
  EXPECT_THAT(run.out, HasSubstr("\nrows       1 of those read matched, 1 in the answer\n"));
  EXPECT_THAT(run.out, HasSubstr("\nsegment             blocks  indexed  candidates\n"
                                 "2026-11-20.default       1        1           1\n"
                                 "2026-11-21.default       1        1           0\n"));
  EXPECT_THAT(run.out, HasSubstr("\ncondition        candidates\n"
                                 "word connection           2\n"
                                 "word reset                1\n"));
}

TEST_F(CliExplain, OptionsOfAQueryHold) {
  const CliRun run = duramen({"query", "--explain", "--start", "2026-11-21T00:00:00Z", "--order",
                              "asc", "--limit", "1", "--timeout", "5s", "-f", "app", "*"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, StartsWith("query      * | fields app\n"
                                  "looked up  nothing: any row may match\n"));
  EXPECT_THAT(run.out, HasSubstr("\nblocks     1 in the time range, 1 may match\n"));
  EXPECT_THAT(run.out, Not(HasSubstr("condition")));
}

TEST_F(CliExplain, ExitCodesAreThoseOfAQuery) {
  const CliRun none = duramen({"query", "--explain", "absentword"});
  EXPECT_EQ(none.code, 3);
  EXPECT_THAT(none.out, HasSubstr("\nread       0 blocks and 0 batches not in blocks yet"));
  const CliRun bad = duramen({"query", "--explain", "status:>="});
  EXPECT_EQ(bad.code, 2);
  EXPECT_THAT(bad.err, HasSubstr("\n  status:>=\n"));
  EXPECT_EQ(duramen({"query", "--explain", "--cursor", "c", "*"}).code, 2);
  EXPECT_EQ(duramen({"query", "--explain", "--with-end", "-o", "json", "*"}).code, 2);
  daemon_.kill();
  EXPECT_EQ(duramen({"query", "--explain", "reset"}).code, 1);
}

TEST_F(CliExplain, ProgramsGetItOnOneLine) {
  const CliRun run = duramen({"query", "--explain", "-o", "json", "reset"});
  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(run.out.find('\n'), run.out.size() - 1);
  const json explained = json::parse(run.out);
  EXPECT_EQ(explained["plan"]["looked_up"], "word reset");
  EXPECT_EQ(explained["rows"], 1);
  EXPECT_THAT(duramen({"query", "--explain", "-o", "logfmt", "reset"}).out,
              MatchesRegex("query=reset looked_up=\"word reset\" blocks=2 candidates=1 "
                           "read_blocks=[0-9]+ read_bytes=[0-9]+ read_rows=[0-9]+ "
                           "matched_rows=1 rows=1 seconds=[0-9.e-]+\n"));
}

TEST_F(CliExplain, StatusAndVerifyTellOfTheIndex) {
  const CliRun status = duramen({"status"});
  EXPECT_THAT(status.out, HasSubstr("\n  index            "));
  EXPECT_THAT(status.out,
              HasSubstr("\nindexed            2 blocks in 2 parts, 0 blocks in memory only\n"));
  EXPECT_THAT(duramen({"verify"}).out, HasSubstr(", 2 index parts checked\n"));
  const json report = json::parse(duramen({"verify", "-o", "json"}).out);
  EXPECT_EQ(report["index_parts"], 2);
  ASSERT_TRUE(daemon_.terminate());
  const CliRun offline = duramen({"verify", "--data-dir", files_.file("data")});
  EXPECT_EQ(offline.code, 0) << offline.err;
  EXPECT_THAT(offline.out, Not(HasSubstr("index"))) << "it is not looked at";
}

}  // namespace
}  // namespace duramen
