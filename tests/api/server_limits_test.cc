#include "tests/api/server_fixture.h"

namespace duramen::api {
namespace {

using ServerLimits = ServerTest;

void expect_problem(const RawResponse& answer, int status, const std::string& type) {
  EXPECT_EQ(answer.status, status) << answer.body;
  EXPECT_EQ(answer.headers.at("content-type"), "application/problem+json");
  EXPECT_NE(answer.body.find("\"/problems/" + type + "\""), std::string::npos) << answer.body;
  EXPECT_NE(answer.body.find("\"status\":" + std::to_string(status)), std::string::npos);
  EXPECT_TRUE(answer.complete);
}

TEST_F(ServerLimits, HeaderBombIs431) {
  options_.header_bytes = 4096;
  start();
  RawClient one = client();
  std::string bomb = "GET /plain HTTP/1.1\r\nHost: x\r\n";
  while (bomb.size() < 10'000'000) bomb += "X-Header-With-A-Name: and a value\r\n";
  one.send(bomb);
  expect_problem(one.read_response(), 431, "header-too-large");
  EXPECT_TRUE(one.wait_for_end());
}

TEST_F(ServerLimits, OneEndlessHeaderLineIs431) {
  start();
  RawClient one = client();
  one.send("GET /plain HTTP/1.1\r\nHost: x\r\nX: " + std::string(1'000'000, 'x'));
  expect_problem(one.read_response(), 431, "header-too-large");
}

TEST_F(ServerLimits, LongTargetIs414) {
  start();
  RawClient one = client();
  one.send(get("/q?a=" + std::string(20'000, 'x')));
  expect_problem(one.read_response(), 414, "uri-too-long");
}

TEST_F(ServerLimits, HeaderJustUnderTheLimitPasses) {
  options_.header_bytes = 2048;
  start();
  const std::string plain = get("/plain");
  const std::string filler = "X: " + std::string(2048 - plain.size() - 5, 'x') + "\r\n";
  EXPECT_EQ(ask(get("/plain", filler)).status, 200);
  EXPECT_EQ(ask(get("/plain", "X" + filler)).status, 431);
}

TEST_F(ServerLimits, TooLargeABodyIsRefusedFromItsLength) {
  options_.body_bytes = 1000;
  start();
  RawClient one = client();
  one.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2147483648\r\n\r\n");
  const auto answer = one.read_response();
  expect_problem(answer, 413, "body-too-large");
  EXPECT_NE(answer.body.find("the limit is 1000"), std::string::npos);
  EXPECT_EQ(answer.headers.at("connection"), "close");
}

TEST_F(ServerLimits, ClientThatSendsAllFirstStillReadsTheRefusal) {
  options_.body_bytes = 1U << 20;
  start();
  RawClient one = client();
  ASSERT_TRUE(one.send(post("/echo", std::string(3U << 20, 'x'))));
  expect_problem(one.read_response(), 413, "body-too-large");
}

TEST_F(ServerLimits, TooLargeAChunkedBodyIs413) {
  options_.body_bytes = 1000;
  start();
  RawClient one = client();
  one.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  one.send("200\r\n" + std::string(512, 'x') + "\r\n200\r\n" + std::string(512, 'x') + "\r\n");
  expect_problem(one.read_response(), 413, "body-too-large");
}

TEST_F(ServerLimits, EndlessChunkExtensionIs400) {
  start();
  RawClient one = client();
  one.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;" +
           std::string(100'000, 'x'));
  expect_problem(one.read_response(), 400, "bad-http");
}

TEST_F(ServerLimits, BodiesOverTheCommonBudgetGet429) {
  options_.bodies_bytes = 1000;
  start();
  RawClient first = client();
  first.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return metric_is("duramen_http_body_bytes 900"); }));
  const auto refused = ask(post("/echo", std::string(101, 'x')));
  expect_problem(refused, 429, "bodies-budget");
  EXPECT_EQ(refused.headers.at("retry-after"), "1");
  EXPECT_EQ(ask(post("/echo", std::string(100, 'x'))).status, 200);
  first.send(std::string(900, 'x'));
  EXPECT_EQ(first.read_response().status, 200);
  EXPECT_EQ(ask(post("/echo", std::string(1000, 'x'))).status, 200);
}

TEST_F(ServerLimits, BodiesThatAreOnlyAnnouncedKeepNobodyOut) {
  options_.body_bytes = 1U << 20;
  options_.bodies_bytes = 1U << 20;
  start();
  std::vector<RawClient> slow;
  for (int i = 0; i < 4; ++i) {
    slow.push_back(client());
    slow.back().send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\nx");
    if (i > 0) continue;
    ASSERT_TRUE(eventually([&] { return metric_is("duramen_http_body_bytes 16384"); }));
  }
  ASSERT_TRUE(eventually([&] { return metric_is("duramen_http_body_bytes 65536"); }));
  EXPECT_EQ(ask(post("/echo", std::string(900'000, 'x'))).status, 200);
}

TEST_F(ServerLimits, BodyThatOutgrowsTheBudgetOnItsWayGets429) {
  options_.bodies_bytes = 100'000;
  start();
  const std::string head = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n";
  RawClient first = client();
  RawClient second = client();
  first.send(head);
  second.send(head);
  ASSERT_TRUE(eventually([&] { return metric_is("duramen_http_body_bytes 32768"); }));
  first.send(std::string(59'999, 'x'));
  ASSERT_TRUE(eventually([&] { return metric_is("duramen_http_body_bytes 76384"); }));
  second.send(std::string(60'000, 'x'));
  expect_problem(second.read_response(), 429, "bodies-budget");
  first.send("x");
  EXPECT_EQ(first.read_response().body.size(), 60'000U);
  EXPECT_TRUE(eventually([&] { return metric_is("duramen_http_body_bytes 0"); }));
}

TEST_F(ServerLimits, ChunkedBodiesCountAgainstTheBudgetAsTheyCome) {
  options_.bodies_bytes = 1000;
  start();
  const std::string head = "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  RawClient first = client();
  first.send(head + "320\r\n" + std::string(800, 'x') + "\r\n");
  ASSERT_TRUE(eventually([&] { return metric_is("duramen_http_body_bytes 800"); }));
  RawClient second = client();
  second.send(head + "320\r\n" + std::string(800, 'x') + "\r\n");
  expect_problem(second.read_response(), 429, "bodies-budget");
  first.close();
  EXPECT_TRUE(eventually([&] { return metric_is("duramen_http_body_bytes 0"); }));
}

TEST_F(ServerLimits, ConnectionsOverTheLimitAreToldSo) {
  options_.connections = 2;
  start();
  RawClient first = client();
  RawClient second = client();
  first.send(get("/plain"));
  second.send(get("/plain"));
  EXPECT_EQ(first.read_response().status, 200);
  EXPECT_EQ(second.read_response().status, 200);
  RawClient third = client();
  const auto answer = third.read_response();
  expect_problem(answer, 503, "too-many-connections");
  EXPECT_EQ(answer.headers.at("retry-after"), "1");
  EXPECT_TRUE(third.wait_for_end());
  third.close();
  first.close();
  EXPECT_TRUE(eventually([&] { return ask(get("/plain")).status == 200; }));
}

TEST_F(ServerLimits, SlowHeaderIs408) {
  options_.read_timeout_seconds = 1;
  start();
  RawClient one = client();
  one.send("GET /plain HTTP/1.1\r\nHos");
  expect_problem(one.read_response(), 408, "request-timeout");
  EXPECT_TRUE(one.wait_for_end());
}

TEST_F(ServerLimits, DribbledHeaderIs408AllTheSame) {
  options_.read_timeout_seconds = 1;
  start();
  RawClient one = client();
  one.send("GET /plain HTTP/1.1\r\n");
  // Bytes keep coming; the time-out is for the whole header. Ends when the server has closed.
  std::thread dribble([&] {
    while (one.send("X: y\r\n")) {
      if (!eventually([&] { return metric_is("duramen_http_connections 1"); })) return;
      if (metrics_.render().find(R"(reason="read_timeout"} 1)") != std::string::npos) return;
      if (metrics_.render().find(R"(reason="header_size"} 1)") != std::string::npos) return;
      for (int i = 0; i < 200; ++i) std::this_thread::yield();
    }
  });
  const auto answer = one.read_response();
  dribble.join();
  EXPECT_TRUE(answer.status == 408 || answer.status == 431) << answer.status;
}

TEST_F(ServerLimits, SlowBodyIs408AndGivesItsBudgetBack) {
  options_.read_timeout_seconds = 1;
  start();
  RawClient one = client();
  one.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc");
  expect_problem(one.read_response(), 408, "request-timeout");
  EXPECT_TRUE(metric_is("duramen_http_body_bytes 0"));
}

TEST_F(ServerLimits, IdleConnectionIsClosedWithoutAWord) {
  options_.idle_timeout_seconds = 1;
  start();
  RawClient one = client();
  EXPECT_EQ(one.read_some(), "");
  EXPECT_TRUE(eventually([&] { return metric_is("duramen_http_connections 0"); }));
}

TEST_F(ServerLimits, FullWorkerQueueIs503AndImmediateRoutesGoOn) {
  options_.worker_threads = 1;
  options_.connections = 2000;
  std::promise<void> release;
  const auto released = release.get_future().share();
  router_.add({"GET", "/blocks", "",
               [released](const Request&, const Responder& respond) {
                 released.wait();
                 respond(text_response(200, "done"));
               },
               ""});
  start();
  std::vector<RawClient> clients;
  for (int i = 0; i < 1 + 512 + 1; ++i) {
    clients.push_back(client());
    ASSERT_TRUE(clients.back().ok());
    clients.back().send(get("/blocks"));
  }
  ASSERT_TRUE(eventually(
      [&] { return metric_is(R"(duramen_http_refused_total{reason="workers_busy"} 1)"); }));
  EXPECT_EQ(ask(get("/immediate")).body, "now");
  release.set_value();
  int refused = 0;
  for (auto& one : clients) {
    const auto answer = one.read_response();
    if (answer.status == 503) {
      ++refused;
      expect_problem(answer, 503, "busy");
      EXPECT_EQ(answer.headers.at("retry-after"), "1");
    } else {
      EXPECT_EQ(answer.status, 200);
    }
  }
  EXPECT_EQ(refused, 1);
}

struct BadRequest {
  std::string_view name;
  std::string_view bytes;
  int status;
};

class ServerBadRequest : public ServerTest, public testing::WithParamInterface<BadRequest> {};

TEST_P(ServerBadRequest, IsAProblemAndClosesOrGoesOn) {
  start();
  const auto answer = ask(GetParam().bytes);
  EXPECT_EQ(answer.status, GetParam().status) << answer.body;
  EXPECT_EQ(answer.headers.at("content-type"), "application/problem+json");
  EXPECT_EQ(ask(get("/plain")).status, 200);
}

INSTANTIATE_TEST_SUITE_P(
    All, ServerBadRequest,
    testing::Values(
        BadRequest{"Garbage", "\x16\x03\x01\x02garbage\r\n\r\n", 400},
        BadRequest{"NoPath", "GET  HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        BadRequest{"RelativePath", "GET plain HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        BadRequest{"Version", "GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505},
        BadRequest{"NoHost", "GET /plain HTTP/1.1\r\n\r\n", 400},
        BadRequest{"TwoHosts", "GET /plain HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400},
        BadRequest{"BadHeader", "GET /plain HTTP/1.1\r\nHost x\r\n\r\n", 400},
        BadRequest{"LengthAndChunked",
                   "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: "
                   "chunked\r\n\r\nabc",
                   400},
        BadRequest{"ChunkedAndLength",
                   "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
                   "chunked\r\nContent-Length: 3\r\n\r\nabc",
                   400},
        BadRequest{"TwoLengths",
                   "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: "
                   "4\r\n\r\nabc",
                   400},
        BadRequest{"NegativeLength",
                   "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -3\r\n\r\nabc", 400},
        BadRequest{"HugeLength",
                   "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: "
                   "99999999999999999999999\r\n\r\nabc",
                   400},
        BadRequest{"UnknownTransferEncoding",
                   "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\nabc", 501},
        BadRequest{"ChunkSize",
                   "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                   400},
        BadRequest{"NotFound", "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n", 404},
        BadRequest{"Method", "PATCH /plain HTTP/1.1\r\nHost: x\r\n\r\n", 405}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace duramen::api
