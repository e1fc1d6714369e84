// `duramen tail` and `duramen recent` against a real daemon.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/tools/cli_end_to_end.h"

namespace duramen {
namespace {

using support::CliRun;
using testing::HasSubstr;

class CliTail : public CliEndToEnd {};

/// A few lines of two apps.
std::string shop_and_mail() {
  return R"({"app":"shop","source":"stderr","log":"ERROR one"}
{"app":"mail","log":"two"}
{"app":"shop","log":"three"}
)";
}

TEST_F(CliTail, RecentShowsTheLastLinesOfAnAppOldestFirst) {
  ASSERT_EQ(duramen({"import", "-", "-q"}, shop_and_mail()).code, 0);
  const CliRun shop = duramen({"--utc", "recent", "shop"});
  EXPECT_EQ(shop.code, 0) << shop.err;
  EXPECT_THAT(shop.out, testing::MatchesRegex("[^\n]* shop STDERR ERROR one\n[^\n]* shop three\n"));
  const CliRun by_variable =
      cli_.run({"recent", "-n", "1", "-o", "logfmt"},
               {{"DURAMEN_URL", daemon_.base_url()}, {"DURAMEN_APP", "mail"}});
  EXPECT_THAT(by_variable.out, HasSubstr("_msg=two app=mail"));
  EXPECT_EQ(duramen({"recent", "shop", "-q", "absent OR gone"}).code, 3);
  const CliRun bad = duramen({"recent", "shop", "-q", "status:>="});
  EXPECT_EQ(bad.code, 2);
  EXPECT_THAT(bad.err, HasSubstr("expected a value after"));
}

TEST_F(CliTail, TailIsQuietWhenItsReaderHasSeenEnough) {
  ASSERT_EQ(duramen({"import", "-", "-q"}, shop_and_mail()).code, 0);
  // The next line, after head has gone, finds the pipe closed.
  const CliRun run = cli_.shell(
      "( duramen tail shop mail -o json; echo code $? >&2 ) | head -n 3 & "
      "while ! duramen queries -o json | grep -q tail; do :; done; "
      "while duramen queries -o json | grep -q tail; do "
      "printf '{\"app\":\"mail\",\"log\":\"more\"}\\n' | duramen import - -q; done; wait",
      variables());
  EXPECT_THAT(run.err, HasSubstr("Connected, tailing...\n"));
  EXPECT_THAT(run.err, HasSubstr("code 0\n"));
  EXPECT_EQ(std::count(run.out.begin(), run.out.end(), '\n'), 3) << run.out;
}

TEST_F(CliTail, ATailThatSomebodyStopsSaysSo) {
  const CliRun run = cli_.shell(
      "duramen tail --all & "
      "while ! duramen queries -o json | grep -q tail; do :; done; "
      "duramen queries -o json | sed -n 's/.*\"id\":\\([0-9]*\\).*/\\1/p' | "
      "while read id; do duramen queries --kill $id; done; wait $!; exit $?",
      variables());
  EXPECT_THAT(run.err, HasSubstr("somebody stopped this tail"));
}

TEST_F(CliTail, TailNamesTheAddressWhereNobodyAnswers) {
  const CliRun run = cli_.run({"tail"}, {{"DURAMEN_URL", "http://127.0.0.1:1"}});
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.err, HasSubstr("http://127.0.0.1:1"));
  EXPECT_THAT(run.err, HasSubstr("start one with 'duramend'"));
}

}  // namespace
}  // namespace duramen
