#include <chrono>
#include <optional>
#include <thread>

#include "api/routes.h"
#include "tests/api/server_fixture.h"

namespace duramen::api {
namespace {

/// A server behind the gate; the fixture's routes are what it is exchanged for.
class ServerGate : public ServerTest {
 protected:
  void start_with_gate() {
    auto started = HttpServer::start(options_, gate_, metrics_);
    ASSERT_TRUE(started) << started.error().message;
    server_ = *std::move(started);
    address_ = server_->addresses().at(0);
  }

  Readiness readiness_;
  Router gate_ = make_gate(readiness_);
};

TEST_F(ServerGate, HealthAnswersWhileNothingElseDoes) {
  start_with_gate();
  EXPECT_EQ(ask(get("/health/live")).status, 200);
  for (const auto* path : {"/health/ready", "/health/ready?for=write", "/readyz"}) {
    const auto answer = ask(get(path));
    EXPECT_EQ(answer.status, 503) << path;
    EXPECT_NE(answer.body.find("starting: the store is being opened"), std::string::npos);
  }
  readiness_.set("draining");
  EXPECT_EQ(ask(get("/health/live")).status, 200);
  EXPECT_NE(ask(get("/health/ready")).body.find("\"detail\":\"draining\""), std::string::npos);
}

TEST_F(ServerGate, EverythingElseIsToldToComeAgain) {
  start_with_gate();
  for (const auto& request :
       {get("/plain"), get("/nowhere"), post("/echo", "body"), get("/metrics"), get("/")}) {
    const auto answer = ask(request);
    EXPECT_EQ(answer.status, 503) << request;
    EXPECT_EQ(answer.headers.at("content-type"), "application/problem+json");
    EXPECT_EQ(answer.headers.at("retry-after"), "2");
    EXPECT_NE(answer.body.find("\"/problems/not-ready\""), std::string::npos) << answer.body;
    EXPECT_NE(answer.body.find("starting"), std::string::npos) << answer.body;
  }
}

TEST_F(ServerGate, ABodyIsRefusedBeforeItComes) {
  start_with_gate();
  RawClient one = client();
  one.send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n");
  const auto answer = one.read_response();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.headers.at("connection"), "close");
}

TEST_F(ServerGate, AConnectionThatWasRefusedIsServedOnceTheRouterIsThere) {
  start_with_gate();
  RawClient one = client();
  one.send(get("/plain"));
  EXPECT_EQ(one.read_response().status, 503);
  server_->serve(router_);
  one.send(get("/plain"));
  EXPECT_EQ(one.read_response().body, "hello");
  EXPECT_TRUE(eventually([&] {
    return metric_is(R"(duramen_http_requests_total{method="GET",route="/plain",code="2xx"} 1)") &&
           metric_is(R"(duramen_http_requests_total{method="other",route="other",code="5xx"} 1)");
  }));
}

TEST_F(ServerGate, RequestsThatHaveBegunStayWithTheirRouter) {
  start_with_gate();
  server_->serve(router_);
  RawClient held = client();
  held.send(post("/held", ""));
  RawClient sending = client();
  sending.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbo");
  ASSERT_TRUE(eventually([&] {
    const MutexLock lock(held_mutex_);
    return held_.size() == 1 && metric_is("duramen_http_body_bytes 4");
  }));
  server_->serve(gate_);
  EXPECT_EQ(ask(get("/plain")).status, 503);
  sending.send("dy");
  EXPECT_EQ(sending.read_response().body, "body");
  {
    const MutexLock lock(held_mutex_);
    held_.at(0)(text_response(200, "late"));
  }
  EXPECT_EQ(held.read_response().body, "late");
  sending.send(get("/plain"));
  EXPECT_EQ(sending.read_response().status, 503) << "its next request is another one";
}

/// A server that stops while one request is held open.
class ServerDrain : public ServerGate {
 protected:
  void SetUp() override {
    start();
    silent_.emplace(client());
    open_.emplace(client());
    open_->send(post("/held", ""));
    ASSERT_TRUE(eventually([&] {
      const MutexLock lock(held_mutex_);
      return held_.size() == 1 && metric_is("duramen_http_connections 2");
    }));
    server_->serve(gate_);
    readiness_.set("draining");
    stopper_ = std::thread([&] { server_->stop(kLimit); });
    ASSERT_TRUE(eventually([&] {
      const auto answer = ask(get("/health/live"));
      const auto connection = answer.headers.find("connection");
      return connection != answer.headers.end() && connection->second == "close";
    }));
  }
  void TearDown() override {
    if (stopper_.joinable()) finish();
    ServerGate::TearDown();
  }
  /// Answers the open request and waits for the end; how long that took.
  std::chrono::steady_clock::duration finish() {
    const auto before = std::chrono::steady_clock::now();
    {
      const MutexLock lock(held_mutex_);
      held_.at(0)(text_response(200, "late"));
    }
    EXPECT_EQ(open_->read_response().body, "late");
    open_->close();
    stopper_.join();
    return std::chrono::steady_clock::now() - before;
  }

  static constexpr TimeNs kLimit = 60 * kNsPerSecond;
  std::optional<RawClient> open_;
  std::optional<RawClient> silent_;  ///< connected before the stop
  std::thread stopper_;
};

TEST_F(ServerDrain, NewConnectionsSeeItAndGetOneAnswer) {
  EXPECT_EQ(ask(get("/health/live")).status, 200);
  for (const auto& request : {get("/health/ready"), get("/plain"), post("/echo", "body")}) {
    RawClient one = client();
    one.send(request);
    const auto answer = one.read_response();
    EXPECT_EQ(answer.status, 503) << request;
    EXPECT_EQ(answer.headers.at("retry-after"), "2");
    EXPECT_EQ(answer.headers.at("connection"), "close");
    EXPECT_NE(answer.body.find("draining"), std::string::npos) << answer.body;
    EXPECT_TRUE(one.wait_for_end());
  }
}

TEST_F(ServerDrain, AConnectionThatHasNotHadARequestGetsOneAnswer) {
  ASSERT_TRUE(silent_->send(get("/plain")));
  EXPECT_EQ(silent_->read_response().status, 503);
  EXPECT_TRUE(silent_->wait_for_end());
}

TEST_F(ServerDrain, TheListenersCloseWhenTheOpenRequestsAreAnswered) {
  EXPECT_TRUE(client().ok());
  finish();
  EXPECT_FALSE(client().ok());
  EXPECT_TRUE(metric_is("duramen_http_connections 0"));
}

TEST_F(ServerDrain, ConnectionsThatCameMeanwhileAreNotWaitedFor) {
  RawClient late = client();
  RawClient half = client();
  half.send("GET /health/ready HTTP/1.1\r\nHost: x\r\n");
  ASSERT_TRUE(eventually([&] { return metric_is("duramen_http_connections 4"); }));
  EXPECT_LT(finish(), std::chrono::nanoseconds(kLimit / 4));
  EXPECT_TRUE(silent_->wait_for_end());
  EXPECT_TRUE(late.wait_for_end());
  EXPECT_TRUE(half.wait_for_end());
}

}  // namespace
}  // namespace duramen::api
