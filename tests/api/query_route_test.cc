#include "tests/api/routes_fixture.h"

namespace duramen::api {
namespace {

using QueryRoute = RoutesTest;
using StatsRoute = RoutesTest;
using QueriesRoute = RoutesTest;

TEST_F(QueryRoute, RowsAreLinesAndTheEndOnDemand) {
  engine_.rows = {R"({"_msg":"a"})", R"({"_msg":"b"})"};
  auto answer = ask("GET", "/api/v1/query?q=x");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Content-Type"), "application/x-ndjson");
  EXPECT_EQ(answer.header("Cache-Control"), "no-store");
  EXPECT_EQ(answer.text, "{\"_msg\":\"a\"}\n{\"_msg\":\"b\"}\n");

  engine_.end.cursor = "next";
  engine_.end.partial = true;
  engine_.end.warnings = {"block 7 is \"damaged\""};
  engine_.end.scanned_rows = 5;
  engine_.end.scanned_bytes = 50;
  engine_.end.hint = "look earlier";
  answer = ask("GET", "/api/v1/query?q=x&end=1");
  const auto last = answer.text.substr(answer.text.rfind('\n', answer.text.size() - 2) + 1);
  EXPECT_EQ(nlohmann::json::parse(last),
            nlohmann::json::parse(R"({"_end":{"rows":2,"cursor":"next","partial":true,
              "warnings":["block 7 is \"damaged\""],"scanned_rows":5,"scanned_bytes":50,
              "hint":"look earlier"}})"));
}

TEST_F(QueryRoute, ParametersReachTheEngine) {
  ask("GET",
      "/api/v1/query?q=error+app%3Aweb&start=2026-11-20T00:00:00Z&end=now-1m&limit=0&order=asc"
      "&cursor=c&timeout=5s&end=1");
  EXPECT_EQ(engine_.asked.q, "error app:web");
  EXPECT_EQ(engine_.asked.start, parse_rfc3339("2026-11-20T00:00:00Z"));
  EXPECT_EQ(engine_.asked.end, parse_rfc3339("2026-11-21T11:59:00Z"));
  EXPECT_EQ(engine_.asked.limit, 0U);
  EXPECT_EQ(engine_.asked.order, query::Order::kOldestFirst);
  EXPECT_EQ(engine_.asked.cursor, "c");
  EXPECT_EQ(engine_.asked.timeout, 5 * kNsPerSecond);

  ask("GET", "/api/v1/query");
  EXPECT_EQ(engine_.asked.q, "");
  EXPECT_FALSE(engine_.asked.start || engine_.asked.end || engine_.asked.limit);
  EXPECT_EQ(engine_.asked.order, query::Order::kNewestFirst);
}

TEST_F(QueryRoute, ParametersMayStandInTheBody) {
  const std::map<std::string, std::string, std::less<>> form{
      {"content-type", "application/x-www-form-urlencoded; charset=utf-8"}};
  const std::map<std::string, std::string, std::less<>> object{
      {"content-type", "application/json"}};
  ask("POST", "/api/v1/query?limit=3", "q=a+b&order=asc", form);
  EXPECT_EQ(engine_.asked.q, "a b");
  EXPECT_EQ(engine_.asked.limit, 3U);
  const auto answer =
      ask("POST", "/api/v1/query",
          R"({"q":"c","limit":4,"end":["2026-11-21T00:00:00Z",1],"cursor":null})", object);
  EXPECT_EQ(engine_.asked.q, "c");
  EXPECT_EQ(engine_.asked.limit, 4U);
  EXPECT_EQ(engine_.asked.end, parse_rfc3339("2026-11-21T00:00:00Z"));
  EXPECT_NE(answer.text.find("_end"), std::string::npos);
  EXPECT_EQ(ask("POST", "/api/v1/query", "{\"end\":true}", object).status, 200);
}

TEST_F(QueryRoute, BadParametersAre400AndNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {"limit=-1", "'limit'"},        {"limit=ten", "'limit'"}, {"order=up", "'order'"},
      {"start=someday", "'start'"},   {"end=never", "'end'"},   {"timeout=5x", "'timeout'"},
      {"limt=5", "'limt'"},           {"q=a&q=b", "'q'"},       {"end=1&end=1", "'end'"},
      {"end=now&end=now-1m", "'end'"}};
  for (const auto& [parameters, named] : cases) {
    const auto answer = ask("GET", std::string("/api/v1/query?") + parameters);
    EXPECT_EQ(answer.status, 400) << parameters;
    EXPECT_NE(json(answer)["detail"].get<std::string>().find(named), std::string::npos)
        << answer.text;
  }
}

