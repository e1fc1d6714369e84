#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>

#include "tests/base/temporary_directory.h"
#include "tests/support/daemon_process.h"
#include "tests/support/http_client.h"
#include "tests/support/raw_connection.h"

namespace duramen {
namespace {

using support::DaemonProcess;
using support::HttpClient;
using support::HttpStream;
using support::RawConnection;
using testing::HasSubstr;

constexpr std::string_view kRecord =
    "{\"time\":\"2026-11-21T10:20:30Z\",\"log\":\"kept over a restart\",\"app\":\"web\"}\n";

class DaemonSignals : public testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(directory_.path(), ""); }

  std::string data() const { return directory_.file("data"); }
  HttpClient client() const { return HttpClient(daemon_.base_url()); }
  void start(const std::vector<std::string>& args = {}) {
    const auto started = daemon_.start_in(data(), args);
    ASSERT_TRUE(started) << started.error().message;
  }
  void ingest(const std::string& body) {
    const auto answer = client().post("/api/v1/ingest", body);
    ASSERT_TRUE(answer) << answer.error().message;
    ASSERT_EQ(answer->status, 200) << answer->body;
  }
  void write_config(std::string_view text) {
    std::ofstream(config(), std::ios::binary | std::ios::trunc) << text;
  }
  std::string config() const { return directory_.file("duramen.toml"); }
  /// The head of a request with a body, which may be sent in parts: that keeps a drain busy.
  static std::string head(const std::string& method_and_target, std::size_t body_bytes) {
    return method_and_target +
           " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body_bytes) + "\r\n\r\n";
  }
  /// Waits until the daemon is reading bodies of so many bytes in all.
  void wait_for_bodies(std::size_t bytes) {
    const std::string line = "\nduramen_http_body_bytes " + std::to_string(bytes) + "\n";
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    std::string metrics;
    while (metrics.find(line) == std::string::npos) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << metrics;
      const auto answer = client().get("/metrics");
      ASSERT_TRUE(answer) << answer.error().message;
      metrics = answer->body;
    }
  }

  TemporaryDirectory directory_;
  DaemonProcess daemon_;
};

class StopBy : public DaemonSignals, public testing::WithParamInterface<int> {};

TEST_P(StopBy, EndsWellAndKeepsWhatWasAcknowledged) {
  start();
  ingest(std::string(kRecord));
  ASSERT_TRUE(daemon_.signal(GetParam()));
  const auto code = daemon_.wait_exit(10 * kNsPerSecond);
  ASSERT_TRUE(code) << code.error().message;
  EXPECT_EQ(*code, 0);
  const std::string log = daemon_.stderr_text();
  EXPECT_THAT(log, HasSubstr("msg=stopped"));
  EXPECT_EQ(log.find("stopping"), log.rfind("stopping")) << log;
  EXPECT_NE(::access((data() + "/http.address").c_str(), F_OK), 0);
  start();
  const auto rows = client().get("/api/v1/query?q=kept");
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_THAT(rows->body, HasSubstr("kept over a restart"));
}

INSTANTIATE_TEST_SUITE_P(Signals, StopBy, testing::Values(SIGTERM, SIGINT));

TEST_F(DaemonSignals, AKillLeavesNothingThatHindersTheNextStart) {
  start();
  ingest(std::string(kRecord));
  daemon_.kill();
  EXPECT_EQ(::access((data() + "/http.address").c_str(), F_OK), 0);
  start();
  const auto rows = client().get("/api/v1/query?q=kept");
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_THAT(rows->body, HasSubstr("kept over a restart"));
}

TEST_F(DaemonSignals, WhileDrainingItIsNotReadyAndFinishesOpenRequests) {
  start();
  RawConnection probe(daemon_.base_url());
  RawConnection sender(daemon_.base_url());
  const std::string body(kRecord);
  ASSERT_TRUE(probe.send(head("GET /health/ready", 2) + "x"));
  ASSERT_TRUE(sender.send(head("POST /api/v1/ingest", body.size()) + body.substr(0, 10)));
  wait_for_bodies(2 + body.size());
  ASSERT_TRUE(daemon_.signal(SIGTERM));
  ASSERT_TRUE(daemon_.wait_stderr("stopping: finishing open requests"));
  ASSERT_TRUE(probe.send("x"));
  const std::string readiness = probe.read();
  EXPECT_THAT(readiness, HasSubstr(" 503 "));
  EXPECT_THAT(readiness, HasSubstr("draining"));
  ASSERT_TRUE(sender.send(body.substr(10)));
  EXPECT_THAT(sender.read(), HasSubstr("\"accepted\":1"));
  EXPECT_EQ(*daemon_.wait_exit(), 0);
}

TEST_F(DaemonSignals, WhileDrainingNewConnectionsAreToldSo) {
  start();
  RawConnection sender(daemon_.base_url());
  const std::string body(kRecord);
  ASSERT_TRUE(sender.send(head("POST /api/v1/ingest", body.size()) + body.substr(0, 10)));
  wait_for_bodies(body.size());
  ASSERT_TRUE(daemon_.signal(SIGTERM));
  ASSERT_TRUE(daemon_.wait_stderr("stopping: finishing open requests"));
  const auto live = client().get("/health/live");
  ASSERT_TRUE(live) << live.error().message;
  EXPECT_EQ(live->status, 200);
  for (const char* path : {"/health/ready", "/api/v1/query?q=*", "/metrics"}) {
    const auto answer = client().get(path);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, 503) << path;
    EXPECT_NE(answer->header("retry-after"), "") << path;
    EXPECT_THAT(answer->body, HasSubstr("draining")) << path;
  }
  ASSERT_TRUE(sender.send(body.substr(10)));
  EXPECT_THAT(sender.read(), HasSubstr("\"accepted\":1"));
  EXPECT_EQ(*daemon_.wait_exit(), 0);
}

