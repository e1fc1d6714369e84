// The routes of deletions, over a real store, without a socket.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "tests/api/routes_fixture.h"
#include "tests/store/store_fixture.h"

namespace duramen::api {
namespace {

using testing::HasSubstr;

class DeletionsRoute : public RoutesTest {
 protected:
  DeletionsRoute() {
    real_.reopen();
    deletions_ = query::make_deletions(*real_.store, nullptr, {}, limits_of_deletions_, real_.clock,
                                       *real_.metrics);
    Services services{store_,       engine_, ingest_, clock_,  metrics_, readiness_,
                      "0.1.0-test", limits_, nullptr, nullptr, &rates_,  deletions_.get()};
    router_ = make_router(services);
    EXPECT_TRUE(store::append_and_wait(*real_.store, store::batch_of({"card 1", "login"})));
  }
  nlohmann::json ask_for(const std::string& parameters) {
    const Answer answer = ask("POST", "/api/v1/deletions?" + parameters);
    EXPECT_EQ(answer.status, 202) << answer.text;
    return json(answer);
  }

  query::DeletionLimits limits_of_deletions_{.waiting = 2};
  store::TemporaryStore real_;
  std::unique_ptr<query::Deletions> deletions_;
};

TEST_F(DeletionsRoute, OneIsNotedThenDoneAndShown) {
  const auto asked = ask_for("q=card&reason=ticket&start=2026-09-20T00:00:00Z");
  EXPECT_EQ(asked["id"], 1);
  EXPECT_EQ(asked["state"], "planned");
  EXPECT_EQ(asked["phase"], "waiting");
  EXPECT_EQ(asked["start"], "2026-09-20T00:00:00.000000000Z");
  EXPECT_FALSE(asked.contains("rows")) << "not known yet";
  ASSERT_TRUE(deletions_->step());
  const auto shown = json(ask("GET", "/api/v1/deletions/1"));
  EXPECT_EQ(shown["state"], "done");
  EXPECT_EQ(shown["rows"], 1);
  EXPECT_EQ(shown["reason"], "ticket");
  EXPECT_FALSE(shown.contains("phase"));
  const auto listed = json(ask("GET", "/api/v1/deletions"));
  ASSERT_EQ(listed["deletions"].size(), 1U);
  EXPECT_EQ(listed["deletions"][0], shown);
  EXPECT_EQ(real_.rows().size(), 1U);
}

TEST_F(DeletionsRoute, OneThatWaitsIsCancelledAndALaterOneIsNot) {
  ask_for("q=card");
  const Answer cancelled = ask("DELETE", "/api/v1/deletions/1");
  EXPECT_EQ(cancelled.status, 202);
  EXPECT_EQ(json(cancelled)["state"], "cancelled");
  const Answer again = ask("DELETE", "/api/v1/deletions/1");
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(json(again)["type"], "/problems/too-late");
}

TEST_F(DeletionsRoute, WhatIsNotThereIsNotFound) {
  for (const char* method : {"GET", "DELETE"}) {
    for (const char* id : {"7", "x", "-1"}) {
      EXPECT_EQ(ask(method, std::string("/api/v1/deletions/") + id).status, 404) << method << id;
    }
  }
}

TEST_F(DeletionsRoute, ARefusalSaysWhy) {
  const auto refused = [this](const std::string& parameters, int status, const std::string& why) {
    const Answer answer = ask("POST", "/api/v1/deletions?" + parameters);
    EXPECT_EQ(answer.status, status) << answer.text;
    EXPECT_THAT(answer.text, HasSubstr(why));
  };
  refused("", 400, "`*` is every row");
  refused("q=status:>=", 400, "column 10");
  refused("q=a+%7C+head+1", 400, "without pipes");
  refused("q=a&start=soon", 400, "'start'");
  refused("q=a&limit=3", 400, "limit");
  refused("q=a&reason=" + std::string(1025, 'x'), 413, "the limit is 1024");
  ask_for("q=a");
  ask_for("q=b");
  refused("q=c", 429, "2 deletions wait");
}

}  // namespace
}  // namespace duramen::api