TEST_F(QueryRoute, BadBodiesAreRefused) {
  EXPECT_EQ(ask("POST", "/api/v1/query", "q=a", {{"content-type", "text/csv"}}).status, 415);
  EXPECT_EQ(ask("POST", "/api/v1/query", "q=a").status, 415);
  for (const auto* body : {"[1]", "{\"q\":", "{\"q\":{}}", "null"}) {
    EXPECT_EQ(ask("POST", "/api/v1/query", body, {{"content-type", "application/json"}}).status,
              400)
        << body;
  }
  EXPECT_EQ(
      ask("POST", "/api/v1/query", "q=%f", {{"content-type", "application/x-www-form-urlencoded"}})
          .status,
      400);
}

TEST_F(QueryRoute, DeeplyNestedBodyIsRefused) {
  const auto nested = [](std::size_t levels) {
    return "{\"q\":" + std::string(levels, '[') + std::string(levels, ']') + "}";
  };
  for (const std::size_t levels : {2UL, 64UL, 100'000UL}) {
    const auto answer =
        ask("POST", "/api/v1/query", nested(levels), {{"content-type", "application/json"}});
    EXPECT_EQ(answer.status, 400) << levels;
    EXPECT_EQ(json(answer)["type"], "/problems/bad-parameter");
  }
  EXPECT_EQ(ask("POST", "/api/v1/query", nested(1), {{"content-type", "application/json"}}).status,
            200);
}

TEST_F(QueryRoute, RefusalsBeforeTheStartAreProblems) {
  engine_.start_error =
      Error{ErrorCode::kInvalidArgument, "column 17: expected a value after 'status:>='"};
  auto answer = ask("GET", "/api/v1/query?q=x");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(json(answer)["type"], "/problems/bad-query");
  EXPECT_EQ(json(answer)["detail"], "column 17: expected a value after 'status:>='");
  engine_.start_error = Error{ErrorCode::kResourceExhausted, "16 queries run"};
  answer = ask("GET", "/api/v1/query?q=x");
  EXPECT_EQ(answer.status, 429);
  EXPECT_FALSE(answer.header("Retry-After").empty());
}

TEST_F(QueryRoute, ErrorBeforeTheFirstRowIsAProblem) {
  engine_.run_error = Error{ErrorCode::kDeadlineExceeded, "60 s are over"};
  const auto answer = ask("GET", "/api/v1/query?q=x&end=1");
  EXPECT_EQ(answer.status, 504);
  EXPECT_EQ(json(answer)["detail"], "60 s are over");
}

TEST_F(QueryRoute, QueryOverItsMemoryIs422WithoutRetryAfter) {
  engine_.run_error = Error{ErrorCode::kResourceExhausted, "sort keeps over 256 MiB"};
  for (const auto* target : {"/api/v1/query?q=x", "/api/v1/stats?q=*+%7C+stats+count()"}) {
    const auto answer = ask("GET", target);
    EXPECT_EQ(answer.status, 422);
    EXPECT_EQ(json(answer)["type"], "/problems/query-memory");
    EXPECT_EQ(json(answer)["detail"], "sort keeps over 256 MiB");
    EXPECT_TRUE(answer.header("Retry-After").empty());
  }
}

TEST_F(QueryRoute, LateErrorIsALineAndNoEnd) {
  engine_.rows = {R"({"_msg":"a"})"};
  engine_.run_error = Error{ErrorCode::kResourceExhausted, "sort keeps over 256 MiB"};
  const auto answer = ask("GET", "/api/v1/query?q=x&end=1");
  EXPECT_FALSE(answer.outcome) << "so that the server breaks the body off";
  EXPECT_EQ(answer.text,
            "{\"_msg\":\"a\"}\n{\"_error\":{\"type\":\"/problems/query-memory\",\"detail\":"
            "\"sort keeps over 256 MiB\"}}\n");
}

TEST_F(QueryRoute, LeavingClientCancelsTheQuery) {
  engine_.rows.assign(1000, R"({"_msg":"a"})");
  leave_after_ = 100;
  const auto answer = ask("GET", "/api/v1/query?q=x");
  EXPECT_TRUE(engine_.cancelled);
  ASSERT_FALSE(answer.outcome);
  EXPECT_EQ(answer.outcome.error().code, ErrorCode::kCancelled);
}

TEST_F(QueryRoute, PlainTextIsTimeAndMessage) {
  engine_.rows = {R"({"_time":"2026-11-21T00:00:00.000000000Z","_seq":"a:1","_msg":"a \"b\"\tü"})",
                  R"({"_time":"2026-11-21T00:00:01.000000000Z","_msg_base64":"AP8="})",
                  R"({"app":"web","count":3})"};
  const auto answer = ask("GET", "/api/v1/query?q=x", "", {{"accept", "text/plain"}});
  EXPECT_EQ(answer.header("Content-Type"), "text/plain; charset=utf-8");
  const std::string bytes("\0\xff", 2);
  EXPECT_EQ(answer.text,
            "2026-11-21T00:00:00.000000000Z a \"b\"\tü\n2026-11-21T00:00:01.000000000Z " + bytes +
                "\n{\"app\":\"web\",\"count\":3}\n");
  for (const auto* accept : {"*/*", "", "application/x-ndjson", "text/html,*/*;q=0.8",
                             "text/plain;q=0.5, application/x-ndjson"}) {
    EXPECT_EQ(ask("GET", "/api/v1/query?q=x", "", {{"accept", accept}}).header("Content-Type"),
              "application/x-ndjson")
        << accept;
  }
  EXPECT_EQ(
      ask("GET", "/api/v1/query?q=x", "", {{"accept", "text/*, */*;q=0.1"}}).header("Content-Type"),
      "text/plain; charset=utf-8");
}

