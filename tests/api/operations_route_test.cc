#include "api/routes/disk_forecast.h"
#include "tests/api/routes_fixture.h"

namespace duramen::api {
namespace {

using OperationsRoute = RoutesTest;

TEST_F(OperationsRoute, SealAnswersWhenDone) {
  store_.status_now.segments = {{"2026-11-21.default", 3, 100, 1000, 500}};
  store_.status_now.disk_bytes = 600;
  const auto answer = ask("POST", "/api/v1/admin/seal");
  EXPECT_EQ(store_.seals, 1);
  const auto body = json(answer);
  EXPECT_EQ(body["blocks"], 3);
  EXPECT_EQ(body["rows"], 100);
  EXPECT_EQ(body["disk_bytes"], 600);
  EXPECT_GE(body["seconds"].get<double>(), 0);
  store_.seal_error = Error{ErrorCode::kUnavailable, "disk full"};
  EXPECT_EQ(ask("POST", "/api/v1/admin/seal").status, 503);
}

TEST_F(OperationsRoute, VerifyReportsProgressAndFaults) {
  store_.report = {2, 100, 3, 4, {"block 7: checksum of frame 2"}};
  for (const auto* method : {"GET", "POST"}) {
    const auto answer = ask(method, "/api/v1/admin/verify");
    EXPECT_EQ(
        answer.text,
        "{\"progress\":{\"part\":\"blocks\",\"done\":2,\"total\":2}}\n"
        "{\"report\":{\"ok\":false,\"blocks\":2,\"rows\":100,\"journal_entries\":3,"
        "\"table_files\":4,\"index_parts\":0,\"faults\":[\"block 7: checksum of frame 2\"]}}\n");
  }
}

TEST_F(OperationsRoute, StatusTellsEverything) {
  auto& status = store_.status_now;
  status.node = model::NodeId(0x1f);
  status.store_id = "5709e1d";
  status.host = "h";
  status.durable = model::Seq(10);
  status.built = model::Seq(5);
  status.rows = 9;
  status.disk_bytes = 1000;
  status.free_bytes = 5000;
  status.block_sizes = {1, 2, 3, 4};
  status.segments = {{"2026-11-20.default", 1, 2, 3, 500}};
  status.retention = {7 * kNsPerDay, 2000};
  status.writes_refused = "disk full";
  status.damaged = {"block 7"};
  status.put_aside = {"a log"};
  engine_.running.resize(2);
  clock_.advance(90 * kNsPerSecond);
  const auto answer = ask("GET", "/api/v1/status");
  EXPECT_EQ(answer.header("Cache-Control"), "no-store");
  const auto body = json(answer);
  EXPECT_EQ(body["version"], "0.1.0-test");
  EXPECT_EQ(body["node"], "000000000000001f");
  EXPECT_EQ(body["uptime_seconds"], 90);
  EXPECT_EQ(body["ready"], true);
  EXPECT_EQ(body["writes_refused"], "disk full");
  EXPECT_EQ(body["durable_seq"], 10);
  EXPECT_EQ(body["queries_running"], 2);
  EXPECT_EQ(body["retention"]["age_seconds"], 7 * 86400);
  EXPECT_EQ(body["retention"]["bytes"], 2000);
  EXPECT_EQ(body["disk"]["block_parts"]["variables_bytes"], 3);
  EXPECT_EQ(body["disk"]["daily_bytes"], 500);
  EXPECT_EQ(body["disk"]["days_left"], 2.0) << "the limit of 2000 bytes comes before the disk's";
  EXPECT_EQ(body["segments"][0]["name"], "2026-11-20.default");
  EXPECT_EQ(body["damaged"][0], "block 7");
  EXPECT_EQ(body["put_aside"][0], "a log");
}

TEST(DiskForecast, SaysNothingWithoutData) {
  const auto forecast = forecast_disk({}, 0);
  EXPECT_FALSE(forecast.daily_bytes);
  EXPECT_FALSE(forecast.days_left);
}

TEST(DiskForecast, TodayAloneIsScaledByTheHourAtLeast) {
  store::StoreStatus status;
  status.free_bytes = 24'000;
  status.segments = {{"2026-11-21.default", 1, 1, 1, 100}};
  const TimeNs midnight = *parse_rfc3339("2026-11-21T00:00:00Z");
  EXPECT_EQ(forecast_disk(status, midnight + 12 * 3600 * kNsPerSecond).daily_bytes, 200U);
  EXPECT_EQ(forecast_disk(status, midnight + kNsPerSecond).daily_bytes, 2400U);
  EXPECT_DOUBLE_EQ(*forecast_disk(status, midnight).days_left, 10);
}

TEST(DiskForecast, FullDaysCountAndClassesAddUp) {
  store::StoreStatus status;
  status.free_bytes = 1000;
  status.segments = {{"2026-11-19.default", 1, 1, 1, 100},
                     {"2026-11-19.audit", 1, 1, 1, 100},
                     {"2026-11-20.default", 1, 1, 1, 400},
                     {"2026-11-21.default", 1, 1, 1, 999'999}};
  EXPECT_EQ(forecast_disk(status, *parse_rfc3339("2026-11-21T12:00:00Z")).daily_bytes, 300U);
}

TEST_F(OperationsRoute, HealthFollowsReadiness) {
  for (const auto* path : {"/health/live", "/healthz", "/livez"}) {
    EXPECT_EQ(ask("GET", path).status, 200) << path;
  }
  for (const auto* path : {"/health/ready", "/ready", "/readyz"}) {
    EXPECT_EQ(ask("GET", path).status, 200) << path;
    EXPECT_EQ(ask("HEAD", path).status, 200) << path;
    EXPECT_EQ(ask("GET", path).header("Cache-Control"), "no-store");
  }
  readiness_.set("draining");
  const auto answer = ask("GET", "/health/ready");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(json(answer)["detail"], "draining");
  EXPECT_FALSE(answer.header("Retry-After").empty());
  EXPECT_EQ(ask("GET", "/health/live").status, 200);
}

TEST_F(OperationsRoute, FullDiskIsReadyForReadsOnly) {
  store_.status_now.writes_refused = "12 MiB free";
  EXPECT_EQ(ask("GET", "/health/ready").status, 200);
  EXPECT_EQ(ask("GET", "/health/ready?for=read").status, 200);
  const auto answer = ask("GET", "/health/ready?for=write");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(json(answer)["detail"], "12 MiB free");
  EXPECT_EQ(store_.statuses, 0) << "a status looks at every file; a probe comes every second";
  EXPECT_EQ(ask("GET", "/health/ready?for=lunch").status, 400);
}

TEST_F(OperationsRoute, MetricsAreText004) {
  metrics_.counter("duramen_example_total", "An example.").add(3);
  const auto answer = ask("GET", "/metrics");
  EXPECT_EQ(answer.header("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_NE(answer.text.find("duramen_example_total 3\n"), std::string::npos);
  EXPECT_EQ(answer.text.back(), '\n');
}

TEST_F(OperationsRoute, OpenApiDescribesEveryRoute) {
  const auto document = json(ask("GET", "/api/v1/openapi.json"));
  EXPECT_EQ(document["openapi"], "3.0.3");
  EXPECT_EQ(document["info"]["version"], "0.1.0-test");
  for (const auto& route : router_.routes()) {
    std::string method = route.method;
    for (char& c : method) c = static_cast<char>(std::tolower(c));
    const auto& operation = document["paths"][route.path][method];
    EXPECT_EQ(operation["summary"], route.summary) << route.method << " " << route.path;
    EXPECT_FALSE(operation["responses"].empty());
    EXPECT_TRUE(route.openapi.empty() || nlohmann::json::accept(route.openapi)) << route.path;
  }
}

TEST_F(OperationsRoute, UnknownParametersAreRefused) {
  engine_.running = {{7, "q", clock_.now(), 0, 0, 0, 0, 0}};
  for (const auto* path : {"/api/v1/status", "/api/v1/queries", "/api/v1/queries/7", "/metrics",
                           "/health/live", "/health/ready", "/api/v1/openapi.json"}) {
    EXPECT_EQ(ask("GET", path).status, 200) << path;
    EXPECT_EQ(ask("GET", std::string(path) + "?x=1").status, 400) << path;
  }
  EXPECT_EQ(ask("DELETE", "/api/v1/queries/7?x=1").status, 400);
  EXPECT_TRUE(engine_.stopped.empty());
  EXPECT_EQ(ask("POST", "/api/v1/admin/seal?x=1").status, 400);
}

}  // namespace
}  // namespace duramen::api
