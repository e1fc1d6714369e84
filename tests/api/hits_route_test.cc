#include <limits>
#include <random>

#include "api/routes/hits_table.h"
#include "tests/api/routes_fixture.h"
#include "tests/query/fake_store.h"

namespace duramen::api {
namespace {

using HitsRoute = RoutesTest;

TimeNs at(std::string_view time) { return *parse_rfc3339(time); }

const query::StatsPipe& stats_of(const query::QueryRequest& request) {
  return std::get<query::StatsPipe>(request.pipes.at(0));
}

TEST_F(HitsRoute, BucketsWithoutHitsAreFilledOverTheRange) {
  engine_.rows = {R"({"_time":"2026-11-21T10:01:00.000000000Z","_hits":3})",
                  R"({"_time":"2026-11-21T10:03:00.000000000Z","_hits":1})"};
  engine_.end.scanned_rows = 9;
  const auto answer = ask("GET",
                          "/api/v1/hits?q=error&step=1m&start=2026-11-21T10:00:30Z"
                          "&end=2026-11-21T10:05:00Z");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Content-Type"), "application/json");
  EXPECT_EQ(json(answer), nlohmann::json::parse(R"({"step":"1m","step_ns":60000000000,"total":4,
    "buckets":[{"time":"2026-11-21T10:00:00.000000000Z","count":0},
               {"time":"2026-11-21T10:01:00.000000000Z","count":3},
               {"time":"2026-11-21T10:02:00.000000000Z","count":0},
               {"time":"2026-11-21T10:03:00.000000000Z","count":1},
               {"time":"2026-11-21T10:04:00.000000000Z","count":0}],
    "partial":false,"warnings":[],"scanned_rows":9,"scanned_bytes":0})"));
  EXPECT_EQ(engine_.asked.q, "error");
  EXPECT_EQ(engine_.asked.limit, 0U);
  EXPECT_EQ(stats_of(engine_.asked).by.size(), 1U);
  EXPECT_EQ(stats_of(engine_.asked).by[0].step, 60 * kNsPerSecond);
}

TEST_F(HitsRoute, AnOpenRangeReachesToNowOrTheLastHit) {
  engine_.rows = {R"({"_time":"2026-11-21T11:58:00.000000000Z","_hits":1})"};
  EXPECT_EQ(json(ask("GET", "/api/v1/hits?step=1m"))["buckets"].size(), 1U);
  EXPECT_EQ(json(ask("GET", "/api/v1/hits?step=1m&start=-3m"))["buckets"].size(), 4U);
  EXPECT_EQ(json(ask("GET", "/api/v1/hits?step=1m&end=now"))["buckets"].size(), 2U);
  engine_.rows = {R"({"_time":"2026-11-21T12:02:00.000000000Z","_hits":1})"};
  EXPECT_EQ(json(ask("GET", "/api/v1/hits?step=1m&start=-3m"))["buckets"].size(), 6U);
  engine_.rows = {};
  EXPECT_EQ(json(ask("GET", "/api/v1/hits?step=1m&start=-3m"))["buckets"].size(), 4U);
  for (const char* open : {"", "&end=now", "&start=2026-11-22"}) {
    const auto answer = json(ask("GET", std::string("/api/v1/hits?step=1m") + open));
    EXPECT_EQ(answer["buckets"], nlohmann::json::array()) << open;
    EXPECT_EQ(answer["total"], 0);
  }
}

TEST_F(HitsRoute, WithoutAStepOneIsChosenThatGivesAbout100Buckets) {
  const auto step_of = [this](const std::string& parameters) {
    return json(ask("GET", "/api/v1/hits?" + parameters))["step"].get<std::string>();
  };
  EXPECT_EQ(step_of(""), "1s") << "nothing is stored";
  engine_.stored_times = {{at("2026-11-21T00:00:00Z"), at("2026-11-21T11:59:00Z")}};
  EXPECT_EQ(step_of(""), "10m");
  EXPECT_EQ(step_of("start=-15m"), "10s");
  EXPECT_EQ(step_of("start=-1h&end=now"), "1m");
  EXPECT_EQ(step_of("end=2026-11-21T00:01:00Z"), "1s");
  EXPECT_EQ(step_of("start=-1s&end=now"), "10ms");
  engine_.stored_times->last = at("2026-11-22T11:00:00Z");
  EXPECT_EQ(step_of("start=-15m"), "15m") << "an open range ends with the last record";
  for (const TimeNs span : {1L, 99L, 12'345'678L, 86'400'000'000'000L, 1'795'000'000'000'000'000L,
                            std::numeric_limits<TimeNs>::max()}) {
    const TimeNs step = usual_step(0, span);
    EXPECT_LE(span / step, 100) << span;
    EXPECT_TRUE(HitsTable::check(step, 0, span));
  }
  EXPECT_TRUE(HitsTable::check(
      usual_step(std::numeric_limits<TimeNs>::min(), std::numeric_limits<TimeNs>::max()),
      std::numeric_limits<TimeNs>::min(), std::numeric_limits<TimeNs>::max()));
}

TEST_F(HitsRoute, GroupsComeMostFrequentFirstAndTheOthersAreSummed) {
  engine_.rows = {R"({"app":"a","_time":"2026-11-21T10:00:00.000000000Z","_hits":1})",
                  R"({"app":"b","_time":"2026-11-21T10:00:00.000000000Z","_hits":2})",
                  R"({"app":"b","_time":"2026-11-21T10:02:00.000000000Z","_hits":3})",
                  R"({"app":"c,\"}","_time":"2026-11-21T10:02:00.000000000Z","_hits":3})",
                  R"({"_time":"2026-11-21T10:00:00.000000000Z","_hits":1})"};
  const auto answer = ask("GET", "/api/v1/hits?step=1m&by=app&limit=2");
  EXPECT_EQ(json(answer)["total"], 10);
  EXPECT_EQ(json(answer)["buckets"].size(), 3U);
  EXPECT_EQ(json(answer)["groups"], nlohmann::json::parse(R"([
    {"fields":{"app":"b"},"total":5,"buckets":[
      {"time":"2026-11-21T10:00:00.000000000Z","count":2},
      {"time":"2026-11-21T10:02:00.000000000Z","count":3}]},
    {"fields":{"app":"c,\"}"},"total":3,"buckets":[
      {"time":"2026-11-21T10:02:00.000000000Z","count":3}]}])"));
  EXPECT_EQ(json(answer)["other"], nlohmann::json::parse(R"({"groups":2,"total":2,"buckets":[
      {"time":"2026-11-21T10:00:00.000000000Z","count":2}]})"));
  EXPECT_EQ(stats_of(engine_.asked).by[0].name, "app");
  ask("GET", "/api/v1/hits?by=a,b%20c,_msg");
  ASSERT_EQ(stats_of(engine_.asked).by.size(), 4U);
  EXPECT_EQ(stats_of(engine_.asked).by[1].name, "b c");
}

