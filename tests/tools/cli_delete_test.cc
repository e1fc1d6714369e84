// `duramen delete` against a real daemon.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tools/cli_end_to_end.h"

namespace duramen {
namespace {

using support::CliRun;
using testing::HasSubstr;
using testing::IsEmpty;

class CliDelete : public CliEndToEnd {
 protected:
  void SetUp() override {
    CliEndToEnd::SetUp();
    ASSERT_EQ(duramen({"import", "-", "-q"},
                      "{\"log\":\"card 1\"}\n{\"log\":\"login\"}\n{\"log\":\"card 2\"}\n")
                  .code,
              0);
  }
};

TEST_F(CliDelete, WithoutATerminalItWantsToBeTold) {
  const CliRun run = duramen({"delete", "card"});
  EXPECT_EQ(run.code, 2);
  EXPECT_EQ(run.err, "duramen: this deletes 2 rows for good: say --yes, or --dry-run\n");
  EXPECT_EQ(stored_rows(), 3U);
}

TEST_F(CliDelete, ADryRunDeletesNothing) {
  const CliRun run = duramen({"delete", "--dry-run", "card"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(run.out, "2 rows would be deleted\n");
  EXPECT_EQ(duramen({"delete", "--dry-run", "-o", "json", "card"}).out, "{\"rows\":2}\n");
  EXPECT_EQ(duramen({"delete", "--dry-run", "absent"}).code, 3);
  EXPECT_EQ(stored_rows(), 3U);
  EXPECT_THAT(duramen({"delete", "--list", "-o", "json"}).out, IsEmpty());
}

TEST_F(CliDelete, ItWaitsForTheEndAndSaysHowMany) {
  const CliRun run = duramen({"delete", "--yes", "--reason", "ticket 17", "card"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(run.out, "deletion 1: 2 rows of 1 block deleted\n");
  EXPECT_EQ(rows("*").size(), 1U);
  const auto listed = nlohmann::json::parse(duramen({"delete", "--list", "-o", "json"}).out);
  EXPECT_EQ(listed["state"], "done");
  EXPECT_EQ(listed["reason"], "ticket 17");
  EXPECT_EQ(listed["by"], "127.0.0.1");
  EXPECT_EQ(listed["rows"], 2);
  EXPECT_THAT(duramen({"delete", "--list"}).out, HasSubstr("ticket 17"));
  EXPECT_EQ(duramen({"delete", "--yes", "card"}).code, 3) << "there is none any more";
}

TEST_F(CliDelete, DetachedItIsFollowedLater) {
  const CliRun run = duramen({"delete", "--yes", "--detach", "-o", "json", "card"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(nlohmann::json::parse(run.out)["id"], 1);
  const CliRun followed = duramen({"delete", "--follow", "1"});
  EXPECT_EQ(followed.code, 0) << followed.err;
  EXPECT_EQ(followed.out, "deletion 1: 2 rows of 1 block deleted\n");
  const CliRun late = duramen({"delete", "--cancel", "1"});
  EXPECT_EQ(late.code, 1);
  EXPECT_THAT(late.err, HasSubstr("too late"));
  EXPECT_EQ(duramen({"delete", "--follow", "9"}).code, 1);
}

TEST_F(CliDelete, AMistakeInTheFilterIsShownWithItsPlace) {
  const CliRun run = duramen({"delete", "--yes", "status:>="});
  EXPECT_EQ(run.code, 2);
  EXPECT_THAT(run.err, HasSubstr("status:>=\n           ^"));
  EXPECT_THAT(duramen({"delete", "--yes", "card | head 1"}).err, HasSubstr("without pipes"));
  EXPECT_EQ(stored_rows(), 3U);
}

}  // namespace
}  // namespace duramen
