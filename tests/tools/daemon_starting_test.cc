#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <optional>
#include <string>

#include "tests/base/temporary_directory.h"
#include "tests/support/daemon_process.h"
#include "tests/support/http_client.h"
#include "tests/tools/held_store.h"

namespace duramen {
namespace {

using support::DaemonProcess;
using support::HeldStore;
using support::HttpClient;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kListening = "listening; the store is being opened";

/// A daemon that has bound its port and cannot open its store before the test lets it.
class DaemonStarting : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(directory_.path(), "");
    ASSERT_TRUE(daemon_.start_in(data()));
    const auto stored = HttpClient(daemon_.base_url()).post("/api/v1/ingest", "{\"log\":\"kept\"}");
    ASSERT_TRUE(stored) << stored.error().message;
    ASSERT_EQ(stored->status, 200) << stored->body;
    ASSERT_EQ(*daemon_.terminate(), 0);
    store_.emplace(data(), directory_.file("pipe"));
    ASSERT_TRUE(store_->held());
    ASSERT_TRUE(daemon_.start({"--data-dir", data(), "--http-listen", "127.0.0.1:0"}));
    const auto listening = daemon_.wait_stderr(std::string(kListening));
    ASSERT_TRUE(listening) << listening.error().message;
    const std::string log = daemon_.stderr_text();
    const std::size_t at = log.find("127.0.0.1:");
    ASSERT_NE(at, std::string::npos) << log;
    url_ = "http://" + log.substr(at, log.find_first_of(" \"\n", at) - at);
  }

  std::string data() const { return directory_.file("data"); }
  HttpClient client() const { return HttpClient(url_); }
  void expect_not_ready(const std::string& method, const std::string& target,
                        const std::string& reason) const {
    const auto answer = client().request(method, target, method == "POST" ? "{}" : "");
    ASSERT_TRUE(answer) << target << ": " << answer.error().message;
    EXPECT_EQ(answer->status, 503) << target;
    EXPECT_EQ(answer->header("content-type"), "application/problem+json") << target;
    EXPECT_NE(answer->header("retry-after"), "") << target;
    EXPECT_THAT(answer->body, HasSubstr(reason)) << target;
  }

  TemporaryDirectory directory_;
  DaemonProcess daemon_;
  std::optional<HeldStore> store_;
  std::string url_;
};

TEST_F(DaemonStarting, HealthAnswersAndTheRestIsToldToWait) {
  const auto live = client().get("/health/live");
  ASSERT_TRUE(live) << live.error().message;
  EXPECT_EQ(live->status, 200);
  expect_not_ready("GET", "/health/ready", "starting");
  expect_not_ready("GET", "/api/v1/query?q=kept", "starting");
  expect_not_ready("POST", "/api/v1/ingest", "starting");
  EXPECT_THAT(daemon_.stderr_text(), Not(HasSubstr(" ready: ")));
  EXPECT_NE(::access((data() + "/http.address").c_str(), F_OK), 0) << "scripts wait for it";

  ASSERT_TRUE(store_->release());
  const auto ready = daemon_.wait_ready();
  ASSERT_TRUE(ready) << ready.error().message;
  EXPECT_EQ(daemon_.base_url(), url_);
  EXPECT_EQ(client().get("/health/ready")->status, 200);
  EXPECT_THAT(client().get("/api/v1/query?q=kept")->body, HasSubstr("kept"));
  EXPECT_EQ(::access((data() + "/http.address").c_str(), F_OK), 0);
}

class StopWhileStarting : public DaemonStarting, public testing::WithParamInterface<int> {};

TEST_P(StopWhileStarting, EndsWellWithoutEverBeingReady) {
  ASSERT_TRUE(daemon_.signal(GetParam()));
  const auto told = daemon_.wait_stderr("stopping: breaking off the start");
  ASSERT_TRUE(told) << told.error().message;
  // The line is written a moment before readiness turns; nothing else can be waited for.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  std::string readiness;
  while (readiness.find("draining") == std::string::npos) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << readiness;
    const auto answer = client().get("/health/ready");
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, 503);
    readiness = answer->body;
  }
  ASSERT_TRUE(store_->release());
  const auto code = daemon_.wait_exit();
  ASSERT_TRUE(code) << code.error().message;
  EXPECT_EQ(*code, 0);
  const std::string log = daemon_.stderr_text();
  EXPECT_THAT(log, HasSubstr("msg=stopped"));
  EXPECT_THAT(log, Not(HasSubstr(" ready: ")));
  EXPECT_NE(::access((data() + "/http.address").c_str(), F_OK), 0);
  ASSERT_TRUE(daemon_.start_in(data()));
  const auto rows = HttpClient(daemon_.base_url()).get("/api/v1/query?q=kept");
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_THAT(rows->body, HasSubstr("kept"));
}

INSTANTIATE_TEST_SUITE_P(Signals, StopWhileStarting, testing::Values(SIGTERM, SIGINT));

TEST_F(DaemonStarting, AStoreThatCannotBeInterruptedDoesNotHoldUpTheStop) {
  const auto before = std::chrono::steady_clock::now();
  const auto code = daemon_.terminate();
  ASSERT_TRUE(code) << code.error().message;
  EXPECT_EQ(*code, 0);
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(10));
}

TEST_F(DaemonStarting, ASecondSignalEndsTheStartAtOnce) {
  ASSERT_TRUE(daemon_.signal(SIGTERM));
  ASSERT_TRUE(daemon_.wait_stderr("stopping: breaking off the start"));
  const auto code = daemon_.terminate(4 * kNsPerSecond);
  ASSERT_TRUE(code) << code.error().message;
  EXPECT_EQ(*code, 1);
  EXPECT_THAT(daemon_.stderr_text(), HasSubstr("second signal"));
}

TEST_F(DaemonStarting, AHangupMeanwhileIsHeededAfterwards) {
  ASSERT_TRUE(daemon_.signal(SIGHUP));
  ASSERT_TRUE(store_->release());
  const auto reloaded = daemon_.wait_stderr("configuration reloaded");
  EXPECT_TRUE(reloaded) << reloaded.error().message;
  EXPECT_EQ(*daemon_.terminate(), 0);
}

}  // namespace
}  // namespace duramen