TEST_F(HitsRoute, BadParametersAre400AndNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {"step=0", "'step'"},
      {"step=5", "'step'"},
      {"step=-5m", "'step'"},
      {"step=", "'step'"},
      {"step=1000w5", "'step'"},
      {"step=99999w", "'step'"},
      {"limit=3", "'by'"},
      {"by=", "'by'"},
      {"by=_time", "'_time'"},
      {"by=a,_hits", "'_hits'"},
      {"by=a,a", "'a' twice"},
      {"by=a&by=b", "'by'"},
      {"by=a&limit=0", "'limit'"},
      {"by=a&limit=1001", "'limit'"},
      {"by=a&limit=99999999999999999999", "'limit'"},
      {"stp=5m", "'stp'"},
      {"by=a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q", "16 names"},
      {"cursor=x", "'cursor'"}};
  for (const auto& [parameters, named] : cases) {
    const auto answer = ask("GET", std::string("/api/v1/hits?") + parameters);
    EXPECT_EQ(answer.status, 400) << parameters;
    EXPECT_NE(answer.text.find(named), std::string::npos) << answer.text;
  }
}

TEST_F(HitsRoute, MoreBucketsThanTheLimitAre422) {
  const std::string too_many = "over 10000 buckets of 1s; give a longer 'step'";
  auto answer = ask("GET", "/api/v1/hits?step=1s&start=-10000s&end=now");
  EXPECT_EQ(answer.status, 200);
  engine_.asked = {};
  for (const char* range :
       {"start=-10001s&end=now", "start=1700-01-01&end=2262-01-01", "start=-10001s"}) {
    answer = ask("GET", std::string("/api/v1/hits?step=1s&") + range);
    EXPECT_EQ(answer.status, 422) << range;
    EXPECT_EQ(json(answer)["type"], "/problems/answer-too-large");
    EXPECT_NE(answer.text.find(too_many), std::string::npos) << answer.text;
  }
  EXPECT_TRUE(engine_.asked.pipes.empty()) << "refused before it runs";
  engine_.rows = {R"({"_time":"2026-11-21T08:00:00.000000000Z","_hits":1})",
                  R"({"_time":"2026-11-21T12:00:00.000000000Z","_hits":1})"};
  answer = ask("GET", "/api/v1/hits?step=1s");
  EXPECT_EQ(answer.status, 422) << "the hits themselves are far apart";
  EXPECT_NE(answer.text.find(too_many), std::string::npos) << answer.text;
  engine_.rows.clear();
  for (int i = 0; i <= 10'000; ++i) {
    engine_.rows.push_back("{\"_time\":\"" + to_rfc3339(i * kNsPerSecond) + "\",\"_hits\":1}");
  }
  EXPECT_EQ(ask("GET", "/api/v1/hits?step=1s").status, 422);
  engine_.rows.pop_back();
  EXPECT_EQ(ask("GET", "/api/v1/hits?step=1s").status, 200);
}

