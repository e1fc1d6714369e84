#include <sys/resource.h>

#include "tests/api/server_fixture.h"

namespace duramen::api {
namespace {

using ServerRequest = ServerTest;

TEST_F(ServerRequest, AnswersWithLengthDateAndType) {
  start();
  const auto answer = ask(get("/plain"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "hello");
  EXPECT_EQ(answer.headers.at("content-length"), "5");
  EXPECT_EQ(answer.headers.at("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(answer.headers.at("date").size(), 29U);
}

TEST_F(ServerRequest, RequestSplitAtEveryByteIsTheSameRequest) {
  start();
  const std::string request = post("/echo", "four", "X-Long: " + std::string(50, 'x') + "\r\n");
  for (std::size_t cut = 1; cut < request.size(); ++cut) {
    RawClient one = client();
    ASSERT_TRUE(one.send(request.substr(0, cut)));
    ASSERT_TRUE(one.send(request.substr(cut)));
    const auto answer = one.read_response();
    ASSERT_EQ(answer.status, 200) << cut;
    ASSERT_EQ(answer.body, "four") << cut;
  }
}

TEST_F(ServerRequest, RequestSentByteByByteIsTheSameRequest) {
  start();
  RawClient one = client();
  for (const char c : post("/echo", "abc")) ASSERT_TRUE(one.send(std::string_view(&c, 1)));
  EXPECT_EQ(one.read_response().body, "abc");
}

TEST_F(ServerRequest, KeepsTheConnectionForManyRequests) {
  start();
  RawClient one = client();
  for (int i = 0; i < 100; ++i) {
    one.send(post("/echo", std::to_string(i)));
    const auto answer = one.read_response();
    ASSERT_EQ(answer.body, std::to_string(i));
    ASSERT_EQ(answer.headers.count("connection"), 0U);
  }
  EXPECT_TRUE(metric_is("duramen_http_connections 1"));
}

TEST_F(ServerRequest, PipelinedRequestsAreAnsweredInOrder) {
  start();
  RawClient one = client();
  std::string requests;
  for (int i = 0; i < 300; ++i) requests += post("/echo", "body " + std::to_string(i));
  ASSERT_TRUE(one.send(requests));
  for (int i = 0; i < 300; ++i) {
    ASSERT_EQ(one.read_response().body, "body " + std::to_string(i));
  }
}

TEST_F(ServerRequest, EmptyLinesBeforeARequestAreSkipped) {
  start();
  EXPECT_EQ(ask("\r\n\r\n" + get("/plain")).status, 200);
}

TEST_F(ServerRequest, ConnectionCloseIsHonoured) {
  start();
  RawClient one = client();
  one.send(get("/plain", "Connection: close\r\n"));
  const auto answer = one.read_response();
  EXPECT_EQ(answer.headers.at("connection"), "close");
  EXPECT_TRUE(one.wait_for_end());
}

TEST_F(ServerRequest, Http10ClosesUnlessAskedToKeep) {
  start();
  RawClient one = client();
  one.send("GET /plain HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(one.read_response().headers.at("connection"), "keep-alive");
  one.send("GET /plain HTTP/1.0\r\n\r\n");
  EXPECT_EQ(one.read_response().body, "hello");
  EXPECT_TRUE(one.wait_for_end());
}

TEST_F(ServerRequest, HeadHasTheHeadersAndNoBody) {
  start();
  RawClient one = client();
  one.send("HEAD /plain HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto head = one.read_response(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.at("content-length"), "5");
  one.send(get("/plain"));
  EXPECT_EQ(one.read_response().body, "hello");
}

TEST_F(ServerRequest, HeadOfAStreamRunsNoProducer) {
  std::atomic<bool> ran{false};
  producer_ = [&](BodyWriter& out) {
    ran = true;
    return out.write("x");
  };
  start();
  RawClient one = client();
  one.send("HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto head = one.read_response(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.count("content-length"), 0U);
  one.send(get("/plain"));
  EXPECT_EQ(one.read_response().body, "hello");
  EXPECT_FALSE(ran);
}

TEST_F(ServerRequest, ParametersAreDecoded) {
  start();
  EXPECT_EQ(ask(get("/q?a=1&b=x+y%21&a=2&c")).body, "a=1;b=x y!;a=2;c=;");
  EXPECT_EQ(ask(get("http://host.example/q?a=%F0%9F%8C%B3")).body, "a=\xF0\x9F\x8C\xB3;");
}

TEST_F(ServerRequest, BadPercentEncodingIsNamed) {
  start();
  const auto answer = ask(get("/q?a=%zz"));
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.find("parameter 'a'"), std::string::npos) << answer.body;
}

TEST_F(ServerRequest, ExpectContinueIsAnsweredBeforeTheBody) {
  start();
  RawClient one = client();
  one.send("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  EXPECT_EQ(one.read_response().status, 100);
  one.send("body");
  EXPECT_EQ(one.read_response().body, "body");
}

TEST_F(ServerRequest, ExpectContinueIsDecidedFromTheHeader) {
  options_.body_bytes = 1000;
  start();
  RawClient one = client();
  one.send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n");
  EXPECT_EQ(one.read_response().status, 413);
  EXPECT_EQ(ask("POST /no HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n")
                .status,
            404);
  EXPECT_EQ(
      ask("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: magic\r\nContent-Length: 9\r\n\r\n").status,
      417);
}

TEST_F(ServerRequest, ChunkedBodiesAreJoined) {
  start();
  const std::string head = "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string chunks = "3\r\nabc\r\n5;name=value\r\ndefgh\r\n0\r\nTrailer: x\r\n\r\n";
  for (std::size_t cut = 1; cut < chunks.size(); ++cut) {
    RawClient one = client();
    one.send(head + chunks.substr(0, cut));
    one.send(chunks.substr(cut));
    ASSERT_EQ(one.read_response().body, "abcdefgh") << cut;
    one.send(get("/plain"));
    ASSERT_EQ(one.read_response().status, 200) << cut;
  }
}

TEST_F(ServerRequest, LargeBodiesArriveWhole) {
  start();
  std::string body(5U << 20, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 7 + i / 251);
  RawClient one = client();
  // The echo is as large as the body: send in another thread, or both sides wait for each other.
  std::thread sender([&] { one.send(post("/echo", body)); });
  const auto answer = one.read_response();
  sender.join();
  EXPECT_TRUE(answer.body == body);
}

TEST_F(ServerRequest, HalfClosedClientGetsItsAnswer) {
  start();
  RawClient one = client();
  one.send(post("/echo", "bye"));
  one.shutdown_send();
  EXPECT_EQ(one.read_response().body, "bye");
  EXPECT_TRUE(one.wait_for_end());
}

TEST_F(ServerRequest, HandlerMayAnswerLaterFromAnotherThread) {
  start();
  RawClient one = client();
  one.send(post("/held", "x"));
  ASSERT_TRUE(eventually([&] {
    const MutexLock lock(held_mutex_);
    return held_.size() == 1;
  }));
  EXPECT_TRUE(metric_is("duramen_http_body_bytes 1"));
  std::thread([&] { held_[0](text_response(200, "late")); }).join();
  EXPECT_EQ(one.read_response().body, "late");
  EXPECT_TRUE(metric_is("duramen_http_body_bytes 0"));
}

TEST_F(ServerRequest, AnswerAfterTheServerStoppedGoesNowhere) {
  start();
  RawClient one = client();
  one.send(post("/held", "x"));
  ASSERT_TRUE(eventually([&] {
    const MutexLock lock(held_mutex_);
    return held_.size() == 1;
  }));
  server_->stop(0);
  server_.reset();
  held_[0](text_response(200, "too late"));
  EXPECT_TRUE(one.wait_for_end());
}

TEST_F(ServerRequest, ForgottenAndFailedRequestsAreAnswered) {
  start();
  EXPECT_EQ(ask(post("/forgotten", "x")).status, 500);
  const auto answer = ask(get("/throws"));
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.headers.at("content-type"), "application/problem+json");
}

TEST_F(ServerRequest, RequestsAreCountedByRouteAndClass) {
  start();
  ask(get("/plain"));
  ask(get("/plain"));
  ask(get("/nowhere"));
  EXPECT_TRUE(eventually([&] {
    return metric_is(R"(duramen_http_requests_total{method="GET",route="/plain",code="2xx"} 2)");
  }));
  EXPECT_TRUE(eventually([&] {
    return metric_is(R"(duramen_http_requests_total{method="other",route="other",code="4xx"} 1)");
  }));
  EXPECT_TRUE(metric_is(R"(duramen_http_request_seconds_count{method="GET",route="/plain"} 2)"));
}

TEST_F(ServerRequest, ClientsThatComeAndGoLeaveNothing) {
  start();
  for (int i = 0; i < 50; ++i) {
    RawClient one = client();
    one.send(get("/plain").substr(0, static_cast<std::size_t>(i)));
    if (i % 2 == 0) one.reset();
  }
  EXPECT_TRUE(eventually([&] { return metric_is("duramen_http_connections 0"); }));
}

/// Not a check of speed but of the way: large reads into one string, nothing copied twice. Prints
/// what it measured; the bound is far above it.
TEST_F(ServerRequest, LargeBodiesAreReadWithoutWaste) {
  router_.add({"POST", "/count", "",
               [](const Request& request, const Responder& respond) {
                 respond(text_response(200, std::to_string(request.body.size())));
               },
               "", true});
  start();
  constexpr std::size_t kBody = 4U << 20;
  constexpr int kPosts = 32;
  const std::string request = post("/count", std::string(kBody, 'x'));
  RawClient one = client();
  for (int i = 0; i < kPosts; ++i) {
    ASSERT_TRUE(one.send(request));
    ASSERT_EQ(one.read_response().body, std::to_string(kBody));
  }
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto user =
      static_cast<double>(used.ru_utime.tv_sec) + static_cast<double>(used.ru_utime.tv_usec) / 1e6;
  RecordProperty("user_seconds", std::to_string(user));
  EXPECT_LT(user, 5.0);
}

}  // namespace
}  // namespace duramen::api
