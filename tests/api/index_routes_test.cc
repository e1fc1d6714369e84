// What the routes say of the index, and do with it.

#include <gmock/gmock.h>

#include <filesystem>

#include "tests/api/routes_fixture.h"
#include "tests/base/temporary_directory.h"
#include "tests/query/fake_store.h"

namespace duramen::api {
namespace {

using nlohmann::json;
using testing::HasSubstr;

using ExplainRoute = RoutesTest;

TEST_F(ExplainRoute, ParametersReachTheEngineAndTheAnswerIsThePlan) {
  engine_.rows = {R"({"n":1})", R"({"n":2})"};
  engine_.end.partial = true;
  engine_.end.warnings = {"block 7 is damaged"};
  auto& explained = engine_.explanation;
  explained.query = "error AND app:web";
  explained.plan.looked_up = "word error AND word web";
  explained.plan.segments = {{"2026-11-20.default", 10, 9, 3}, {"2026-11-21.default", 5, 5, 0}};
  explained.plan.predicates = {{"word error", 7}, {"word web", 4}};
  explained.plan.index_bytes = 100;
  explained.plan.index_terms = 2;
  explained.plan.index_rows = 6;
  explained.units = 4;
  explained.blocks = 3;
  explained.frames = 8;
  explained.bytes = 9000;
  explained.rows = 500;
  explained.matched = 20;
  explained.took = kNsPerSecond / 2;
  const auto answer =
      ask("GET", "/api/v1/explain?q=error&limit=2&order=asc&timeout=5s&start=2026-11-20T00:00:00Z");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Content-Type"), "application/json");
  EXPECT_EQ(json(answer), json::parse(R"({
    "query":"error AND app:web",
    "plan":{"looked_up":"word error AND word web","cut_short":false,"blocks":15,"candidates":3,
      "segments":[{"name":"2026-11-20.default","blocks":10,"indexed":9,"candidates":3},
                  {"name":"2026-11-21.default","blocks":5,"indexed":5,"candidates":0}],
      "predicates":[{"looked_up":"word error","candidates":7},
                    {"looked_up":"word web","candidates":4}],
      "index":{"bytes":100,"terms":2,"filter_rows":6}},
    "read":{"units":4,"blocks":3,"frames":8,"bytes":9000,"rows":500},
    "matched_rows":20,"rows":2,"seconds":0.5,"partial":true,"warnings":["block 7 is damaged"]})"));
  EXPECT_TRUE(engine_.asked.explain);
  EXPECT_EQ(engine_.asked.q, "error");
  EXPECT_EQ(engine_.asked.limit, 2U);
  EXPECT_EQ(engine_.asked.order, query::Order::kOldestFirst);
  EXPECT_EQ(engine_.asked.timeout, 5 * kNsPerSecond);
  EXPECT_EQ(engine_.asked.start, parse_rfc3339("2026-11-20T00:00:00Z"));
  ask("POST", "/api/v1/explain", R"({"q":"other"})", {{"content-type", "application/json"}});
  EXPECT_EQ(engine_.asked.q, "other");
}

TEST_F(ExplainRoute, ErrorsHaveTheirStatus) {
  EXPECT_EQ(ask("GET", "/api/v1/explain?cursor=c").status, 400) << "there is no page of a plan";
  engine_.run_error = Error{ErrorCode::kDeadlineExceeded, "the time-out of 1s passed"};
  EXPECT_EQ(ask("GET", "/api/v1/explain").status, 504);
  engine_.start_error = Error{ErrorCode::kInvalidArgument, "column 3: expected a value"};
  const auto bad = ask("GET", "/api/v1/explain?q=a%3A");
  EXPECT_EQ(bad.status, 400);
  EXPECT_EQ(json(bad)["type"], "/problems/bad-query");
}

/// The routes over a real index and a real engine.
class IndexRoutes : public RoutesTest {
 protected:
  void SetUp() override {
    index::IndexOptions options;
    options.directory = directory_.file("index");
    options.owner = rows_.store_id();
    auto opened = index::Index::open(options, metrics_);
    ASSERT_TRUE(opened) << opened.error().message;
    index_ = *std::move(opened);
    indexer_ = std::make_unique<query::Indexer>(rows_, *index_, metrics_);
    real_engine_ = query::make_query_engine(rows_, index_.get(), {}, clock_, metrics_);
    router_ = make_router({store_, *real_engine_, ingest_, clock_, metrics_, readiness_,
                           "0.1.0-test", limits_, indexer_.get()});
  }
  void build(const std::vector<std::string>& messages) {
    rows_.add(messages);
    rows_.build();
  }
  nlohmann::json explained(const std::string& q) {
    const auto answer = ask("GET", "/api/v1/explain?q=" + q);
    EXPECT_EQ(answer.status, 200) << answer.text;
    return json(answer);
  }
  nlohmann::json status() { return json(ask("GET", "/api/v1/status")); }
  nlohmann::json report() {
    const std::string text = ask("POST", "/api/v1/admin/verify").text;
    const auto line = text.substr(text.rfind('\n', text.size() - 2) + 1);
    return nlohmann::json::parse(line, nullptr, false)["report"];
  }
  std::string file(const std::string& ending) const {
    for (const auto& entry : std::filesystem::directory_iterator(directory_.file("index"))) {
      if (entry.path().string().ends_with(ending)) return entry.path().string();
    }
    return {};
  }

