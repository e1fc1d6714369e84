#include "tests/api/routes_fixture.h"
#include "tests/query/fake_store.h"

namespace duramen::api {
namespace {

using NamesRoute = RoutesTest;
using ContextRoute = RoutesTest;

const query::NamesPipe& names_of(const query::QueryRequest& request) {
  return std::get<query::NamesPipe>(request.pipes.at(0));
}

TEST_F(NamesRoute, RowsOfTheEngineBecomeAList) {
  engine_.rows = {R"({"name":"app","rows":3,"kinds":{"label":3}})",
                  R"({"name":"status","rows":2,"kinds":{"json":2}})"};
  engine_.end.matched_rows = 3;
  engine_.end.partial = true;
  engine_.end.warnings = {"block 7 cannot be read"};
  engine_.end.scanned_rows = 9;
  const auto answer = ask("GET", "/api/v1/fields?q=error&start=-1h");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Content-Type"), "application/json");
  EXPECT_EQ(json(answer), nlohmann::json::parse(R"({"fields":[
    {"name":"app","rows":3,"kinds":{"label":3}},{"name":"status","rows":2,"kinds":{"json":2}}],
    "rows":3,"partial":true,"warnings":["block 7 cannot be read"],
    "scanned_rows":9,"scanned_bytes":0})"));
  EXPECT_EQ(engine_.asked.q, "error");
  EXPECT_EQ(engine_.asked.start, parse_rfc3339("2026-11-21T11:00:00Z"));
  EXPECT_EQ(engine_.asked.limit, 1000U);
  EXPECT_EQ(names_of(engine_.asked).of, query::NamesPipe::Of::kFields);
  engine_.rows.clear();
  EXPECT_EQ(json(ask("GET", "/api/v1/labels?limit=0"))["labels"], nlohmann::json::array());
  EXPECT_EQ(names_of(engine_.asked).of, query::NamesPipe::Of::kLabels);
  EXPECT_EQ(engine_.asked.limit, 0U);
}

TEST_F(NamesRoute, TheLabelStandsInThePath) {
  engine_.rows = {R"({"value":"web","rows":3})"};
  const auto answer = ask("GET", "/api/v1/labels/app%20name/values?limit=5");
  EXPECT_EQ(json(answer)["values"], nlohmann::json::parse(R"([{"value":"web","rows":3}])"));
  EXPECT_EQ(names_of(engine_.asked),
            (query::NamesPipe{query::NamesPipe::Of::kLabelValues, "app name"}));
  EXPECT_EQ(engine_.asked.limit, 5U);
}

TEST_F(NamesRoute, AFilterMayStandInTheBody) {
  const std::map<std::string, std::string, std::less<>> form{
      {"content-type", "application/x-www-form-urlencoded"}};
  EXPECT_EQ(ask("POST", "/api/v1/labels/app/values", "q=a+b&limit=2", form).status, 200);
  EXPECT_EQ(engine_.asked.q, "a b");
  EXPECT_EQ(names_of(engine_.asked).label, "app");
  EXPECT_EQ(ask("POST", "/api/v1/labels/app/values", "name=other", form).status, 400);
  EXPECT_EQ(ask("POST", "/api/v1/fields", "q=c", form).status, 200);
  EXPECT_EQ(engine_.asked.q, "c");
}

TEST_F(NamesRoute, BadParametersAndQueriesAre400) {
  for (const char* target :
       {"/api/v1/fields?limit=x", "/api/v1/labels?name=app", "/api/v1/fields?order=asc",
        "/api/v1/labels/app/values?limit=-1", "/api/v1/labels?start=never"}) {
    const auto answer = ask("GET", target);
    EXPECT_EQ(answer.status, 400) << target;
    EXPECT_EQ(json(answer)["type"], "/problems/bad-parameter");
  }
  engine_.start_error = Error{ErrorCode::kInvalidArgument, "only a filter can be asked for here"};
  EXPECT_EQ(json(ask("GET", "/api/v1/fields?q=a"))["type"], "/problems/bad-query");
}

TEST_F(NamesRoute, AMemoryLimitIs422) {
  engine_.run_error = Error{ErrorCode::kResourceExhausted, "the labels of 9 streams need more"};
  const auto answer = ask("GET", "/api/v1/labels");
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(json(answer)["type"], "/problems/query-memory");
}

TEST_F(NamesRoute, ALongListIsWrittenInPieces) {
  engine_.rows.assign(5'000, R"({"value":"a long enough value to fill pieces","rows":1})");
  const auto answer = ask("GET", "/api/v1/labels/app/values?limit=0");
  EXPECT_EQ(json(answer)["values"].size(), 5'000U);
  leave_after_ = 10'000;
  EXPECT_FALSE(ask("GET", "/api/v1/labels/app/values?limit=0").outcome);
  EXPECT_TRUE(engine_.cancelled);
}

TEST_F(ContextRoute, ParametersReachTheEngine) {
  engine_.rows = {R"({"_context":0,"_time":"2026-11-21T00:00:00Z","_msg":"a"})"};
  auto answer = ask("GET", "/api/v1/context?seq=00000000000000ab:17&end=1&end=now&timeout=5s");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Content-Type"), "application/x-ndjson");
  EXPECT_TRUE(answer.text.starts_with(engine_.rows[0] + "\n{\"_end\":{\"rows\":1,")) << answer.text;
  ASSERT_TRUE(engine_.asked.context);
  EXPECT_EQ(engine_.asked.context->record.node, model::NodeId(0xab));
  EXPECT_EQ(engine_.asked.context->record.seq, model::Seq(17));
  EXPECT_EQ(engine_.asked.context->before, 10U);
  EXPECT_EQ(engine_.asked.context->after, 10U);
  EXPECT_EQ(engine_.asked.end, clock_.now());
  answer = ask("POST", "/api/v1/context", R"({"seq":"00000000000000ab:1","before":0,"after":1000})",
               {{"content-type", "application/json"}, {"accept", "text/plain"}});
  EXPECT_EQ(answer.text, "2026-11-21T00:00:00Z a\n");
  EXPECT_EQ(engine_.asked.context->before, 0U);
  EXPECT_EQ(engine_.asked.context->after, 1000U);
}

TEST_F(ContextRoute, BadParametersAre400AndNamed) {
  const std::string good = "seq=00000000000000ab:1";
  const std::pair<std::string, const char*> cases[] = {
      {"", "'seq' is missing"},
      {"seq=", "'seq'"},
      {"seq=17", "'seq'"},
      {"seq=00000000000000ab:x", "'seq'"},
      {"seq=%ff%00", "'seq'"},
      {"seq=00000000000000ab:99999999999999999999", "'seq'"},
      {good + "&" + good, "'seq'"},
      {good + "&before=1001", "'before' is at most 1000"},
      {good + "&after=18446744073709551615", "'after' is at most 1000"},
      {good + "&after=-1", "'after'"},
      {good + "&q=error", "'q'"},
      {good + "&limit=5", "'limit'"}};
  for (const auto& [parameters, named] : cases) {
    const auto answer = ask("GET", "/api/v1/context?" + parameters);
    EXPECT_EQ(answer.status, 400) << parameters;
    EXPECT_NE(json(answer)["detail"].get<std::string>().find(named), std::string::npos)
        << answer.text;
  }
}

TEST_F(ContextRoute, AnUnknownRecordIs404) {
  engine_.run_error = Error{ErrorCode::kNotFound, "there is no record 00000000000000ab:1 here"};
  auto answer = ask("GET", "/api/v1/context?seq=00000000000000ab:1");
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(json(answer)["type"], "/problems/no-such-record");
  engine_.run_error = Error{ErrorCode::kDataLoss, "the record cannot be read"};
  EXPECT_EQ(ask("GET", "/api/v1/context?seq=00000000000000ab:1").status, 500);
}

/// The routes over a real engine.
TEST_F(NamesRoute, RealRowsAreListedAndPipesRefused) {
  query::FakeStore rows;
  rows.add({{1, "error", {{"app", "web"}}, {{"status", "500", model::FieldKind::kJson}}},
            {2, "fine", {{"app", "web"}}, {}},
            {3, "error", {{"app", "db"}}, {}}});
  const auto engine = query::make_query_engine(rows, nullptr, {}, clock_, metrics_);
  router_ =
      make_router({store_, *engine, ingest_, clock_, metrics_, readiness_, "0.1.0-test", limits_});
  EXPECT_EQ(json(ask("GET", "/api/v1/labels/app/values?q=error"))["values"],
            nlohmann::json::parse(R"([{"value":"db","rows":1},{"value":"web","rows":1}])"));
  EXPECT_EQ(json(ask("GET", "/api/v1/fields?q=error"))["rows"], 2);
  EXPECT_EQ(json(ask("GET", "/api/v1/context?seq=00000000000000ab:9"))["status"], 404);
  for (const char* route : {"hits", "fields", "labels", "labels/app/values"}) {
    const auto answer = ask("GET", std::string("/api/v1/") + route + "?q=error+%7C+head+5");
    EXPECT_EQ(answer.status, 400) << route;
    EXPECT_EQ(json(answer)["detail"],
              "only a filter can be asked for here; leave out the pipes, from the first '|' on");
  }
}

}  // namespace
}  // namespace duramen::api