TEST_F(DaemonSignals, ARequestThatNeverEndsDoesNotHoldItUp) {
  start();
  RawConnection slow(daemon_.base_url());
  ASSERT_TRUE(slow.send(head("POST /api/v1/ingest", 1000) + "{"));
  wait_for_bodies(1000);
  const auto before = std::chrono::steady_clock::now();
  const auto code = daemon_.terminate(10 * kNsPerSecond);
  ASSERT_TRUE(code) << code.error().message;
  EXPECT_EQ(*code, 0);
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(10));
}

TEST_F(DaemonSignals, ASecondSignalEndsItAtOnce) {
  start();
  RawConnection slow(daemon_.base_url());
  ASSERT_TRUE(slow.send(head("POST /api/v1/ingest", 1000) + "{"));
  wait_for_bodies(1000);
  ASSERT_TRUE(daemon_.signal(SIGTERM));
  ASSERT_TRUE(daemon_.wait_stderr("stopping: finishing open requests"));
  const auto code = daemon_.terminate(4 * kNsPerSecond);
  ASSERT_TRUE(code) << code.error().message;
  EXPECT_EQ(*code, 1);
  EXPECT_THAT(daemon_.stderr_text(), HasSubstr("second signal"));
}

TEST_F(DaemonSignals, AClientThatVanishesHarmsNobody) {
  start();
  std::string body;
  for (int i = 0; i < 20'000; ++i) {
    body += "{\"log\":\"line " + std::to_string(i) + " of many that nobody reads to the end\"}\n";
  }
  ingest(body);
  for (int i = 0; i < 5; ++i) {
    auto stream = HttpStream::open(daemon_.base_url(), "GET", "/api/v1/query?q=*&limit=0");
    ASSERT_TRUE(stream) << stream.error().message;
    EXPECT_EQ((*stream)->head().status, 200);
    const auto some = (*stream)->read_some();
    ASSERT_TRUE(some) << some.error().message;
    (*stream)->abort();
  }
  EXPECT_EQ(client().get("/health/ready")->status, 200);
  EXPECT_EQ(*daemon_.terminate(), 0);
}

TEST_F(DaemonSignals, HangupAppliesWhatCanBeReloaded) {
  write_config("[retention]\nage = '3d'\n");
  start({"--config", config()});
  EXPECT_THAT(client().get("/api/v1/status")->body, HasSubstr("\"age_seconds\": 259200"));
  write_config(
      "[retention]\nage = '5d'\nbytes = '1GiB'\n[log]\nformat = 'json'\n[http]\nio_threads = 3\n");
  ASSERT_TRUE(daemon_.signal(SIGHUP));
  const auto logged = daemon_.wait_stderr("\"msg\":\"changed setting waits for a restart\"");
  ASSERT_TRUE(logged) << logged.error().message;
  EXPECT_THAT(daemon_.stderr_text(), HasSubstr("\"setting\":\"http.io_threads\""));
  const auto status = client().get("/api/v1/status");
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_THAT(status->body, HasSubstr("\"age_seconds\": 432000"));
  EXPECT_THAT(status->body, HasSubstr("\"bytes\": 1073741824"));
}

TEST_F(DaemonSignals, HangupAppliesRetentionClasses) {
  write_config("");
  start({"--config", config()});
  EXPECT_EQ(client().get("/api/v1/status")->body.find("\"when\""), std::string::npos);
  write_config(
      "[retention]\nclasses = ['audit: age=365d bytes=1GiB when app=auth']\n"
      "hold_for_sinks = true\n");
  ASSERT_TRUE(daemon_.signal(SIGHUP));
  ASSERT_TRUE(daemon_.wait_stderr("class=audit"));
  const std::string status = client().get("/api/v1/status")->body;
  EXPECT_THAT(status, HasSubstr("\"when\": \"app=auth\""));
  EXPECT_THAT(status, HasSubstr("\"age\": \"365d\""));
  EXPECT_THAT(status, HasSubstr("\"hold_for_sinks\": true"));
  ingest("{\"log\":\"login\",\"app\":\"auth\"}\n" + std::string(kRecord));
  ASSERT_EQ(client().post("/api/v1/admin/seal", "")->status, 200);
  EXPECT_THAT(client().get("/api/v1/status")->body, HasSubstr(".audit\""));
}

TEST_F(DaemonSignals, HangupWithABadFileKeepsTheOldSettings) {
  write_config("[retention]\nage = '3d'\n");
  start({"--config", config()});
  write_config("[retention]\nage = '5d'\nbites = '1GiB'\n");
  ASSERT_TRUE(daemon_.signal(SIGHUP));
  ASSERT_TRUE(daemon_.wait_stderr("configuration not reloaded"));
  EXPECT_THAT(daemon_.stderr_text(),
              HasSubstr(config() + ":3:1: unknown setting 'retention.bites'"));
  EXPECT_THAT(client().get("/api/v1/status")->body, HasSubstr("\"age_seconds\": 259200"));

  write_config("[retention]\nage = '5d'\n");
  ASSERT_TRUE(daemon_.signal(SIGHUP));
  ASSERT_TRUE(daemon_.wait_stderr("configuration reloaded"));
  EXPECT_THAT(client().get("/api/v1/status")->body, HasSubstr("\"age_seconds\": 432000"));
}

}  // namespace
}  // namespace duramen