  query::FakeStore rows_;
  TemporaryDirectory directory_;
  std::unique_ptr<index::Index> index_;
  std::unique_ptr<query::Indexer> indexer_;
  std::unique_ptr<query::QueryEngine> real_engine_;
};

TEST_F(IndexRoutes, WhatTheIndexRulesOutIsNotRead) {
  build({"connection reset", "req12345"});
  build({"connection closed"});
  auto answer = explained("reset");
  EXPECT_EQ(answer["plan"]["candidates"], 2) << "nothing is indexed";
  ASSERT_TRUE(indexer_->seal());
  answer = explained("reset");
  EXPECT_EQ(answer["plan"]["looked_up"], "word reset");
  EXPECT_EQ(answer["plan"]["candidates"], 1);
  EXPECT_EQ(answer["rows"], 1);
  answer = explained("absentword+connection");
  EXPECT_EQ(answer["plan"]["predicates"].size(), 2U);
  EXPECT_EQ(answer["read"]["blocks"], 0);
  build({"reset again"});
  answer = explained("reset");
  EXPECT_EQ(answer["plan"]["blocks"], 3);
  EXPECT_EQ(answer["plan"]["candidates"], 2) << "with the one that is not indexed";
  EXPECT_EQ(answer["rows"], 2);
  EXPECT_EQ(explained("absentword")["plan"]["candidates"], 1);
}

TEST_F(IndexRoutes, ASealIndexesWhatIsMissing) {
  build({"one"});
  build({"two"});
  auto index = status()["index"];
  EXPECT_EQ(index["blocks"], 0);
  EXPECT_EQ(index["missing_blocks"], 2);
  const auto answer = json(ask("POST", "/api/v1/admin/seal"));
  EXPECT_EQ(store_.seals, 1);
  EXPECT_GT(answer["index_bytes"], 0);
  const auto now = status();
  EXPECT_EQ(now["index"], json::parse(R"({"blocks":2,"missing_blocks":0,"parts":2,
    "memory_blocks":0,"memory_bytes":0,"damaged_parts":0})"))
      << "a segment a block in this store";
  const auto& disk = now["disk"];
  EXPECT_EQ(disk["index_bytes"], answer["index_bytes"]);
  EXPECT_EQ(disk["index_parts"]["words_bytes"].get<std::uint64_t>() +
                disk["index_parts"]["filter_bytes"].get<std::uint64_t>(),
            disk["index_bytes"].get<std::uint64_t>());
}

TEST_F(IndexRoutes, BlocksInMemoryAreToldApart) {
  build({"one"});
  ASSERT_TRUE(indexer_->catch_up());
  const auto index = status()["index"];
  EXPECT_EQ(index["memory_blocks"], 1);
  EXPECT_GT(index["memory_bytes"], 0);
  EXPECT_EQ(index["parts"], 0);
}

TEST_F(IndexRoutes, TheIndexOfADayCountsWhenTheDiskIsForecast) {
  build({"one"});
  ASSERT_TRUE(indexer_->seal());
  const std::string segment = indexer_->index_status().segments.at(0).name;
  store_.status_now.segments = {{segment, 1, 1, 1, 500}};
  const auto disk = status()["disk"];
  clock_.set(*parse_rfc3339("2026-12-24T12:00:00Z"));
  EXPECT_EQ(status()["disk"]["daily_bytes"], 500 + disk["index_bytes"].get<std::uint64_t>());
}

TEST_F(IndexRoutes, VerifyNamesDamageOfTheIndexWhichMendsItself) {
  build({"connection reset"});
  ASSERT_TRUE(indexer_->seal());
  auto found = report();
  EXPECT_EQ(found["ok"], true);
  EXPECT_EQ(found["index_parts"], 1);
  const std::string filter = file(".filter");
  std::filesystem::resize_file(filter, std::filesystem::file_size(filter) - 1);
  found = report();
  EXPECT_EQ(found["ok"], false);
  ASSERT_EQ(found["faults"].size(), 1U);
  EXPECT_THAT(found["faults"][0].get<std::string>(),
              HasSubstr("scanned until they are indexed again"));
  EXPECT_EQ(status()["index"]["damaged_parts"], 1);
  EXPECT_EQ(status()["index"]["missing_blocks"], 1);
  EXPECT_EQ(explained("reset")["rows"], 1);
  ASSERT_TRUE(indexer_->seal());
  EXPECT_EQ(report()["ok"], true);
  EXPECT_EQ(status()["index"]["missing_blocks"], 0);
  EXPECT_EQ(explained("reset")["rows"], 1);
}

TEST_F(IndexRoutes, SealAndVerifyEndWhenTheDaemonStops) {
  build({"one"});
  ASSERT_TRUE(indexer_->seal());
  indexer_->interrupt();
  EXPECT_EQ(ask("POST", "/api/v1/admin/seal").status, 503);
  const auto broken_off = ask("GET", "/api/v1/admin/verify");
  ASSERT_FALSE(broken_off.outcome);
  EXPECT_EQ(broken_off.outcome.error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace duramen::api