TEST_F(HitsRoute, TimesAtTheEndsOfTheirRangeAreCounted) {
  for (const auto step : {"1s", "7d", "3650d"}) {
    for (const TimeNs time :
         {std::numeric_limits<TimeNs>::min(), std::numeric_limits<TimeNs>::max()}) {
      engine_.rows = {"{\"_time\":\"" + to_rfc3339(time) + "\",\"_hits\":2}"};
      const auto answer = json(ask("GET", std::string("/api/v1/hits?step=") + step));
      ASSERT_EQ(answer["buckets"].size(), 1U) << answer;
      EXPECT_EQ(answer["buckets"][0]["count"], 2);
      EXPECT_LE(at(answer["buckets"][0]["time"].get<std::string>()), time);
    }
  }
}

TEST_F(HitsRoute, ErrorsOfTheEngineAreProblems) {
  engine_.start_error = Error{ErrorCode::kInvalidArgument, "only a filter can be asked for here"};
  EXPECT_EQ(json(ask("GET", "/api/v1/hits?q=a"))["type"], "/problems/bad-query");
  engine_.start_error.reset();
  engine_.run_error = Error{ErrorCode::kResourceExhausted, "stats: 9 groups need more"};
  const auto answer = ask("GET", "/api/v1/hits?q=a");
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(json(answer)["type"], "/problems/query-memory");
  engine_.run_error.reset();
  engine_.rows = {R"({"n":1})"};
  EXPECT_EQ(ask("GET", "/api/v1/hits").status, 500);
}

TEST_F(HitsRoute, GroupsOverTheLimitsAre422) {
  HitsTable table({kNsPerSecond, {}, {}, 10});
  Result<void> added;
  const std::string long_name(1 << 20, 'x');
  for (int i = 0; added && i < 100; ++i) {
    added = table.add("{\"a\":\"" + std::to_string(i) + long_name +
                      R"(","_time":"2026-11-21T10:00:00.000000000Z","_hits":1})");
  }
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code, ErrorCode::kOutOfRange);
  EXPECT_NE(added.error().message.find("64 MiB"), std::string::npos);
}

