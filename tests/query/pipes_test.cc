#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "tests/query/query_test_base.h"

namespace duramen::query {
namespace {

using model::FieldKind;

class PipesTest : public QueryTest {
 protected:
  static FakeRecord record(TimeNs second, std::string app, std::string ms, FieldKind kind) {
    FakeRecord out{second * kNsPerSecond, "m" + std::to_string(second), {{"app", app}}, {}};
    if (!ms.empty()) out.fields.push_back({"ms", ms, kind});
    return out;
  }
  void add_requests() {
    store_.add(
        {record(0, "web", "10", FieldKind::kJson), record(60, "web", "30", FieldKind::kJson),
         record(299, "api", "20", FieldKind::kJson), record(300, "api", "", FieldKind::kText),
         record(301, "web", "slow", FieldKind::kText), record(600, "db", "5.5", FieldKind::kJson)});
  }
};

TEST_F(PipesTest, FieldsKeepsTheNamedOnesInOrder) {
  add_requests();
  EXPECT_EQ(run("m0 | fields ms, app, nothing, _msg").lines,
            (Strings{R"({"ms":10,"app":"web","_msg":"m0"})"}));
  EXPECT_EQ(run("m0 | fields _received").lines,
            (Strings{R"({"_received":"2026-11-18T11:06:40.000000000Z"})"}));
}

TEST_F(PipesTest, HeadFollowsTheOrderOfTheQuery) {
  add_requests();
  EXPECT_EQ(messages("* | head 2"), (Strings{"m0", "m60"}));
  QueryRequest newest;
  newest.q = "* | head 2";
  EXPECT_EQ(run(newest).column("_msg"), (Strings{"m600", "m301"}));
  EXPECT_EQ(messages("* | head 4 | head 3 | where app:api"), (Strings{"m299"}));
  EXPECT_EQ(run("* | head 2 | stats count() as n, sum(ms) as s").lines,
            (Strings{R"({"n":2,"s":40})"}));
}

TEST_F(PipesTest, SortPutsNumbersBeforeTextAndAbsentLast) {
  add_requests();
  EXPECT_EQ(messages("* | sort ms"), (Strings{"m600", "m0", "m299", "m60", "m301", "m300"}));
  EXPECT_EQ(messages("* | sort ms desc"), (Strings{"m301", "m60", "m299", "m0", "m600", "m300"}));
  EXPECT_EQ(messages("* | sort app, ms desc"),
            (Strings{"m299", "m300", "m600", "m301", "m60", "m0"}));
  EXPECT_EQ(messages("* | sort ms | head 2"), (Strings{"m600", "m0"}));
}

TEST_F(PipesTest, SortKeepsTheOrderOfEqualRows) {
  add_requests();
  EXPECT_EQ(messages("* | sort app"), (Strings{"m299", "m300", "m600", "m0", "m60", "m301"}));
  QueryRequest newest;
  newest.q = "* | sort app";
  EXPECT_EQ(run(newest).column("_msg"), (Strings{"m300", "m299", "m600", "m301", "m60", "m0"}));
  EXPECT_EQ(messages("* | sort ms | sort app"),
            (Strings{"m299", "m300", "m600", "m0", "m60", "m301"}));
}

TEST_F(PipesTest, WhereSeesTheRowsOfItsPlace) {
  add_requests();
  EXPECT_EQ(messages("* | where ms:>=20"), (Strings{"m60", "m299"}));
  EXPECT_EQ(run("* | fields app | where ms:*").lines, Strings{});
  EXPECT_EQ(run("* | stats count() as n by app | where n:>1 | fields app").lines,
            (Strings{R"({"app":"api"})", R"({"app":"web"})"}));
}

TEST_F(PipesTest, StatsCountsSumsAndRanksNumbers) {
  add_requests();
  EXPECT_EQ(run("* | stats count() as n, count(ms), sum(ms), avg(ms), min(ms), max(ms), "
                "median(ms), p90(ms), quantile(0, ms)")
                .lines,
            (Strings{R"({"n":6,"count_ms":5,"sum_ms":65.5,"avg_ms":16.375,"min_ms":5.5,)"
                     R"("max_ms":30,"median_ms":10,"p90_ms":30,"quantile_0_ms":5.5})"}));
}

TEST_F(PipesTest, StatsOverNothingIsNullAndOneRow) {
  add_requests();
  EXPECT_EQ(
      run("nothing | stats count(), sum(x), avg(x), min(x), max(x), p99(x), count_uniq(x)").lines,
      (Strings{R"({"count":0,"sum_x":null,"avg_x":null,"min_x":null,"max_x":null,)"
               R"("p99_x":null,"count_uniq_x":0})"}));
  EXPECT_EQ(run("nothing | stats count() by app").lines, Strings{});
}

TEST_F(PipesTest, StatsGroupsInAscendingOrderAndKeepsAbsentApart) {
  store_.add({{1, "a", {}, {{"s", "10", FieldKind::kJson}}},
              {2, "b", {}, {{"s", "9", FieldKind::kJson}}},
              {3, "c", {}, {{"s", "x"}}},
              {4, "d", {}, {}},
              {5, "e", {}, {{"s", ""}}},
              {6, "f", {}, {{"s", "9"}}}});
  EXPECT_EQ(run("* | stats count() as n by s").lines,
            (Strings{R"({"s":"9","n":2})", R"({"s":10,"n":1})", R"({"s":"","n":1})",
                     R"({"s":"x","n":1})", R"({"n":1})"}));
}

TEST_F(PipesTest, StatsByTimeStepsFromTheEpoch) {
  add_requests();
  EXPECT_EQ(run("* | stats count() as n by time(5m)").lines,
            (Strings{R"({"_time":"1970-01-01T00:00:00.000000000Z","n":3})",
                     R"({"_time":"1970-01-01T00:05:00.000000000Z","n":2})",
                     R"({"_time":"1970-01-01T00:10:00.000000000Z","n":1})"}));
  store_.add({{-1, "before", {}, {}}});
  EXPECT_EQ(run("before | stats count() as n by time(1m)").column("_time"),
            (Strings{"1969-12-31T23:59:00.000000000Z"}));
  EXPECT_EQ(run("* | stats max(_time) as last, min(_msg) as text").lines,
            (Strings{R"({"last":"1970-01-01T00:10:00.000000000Z","text":"before"})"}));
}

TEST_F(PipesTest, StatsByTimeStepsAtTheEndsOfTime) {
  constexpr TimeNs kFirst = std::numeric_limits<TimeNs>::min();
  constexpr TimeNs kLast = std::numeric_limits<TimeNs>::max();
  constexpr TimeNs kDay = 86'400 * kNsPerSecond;
  // The first day that has times begins before them, so that it ends sooner than a day later.
  store_.add({{kFirst, "a", {}, {}},
              {kFirst + kDay - 1, "b", {}, {}},
              {kLast - kDay + 1, "c", {}, {}},
              {kLast, "d", {}, {}}});
  EXPECT_EQ(run("* | stats count() as n by time(1d)").column("n"), (Strings{"1", "1", "1", "1"}));
  store_.build();
  EXPECT_EQ(run("* | stats count() as n by time(1d)").column("n"), (Strings{"1", "1", "1", "1"}));
}

TEST_F(PipesTest, StatsOverABlockGroupsByLabelsAndByFieldsThatHideThem) {
  const auto row = [](TimeNs minute, const std::string& app) {
    return FakeRecord{minute * 60 * kNsPerSecond, "took 5 ms", {{"app", app}}, {{"ms", "5"}}};
  };
  store_.add({row(0, "api"), row(0, "web"), row(0, "api"), row(1, "api"), row(1, "web")});
  store_.build();
  EXPECT_EQ(run("* | stats count() as n by app").lines,
            (Strings{R"({"app":"api","n":3})", R"({"app":"web","n":2})"}));
  EXPECT_EQ(run("* | stats count() as n by app, time(1m)").column("n"),
            (Strings{"2", "1", "1", "1"}));
  EXPECT_EQ(run("* | stats count() as n").column("n"), Strings{"5"});
  EXPECT_EQ(run("* | stats count() as n, sum(ms) as s").lines, Strings{R"({"n":5,"s":25})"});
  FakeRecord hiding = row(2, "api");
  hiding.fields.push_back({"app", "job"});
  store_.add({row(2, "api"), hiding});
  store_.build();
  EXPECT_EQ(
      run("* | stats count() as n by app").lines,
      (Strings{R"({"app":"api","n":4})", R"({"app":"job","n":1})", R"({"app":"web","n":2})"}));
}

TEST_F(PipesTest, StatsCountsDifferentCombinations) {
  store_.add({{1, "", {}, {{"a", "x"}, {"b", "yz"}}},
              {2, "", {}, {{"a", "xy"}, {"b", "z"}}},
              {3, "", {}, {{"a", "x"}, {"b", "yz"}}},
              {4, "", {}, {{"a", "x"}}}});
  EXPECT_EQ(run("* | stats count_uniq(a) as a, count_uniq(a, b) as ab").lines,
            (Strings{R"({"a":2,"ab":2})"}));
}

TEST_F(PipesTest, SumsOfWholeNumbersAreExactIn64Bits) {
  const auto with = [](std::string value) {
    return FakeRecord{1, "", {}, {{"n", std::move(value), FieldKind::kJson}}};
  };
  store_.add({with("9223372036854775807"), with("9223372036854775807"), with("1")});
  EXPECT_EQ(run("* | stats sum(n) as s").lines, (Strings{R"({"s":18446744073709551615})"}));
  store_.add({with("3")});
  EXPECT_EQ(run("* | stats sum(n) as s").lines, (Strings{R"({"s":18446744073709551616})"}))
      << "beyond them it is the nearest double";
}

TEST_F(PipesTest, QuantilesAreByNearestRank) {
  std::vector<FakeRecord> records;
  for (int i = 1; i <= 1000; ++i) {
    records.push_back({i, "", {}, {{"n", std::to_string((i * 7919) % 1000 + 1)}}});
  }
  store_.add(records);
  EXPECT_EQ(run("* | stats p50(n) as a, p90(n) as b, p95(n) as c, p99(n) as d, "
                "quantile(0.999, n) as e, quantile(1, n) as f")
                .lines,
            (Strings{R"({"a":500,"b":900,"c":950,"d":990,"e":999,"f":1000})"}));
}

TEST_F(PipesTest, QuantilesTakeTheirDigitsAsTheyAreWritten) {
  std::vector<FakeRecord> records;
  for (int i = 1; i <= 100; ++i) {
    records.push_back({i, "", {}, {{i <= 20 ? "few" : "many", std::to_string(i)}}});
    records.back().fields.push_back({"all", std::to_string(i)});
  }
  store_.add(records);
  EXPECT_EQ(run("* | stats quantile(0.55, few) as a, quantile(0.07, all) as b, "
                "quantile(0.58, all) as c, quantile(0.581, all) as d")
                .lines,
            (Strings{R"({"a":11,"b":7,"c":58,"d":59})"}));
}

TEST_F(PipesTest, ExtremesAreWrittenAsTheyCameOrExactly) {
  const auto with = [](std::string value, FieldKind kind) {
    return FakeRecord{1, "", {}, {{"n", std::move(value), kind}}};
  };
  store_.add({with("+18446744073709551615", FieldKind::kText), with("1.50", FieldKind::kJson),
              with("-007", FieldKind::kText)});
  EXPECT_EQ(run("* | stats max(n) as most, min(n) as least").lines,
            (Strings{R"({"most":18446744073709551615,"least":-7})"}));
  EXPECT_EQ(run("* | where n:>0 | stats min(n) as least").lines, (Strings{R"({"least":1.50})"}));
}

TEST_F(PipesTest, TopGivesTheMostFrequentWithTheirCount) {
  add_requests();
  EXPECT_EQ(run("* | top 2 by app").lines,
            (Strings{R"({"app":"web","count":3})", R"({"app":"api","count":2})"}));
  EXPECT_EQ(run("* | top 1 app | fields count").lines, (Strings{R"({"count":3})"}));
}

TEST_F(PipesTest, ParseJsonReadsTopLevelMembers) {
  store_.add(Strings{
      R"({"level":"warn\n","n":1.50,"ok":true,"no":null,"o":{"a":[1, 2]},"_msg":"x","n":2})",
      "{broken", R"({"a":01})", R"({"a":1} trailing)", R"([1])", R"({"a":[1,,2]})", "{}",
      R"({"big":123456789012345678901234567890})"});
  const Answer answer = run("* | parse json | fields level, n, ok, no, o, field._msg, a, big");
  EXPECT_EQ(
      answer.lines,
      (Strings{R"({"level":"warn\n","n":2,"ok":true,"o":{"a":[1, 2]},"field._msg":"x"})", "{}",
               "{}", "{}", "{}", "{}", "{}", R"({"big":123456789012345678901234567890})"}));
  EXPECT_EQ(messages("* | parse json | where level:warn | parse json from o prefix o. | "
                     "where o.a:\"[1, 2]\"")
                .size(),
            1U);
}

TEST_F(PipesTest, ParseJsonTakesNumbersOfAnySize) {
  store_.add(Strings{R"({"a":[1e400,"1e400 \" 7"],"b":-1e400,"c":{"d":-1E+999}})",
                     R"({"a":[1e],"b":1})", R"({"a":["\x 1e400",1e400],"b":1})"});
  EXPECT_EQ(run("* | parse json | fields a, b, c").lines,
            (Strings{R"({"a":[1e400,"1e400 \" 7"],"b":-1e400,"c":{"d":-1E+999}})", "{}", "{}"}));
}

