#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

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

}  // namespace
}  // namespace duramen