/// The route over a real engine.
class HitsOfRows : public RoutesTest {
 protected:
  struct Stored {
    TimeNs time;
    std::string app;
  };

  void add_random() {
    std::vector<query::FakeRecord> records;
    for (auto n = 1 + random_() % 40; n-- > 0;) {
      const auto offset = static_cast<TimeNs>(random_() % 4'000) - 2'000;
      const std::string app = std::to_string(random_() % 4);
      // `1` and `1.0` are equal numbers and different values.
      const std::string value = app == "0" ? "1.0" : app;
      records.push_back({offset * kNsPerSecond, "m", {}, {{"app", value}}});
      if (app == "3") records.back().fields.clear();
      stored_.push_back({records.back().time, app == "3" ? "" : value});
    }
    rows_.add(records);
    if (random_() % 2 == 0) rows_.build();
  }
  nlohmann::json ask_rows(const std::string& target) {
    auto engine = query::make_query_engine(rows_, nullptr, {}, clock_, metrics_);
    router_ = make_router(
        {store_, *engine, ingest_, clock_, metrics_, readiness_, "0.1.0-test", limits_});
    const auto answer = ask("GET", target);
    EXPECT_EQ(answer.status, 200) << answer.text;
    return json(answer);
  }
  static TimeNs begin_of(TimeNs time, TimeNs step) {
    TimeNs begin = time - time % step;
    if (begin > time) begin -= step;
    return begin;
  }
  using Counts = std::map<std::string, int>;  // time: rows
  static Counts counts_of(const nlohmann::json& buckets) {
    Counts out;
    for (const auto& bucket : buckets) {
      EXPECT_TRUE(out.emplace(bucket["time"], bucket["count"]).second);
    }
    return out;
  }

  std::mt19937_64 random_;
  query::FakeStore rows_;
  std::vector<Stored> stored_;
};

TEST_F(HitsOfRows, AgreeWithCountingByHand) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  random_.seed(seed);
  for (int round = 0; round < 40 && !HasFailure(); ++round) {
    add_random();
    const auto seconds = 1 + static_cast<TimeNs>(random_() % 300);
    const TimeNs step = seconds * kNsPerSecond;
    const TimeNs start = (static_cast<TimeNs>(random_() % 3'000) - 2'000) * kNsPerSecond;
    const TimeNs end = start + (1 + static_cast<TimeNs>(random_() % 2'000)) * kNsPerSecond;
    const auto answer =
        ask_rows("/api/v1/hits?step=" + std::to_string(seconds) +
                 "s&by=app&limit=2&start=" + to_rfc3339(start) + "&end=" + to_rfc3339(end));
    Counts wanted;
    std::map<std::string, Counts> groups;
    for (TimeNs begin = begin_of(start, step); begin < end; begin += step) {
      wanted[to_rfc3339(begin)] = 0;
    }
    int total = 0;
    for (const Stored& row : stored_) {
      if (row.time < start || row.time >= end) continue;
      ++total;
      ++wanted[to_rfc3339(begin_of(row.time, step))];
      ++groups[row.app][to_rfc3339(begin_of(row.time, step))];
    }
    EXPECT_EQ(answer["total"], total);
    EXPECT_EQ(counts_of(answer["buckets"]), wanted);
    ASSERT_EQ(answer["groups"].size(), std::min<std::size_t>(2, groups.size()));
    EXPECT_EQ(answer["other"]["groups"], groups.size() - answer["groups"].size());
    int left = total;
    for (const auto& group : answer["groups"]) {
      const auto app = group["fields"].value("app", std::string());
      EXPECT_EQ(counts_of(group["buckets"]), groups[app]) << app;
      left -= group["total"].get<int>();
    }
    EXPECT_EQ(answer["other"]["total"], left);
  }
}

}  // namespace
}  // namespace duramen::api