TEST_F(PipesTest, ParseJsonKeepsAMemberThatNestsTooDeepAsText) {
  const std::string most = std::string(64, '[') + std::string(64, ']');
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  store_.add(Strings{"{\"a\":" + most + ",\"b\":[" + most + "],\"c\":" + deep + ",\"d\":1}"});
  EXPECT_EQ(
      run("* | parse json | fields a, b, c, d").lines,
      (Strings{"{\"a\":" + most + ",\"b\":\"[" + most + "]\",\"c\":\"" + deep + "\",\"d\":1}"}));
}

TEST_F(PipesTest, ParseLogfmtReadsPairsOnly) {
  store_.add(
      Strings{R"(level=info msg="say \"hi\"" bare took=12ms empty= =x q="open)", "no pairs"});
  EXPECT_EQ(
      run("* | parse logfmt prefix f_ | fields f_level, f_msg, f_took, f_empty, f_q, f_bare").lines,
      (Strings{R"({"f_level":"info","f_msg":"say \"hi\"","f_took":"12ms","f_empty":"",)"
               R"("f_q":"open"})",
               "{}"}));
}

TEST_F(PipesTest, ParseRegexTakesNamedGroups) {
  store_.add(Strings{"user=bob id=7", "user=eve", "nobody"});
  EXPECT_EQ(
      run(R"(* | parse regex "user=(?P<user>\w+)(?: id=(?P<id>\d+))?" | fields user, id)").lines,
      (Strings{R"({"user":"bob","id":"7"})", R"({"user":"eve"})", "{}"}));
  EXPECT_EQ(run("* | parse regex /(?P<user>b.b)/ | top 3 by user").lines,
            (Strings{R"({"count":2})", R"({"user":"bob","count":1})"}));
}

TEST_F(PipesTest, LimitCountsRowsAfterThePipesAndSaysWhenItCuts) {
  add_requests();
  QueryRequest request;
  request.q = "* | stats count() as n by ms";
  request.limit = 2;
  const Answer answer = run(request);
  EXPECT_EQ(answer.lines.size(), 2U);
  EXPECT_EQ(answer.end.cursor, "");
  EXPECT_EQ(answer.end.warnings,
            (Strings{"the answer was cut at its limit of 2 rows; more would follow"}));
  request.q = "* | sort ms";
  EXPECT_EQ(run(request).column("_msg"), (Strings{"m600", "m0"}));
  request.limit = 6;
  EXPECT_EQ(run(request).end.warnings, Strings{});
}

}  // namespace
}  // namespace duramen::query