TEST_F(StatsRoute, GivesATable) {
  engine_.rows = {R"({"app":"web","n":3})", R"({"app":"db"})", R"({"app":"x","n":1.5,"more":[1]})"};
  engine_.end.scanned_rows = 9;
  const auto answer = ask("GET", "/api/v1/stats?q=*+%7C+stats+count()+as+n+by+app");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Content-Type"), "application/json");
  EXPECT_EQ(json(answer), nlohmann::json::parse(R"({"columns":["app","n","more"],
    "rows":[["web",3,null],["db",null,null],["x",1.5,[1]]],
    "partial":false,"warnings":[],"scanned_rows":9,"scanned_bytes":0})"));
  EXPECT_EQ(engine_.asked.limit, 0U);
}

TEST_F(StatsRoute, EmptyTableHasItsColumns) {
  EXPECT_EQ(
      json(ask("GET",
               "/api/v1/stats?q=*+%7C+stats+count()+as+n,max(ms)+as+m+by+app,time(5m)"))["columns"],
      nlohmann::json({"app", "_time", "n", "m"}));
  EXPECT_EQ(json(ask("GET", "/api/v1/stats?q=*+%7C+top+5+by+app"))["columns"],
            nlohmann::json({"app", "count"}));
}

TEST_F(StatsRoute, GivesLinesOnDemand) {
  engine_.rows = {R"({"n":3})"};
  const auto answer = ask("GET", "/api/v1/stats?q=*+%7C+stats+count()+as+n", "",
                          {{"accept", "application/x-ndjson"}});
  EXPECT_EQ(answer.text, "{\"n\":3}\n");
}

TEST_F(StatsRoute, LinesEndAsThoseOfAQueryDo) {
  engine_.rows = {R"({"n":3})"};
  engine_.end.partial = true;
  engine_.end.warnings = {"block 7 is damaged"};
  const auto lines = [&] {
    return ask("GET", "/api/v1/stats?q=*+%7C+stats+count()+as+n&end=1", "",
               {{"accept", "application/x-ndjson"}});
  };
  EXPECT_EQ(lines().text,
            "{\"n\":3}\n{\"_end\":{\"rows\":1,\"cursor\":\"\",\"partial\":true,\"warnings\":"
            "[\"block 7 is damaged\"],\"scanned_rows\":0,\"scanned_bytes\":0,\"hint\":\"\"}}\n");
  engine_.run_error = Error{ErrorCode::kDeadlineExceeded, "60 s are over"};
  const auto late = lines();
  EXPECT_FALSE(late.outcome);
  EXPECT_EQ(late.text,
            "{\"n\":3}\n{\"_error\":{\"type\":\"/problems/deadline-exceeded\",\"detail\":"
            "\"60 s are over\"}}\n");
}

TEST_F(StatsRoute, ValuesComeOutAsTheyAre) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  engine_.rows = {
      "{\"a,\\\"\":\"x}\\\\\",\"n\":1.50e3,\"o\":{\"p\":[1, {}],\"q\":\"]\"},\"deep\":" + deep +
      "}"};
  const auto answer = ask("GET", "/api/v1/stats?q=*+%7C+stats+count()+as+n");
  EXPECT_EQ(
      answer.text.substr(0, answer.text.find(",\"partial\"")),
      "{\"columns\":[\"n\",\"a,\\\"\",\"o\",\"deep\"],\"rows\":[[1.50e3,\"x}\\\\\",{\"p\":[1, "
      "{}],\"q\":\"]\"}," +
          deep + "]]");
}

TEST_F(StatsRoute, TableOverALimitIs422) {
  const auto refused = [&](const std::string& limit) {
    const auto answer = ask("GET", "/api/v1/stats?q=*+%7C+stats+count()+as+n");
    EXPECT_EQ(answer.status, 422) << answer.text.substr(0, 1000);
    EXPECT_EQ(json(answer)["type"], "/problems/answer-too-large");
    EXPECT_NE(json(answer)["detail"].get<std::string>().find(limit), std::string::npos);
    EXPECT_TRUE(answer.header("Retry-After").empty());
  };
  engine_.rows.assign(100'001, "{}");
  refused("100,000 rows");
  engine_.rows.assign(70, "{\"n\":\"" + std::string(1U << 20, 'x') + "\"}");
  refused("64 MiB");
  std::string wide = "{\"n\":1";
  for (int i = 0; i < 999; ++i) wide += ",\"c" + std::to_string(i) + "\":1";
  engine_.rows = {wide + "}"};
  EXPECT_EQ(ask("GET", "/api/v1/stats?q=*+%7C+stats+count()+as+n").status, 200);
  engine_.rows = {wide + ",\"more\":1}"};
  refused("1,000 columns");
}

TEST_F(StatsRoute, NullsThatFillTheTableCount) {
  std::string wide = "{\"n\":1";
  for (int i = 0; i < 999; ++i) wide += ",\"c" + std::to_string(i) + "\":1";
  for (const bool wide_first : {false, true}) {
    engine_.rows.assign(20'000, "{\"n\":1}");
    engine_.rows.insert(wide_first ? engine_.rows.begin() : engine_.rows.end(), wide + "}");
    const auto answer = ask("GET", "/api/v1/stats?q=*+%7C+stats+count()+as+n");
    EXPECT_EQ(answer.status, 422) << wide_first;
  }
}

TEST_F(StatsRoute, LeavingClientEndsALargeTable) {
  engine_.rows.assign(50, "{\"n\":\"" + std::string(1U << 20, 'x') + "\"}");
  leave_after_ = 1;
  const auto answer = ask("GET", "/api/v1/stats?q=*+%7C+stats+count()+as+n");
  EXPECT_FALSE(answer.outcome);
  EXPECT_LT(answer.text.size(), 3U << 20);
}

TEST_F(StatsRoute, QueryWithoutAggregationIs400) {
  for (const auto* q : {"error", "*+%7C+head+5", ""}) {
    const auto answer = ask("GET", std::string("/api/v1/stats?q=") + q);
    EXPECT_EQ(answer.status, 400) << q;
    EXPECT_NE(answer.text.find("stats"), std::string::npos);
  }
  EXPECT_EQ(ask("GET", "/api/v1/stats?q=*+%7C+top+5+by+app+%7C+head+2").status, 200);
}

TEST_F(StatsRoute, SyntaxErrorNamesThePlace) {
  const auto answer = ask("GET", "/api/v1/stats?q=*+%7C+stats+cuont()");
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(json(answer)["detail"].get<std::string>().find("column"), std::string::npos);
}

TEST_F(QueriesRoute, ListsShowsAndStops) {
  engine_.running = {{7, "error \"x\"", clock_.now() - kNsPerSecond, 10, 20, 1, 4, 30}};
  auto answer = ask("GET", "/api/v1/queries");
  EXPECT_EQ(answer.header("Cache-Control"), "no-store");
  const auto expected = nlohmann::json::parse(R"({"id":7,"q":"error \"x\"",
    "started":"2026-11-21T11:59:59.000000000Z","seconds":1.0,"scanned_rows":10,"scanned_bytes":20,
    "scan_units":1,"scan_units_total":4,"memory_bytes":30})");
  EXPECT_EQ(json(answer)["queries"][0], expected);
  EXPECT_EQ(json(ask("GET", "/api/v1/queries/7")), expected);
  EXPECT_EQ(ask("DELETE", "/api/v1/queries/7").status, 204);
  EXPECT_EQ(engine_.stopped, std::vector<std::uint64_t>{7});
  EXPECT_EQ(json(ask("DELETE", "/api/v1/queries"))["cancelled"], 1);
  EXPECT_TRUE(engine_.cancelled);
}

TEST_F(QueriesRoute, UnknownQueryIs404) {
  for (const auto* id : {"8", "seven", "-1", "99999999999999999999"}) {
    EXPECT_EQ(ask("GET", std::string("/api/v1/queries/") + id).status, 404) << id;
    EXPECT_EQ(ask("DELETE", std::string("/api/v1/queries/") + id).status, 404) << id;
  }
}

}  // namespace
}  // namespace duramen::api
