#include <atomic>
#include <numeric>

#include "tests/api/server_fixture.h"

namespace duramen::api {
namespace {

using ServerStream = ServerTest;

/// What a producer saw, for the test to wait for.
struct Seen {
  std::promise<void> began;
  std::promise<Result<void>> ended;
  bool end_is(ErrorCode code) {
    auto future = ended.get_future();
    if (future.wait_for(std::chrono::seconds(10)) != std::future_status::ready) return false;
    const auto result = future.get();
    return !result && result.error().code == code;
  }
};

TEST_F(ServerStream, SmallBodyHasALength) {
  producer_ = [](BodyWriter& out) { return out.write("a\nb\n"); };
  start();
  RawClient one = client();
  for (int i = 0; i < 3; ++i) {
    one.send(get("/stream"));
    const auto answer = one.read_response();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "a\nb\n");
    EXPECT_TRUE(answer.complete);
    EXPECT_EQ(answer.headers.at("content-type"), "application/x-ndjson");
  }
}

TEST_F(ServerStream, AProducerThatWaitsForASlowClientGivesUpWhenItsCheckSaysSo) {
  Seen seen;
  std::atomic<bool> over{false};
  producer_ = [&](BodyWriter& out) -> Result<void> {
    out.give_up_when([&]() -> Result<void> {
      if (over) return Error{ErrorCode::kDeadlineExceeded, "over"};
      return {};
    });
    seen.began.set_value();
    Result<void> written;
    while (written) written = out.write(std::string(100'000, 'x'));
    seen.ended.set_value(written);
    return written;
  };
  start();
  RawClient one = client();
  one.send(get("/stream"));
  seen.began.get_future().wait();
  over = true;  // the client has read nothing, and is still there
  EXPECT_TRUE(seen.end_is(ErrorCode::kDeadlineExceeded));
}

TEST_F(ServerStream, EmptyBodyIsAnEmptyAnswer) {
  producer_ = [](BodyWriter&) -> Result<void> { return {}; };
  start();
  const auto answer = ask(get("/stream"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "");
  EXPECT_TRUE(answer.complete);
}

TEST_F(ServerStream, ManyRowsArriveWholeAndInOrder) {
  constexpr int kRows = 100'000;
  producer_ = [](BodyWriter& out) -> Result<void> {
    for (int i = 0; i < kRows; ++i) {
      DURAMEN_TRY_VOID(out.write("{\"n\":" + std::to_string(i) + "}\n"));
    }
    return {};
  };
  start();
  RawClient one = client();
  for (int round = 0; round < 2; ++round) {
    one.send(get("/stream"));
    const auto answer = one.read_response();
    ASSERT_TRUE(answer.complete);
    EXPECT_EQ(answer.headers.at("transfer-encoding"), "chunked");
    std::string expected;
    for (int i = 0; i < kRows; ++i) expected += "{\"n\":" + std::to_string(i) + "}\n";
    EXPECT_TRUE(answer.body == expected);
  }
}

TEST_F(ServerStream, OneWriteLargerThanTheBufferPasses) {
  options_.stream_buffer_bytes = 1000;
  const std::string large(1U << 20, 'x');
  producer_ = [&](BodyWriter& out) { return out.write(large); };
  start();
  EXPECT_TRUE(ask(get("/stream")).body == large);
}

TEST_F(ServerStream, RowsOfASlowProducerComeAtOnce) {
  std::promise<void> go_on;
  auto may_go_on = go_on.get_future().share();
  producer_ = [may_go_on](BodyWriter& out) -> Result<void> {
    DURAMEN_TRY_VOID(out.write("first\n"));
    may_go_on.wait();
    return out.write("second\n");
  };
  start();
  RawClient one = client();
  one.send(get("/stream"));
  std::string text;
  while (text.find("first\n") == std::string::npos) {
    const auto more = one.read_some();
    ASSERT_FALSE(more.empty());
    text += more;
  }
  go_on.set_value();
  while (text.find("0\r\n\r\n") == std::string::npos) {
    const auto more = one.read_some();
    ASSERT_FALSE(more.empty());
    text += more;
  }
  EXPECT_NE(text.find("second\n"), std::string::npos);
}

TEST_F(ServerStream, ErrorBeforeTheFirstByteIsAProblem) {
  producer_ = [](BodyWriter&) -> Result<void> {
    return Error{ErrorCode::kDeadlineExceeded, "10 s are over"};
  };
  start();
  RawClient one = client();
  one.send(get("/stream"));
  const auto answer = one.read_response();
  EXPECT_EQ(answer.status, 504);
  EXPECT_EQ(answer.headers.at("content-type"), "application/problem+json");
  EXPECT_NE(answer.body.find("10 s are over"), std::string::npos);
  one.send(get("/plain"));
  EXPECT_EQ(one.read_response().status, 200) << "the connection goes on";
}

TEST_F(ServerStream, LateErrorLeavesOutTheLastChunk) {
  producer_ = [](BodyWriter& out) -> Result<void> {
    DURAMEN_TRY_VOID(out.write("row\n"));
    DURAMEN_TRY_VOID(out.write("{\"_error\":{}}\n"));
    return Error{ErrorCode::kDataLoss, "late"};
  };
  start();
  RawClient one = client();
  one.send(get("/stream"));
  const auto answer = one.read_response();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "row\n{\"_error\":{}}\n");
  EXPECT_FALSE(answer.complete);
  EXPECT_TRUE(one.wait_for_end());
  EXPECT_TRUE(eventually([&] {
    return metric_is(
        R"(duramen_http_requests_total{method="GET",route="/stream",code="aborted"} 1)");
  }));
}

TEST_F(ServerStream, ThrowingProducerIsAnError) {
  producer_ = [](BodyWriter&) -> Result<void> { throw std::runtime_error("bug"); };
  start();
  EXPECT_EQ(ask(get("/stream")).status, 500);
}

TEST_F(ServerStream, Http10GetsAWholeBodyWithLength) {
  producer_ = [](BodyWriter& out) -> Result<void> {
    for (int i = 0; i < 10'000; ++i) DURAMEN_TRY_VOID(out.write("0123456789012345678\n"));
    return {};
  };
  start();
  const auto answer = ask("GET /stream HTTP/1.0\r\n\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.at("content-length"), "200000");
  EXPECT_EQ(answer.body.size(), 200'000U);
}

TEST_F(ServerStream, Http10IsRefusedWhatCannotBeGathered) {
  producer_ = [](BodyWriter& out) -> Result<void> {
    const std::string part(1U << 20, 'x');
    for (int i = 0; i < 5; ++i) DURAMEN_TRY_VOID(out.write(part));
    return {};
  };
  start();
  const auto answer = ask("GET /stream HTTP/1.0\r\n\r\n");
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(answer.headers.count("retry-after"), 0U);
  EXPECT_NE(answer.body.find("/problems/answer-too-large"), std::string::npos);
  EXPECT_NE(answer.body.find("HTTP/1.1"), std::string::npos);
}

TEST_F(ServerStream, LeavingClientIsNoticedWhileNothingIsWritten) {
  Seen seen;
  std::promise<void> told;
  producer_ = [&](BodyWriter& out) -> Result<void> {
    auto left = told.get_future();
    out.when_gone([&] { told.set_value(); });
    seen.began.set_value();
    left.wait_for(std::chrono::seconds(10));
    auto end = out.write("x");
    EXPECT_TRUE(out.gone());
    seen.ended.set_value(end);
    return end;
  };
  start();
  RawClient one = client();
  one.send(get("/stream"));
  ASSERT_EQ(seen.began.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
  const auto before = std::chrono::steady_clock::now();
  one.close();
  EXPECT_TRUE(seen.end_is(ErrorCode::kCancelled));
  const auto took = std::chrono::steady_clock::now() - before;
  EXPECT_LT(took, std::chrono::seconds(1)) << "noticed by the socket, not by a time-out";
  EXPECT_TRUE(eventually([&] { return metric_is("duramen_http_connections 0"); }));
}

TEST_F(ServerStream, LeavingClientStopsAProducerThatWrites) {
  for (const bool reset : {false, true}) {
    Seen seen;
    producer_ = [&](BodyWriter& out) -> Result<void> {
      for (;;) {
        auto written = out.write("some row or other\n");
        if (written) continue;
        seen.ended.set_value(written);
        return written;
      }
    };
    if (!server_) start();
    RawClient one = client();
    one.send(get("/stream"));
    ASSERT_FALSE(one.read_some().empty());
    if (reset) {
      one.reset();
    } else {
      one.close();
    }
    EXPECT_TRUE(seen.end_is(ErrorCode::kCancelled));
    EXPECT_TRUE(eventually([&] { return metric_is("duramen_http_streams 0"); }));
  }
}

TEST_F(ServerStream, WhenGoneAfterTheFactIsCalledAtOnce) {
  std::promise<void> told;
  Seen seen;
  producer_ = [&](BodyWriter& out) -> Result<void> {
    seen.began.set_value();
    if (!eventually([&] { return out.gone(); })) return {};
    out.when_gone([&] { told.set_value(); });
    return Error{ErrorCode::kCancelled, ""};
  };
  start();
  {
    RawClient one = client();
    one.send(get("/stream"));
    seen.began.get_future().wait();
  }
  EXPECT_EQ(told.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST_F(ServerStream, ClientThatNeverReadsIsDroppedAndHoldsLittle) {
  options_.write_timeout_seconds = 1;
  options_.stream_buffer_bytes = 64 * 1024;
  Seen seen;
  std::atomic<std::uint64_t> taken{0};
  const std::string row(1024, 'x');
  producer_ = [&](BodyWriter& out) -> Result<void> {
    for (;;) {
      auto written = out.write(row);
      if (!written) {
        seen.ended.set_value(written);
        return written;
      }
      taken += row.size();
    }
  };
  start();
  RawClient one(address_, 4096);
  one.send(get("/stream"));
  EXPECT_TRUE(seen.end_is(ErrorCode::kCancelled));
  // The kernel's send buffer takes up to 4 MiB (tcp_wmem); we hold 64 KiB besides.
  EXPECT_LT(taken.load(), 8U << 20);
  EXPECT_TRUE(eventually(
      [&] { return metric_is(R"(duramen_http_refused_total{reason="write_timeout"} 1)"); }));
}

TEST_F(ServerStream, SlowReaderThatMakesProgressIsKept) {
  options_.write_timeout_seconds = 1;
  options_.stream_buffer_bytes = 16 * 1024;
  constexpr std::size_t kBytes = 3U << 20;
  producer_ = [](BodyWriter& out) -> Result<void> { return out.write(std::string(kBytes, 'x')); };
  start();
  RawClient one(address_, 4096);
  one.send(get("/stream"));
  EXPECT_EQ(one.read_response().body.size(), kBytes);
}

TEST_F(ServerStream, MoreStreamsThanThreadsGet503) {
  options_.stream_threads = 2;
  std::promise<void> release;
  auto released = release.get_future().share();
  producer_ = [released](BodyWriter& out) {
    released.wait();
    return out.write("done\n");
  };
  start();
  RawClient first = client();
  RawClient second = client();
  first.send(get("/stream"));
  second.send(get("/stream"));
  ASSERT_TRUE(eventually([&] { return metric_is("duramen_http_streams 2"); }));
  const auto refused = ask(get("/stream"));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.headers.at("retry-after"), "1");
  release.set_value();
  EXPECT_EQ(first.read_response().body, "done\n");
  EXPECT_EQ(second.read_response().body, "done\n");
}

TEST_F(ServerStream, RequestsSentAheadWaitForTheStream) {
  std::promise<void> release;
  auto released = release.get_future().share();
  producer_ = [released](BodyWriter& out) {
    released.wait();
    return out.write("streamed\n");
  };
  start();
  RawClient one = client();
  one.send(get("/stream") + get("/plain"));
  ASSERT_TRUE(eventually([&] { return metric_is("duramen_http_streams 1"); }));
  one.send(get("/plain"));
  release.set_value();
  EXPECT_EQ(one.read_response().body, "streamed\n");
  EXPECT_EQ(one.read_response().body, "hello");
  EXPECT_EQ(one.read_response().body, "hello");
}

TEST_F(ServerStream, BodySentAheadIsPutTogether) {
  for (const std::string framing :
       {"Content-Length: 8\r\n\r\n|abc|defgh",
        "Transfer-Encoding: chunked\r\n\r\n|4\r\nabc|d\r\n4\r\nefgh\r\n0\r\n\r\n"}) {
    const auto body = framing.find('|');
    const auto cut = framing.find('|', body + 1);
    const std::string head = "POST /echo HTTP/1.1\r\nHost: x\r\n" + framing.substr(0, body);
    const std::string early = get("/stream") + head + framing.substr(body + 1, cut - body - 1);
    std::promise<void> release;
    auto released = release.get_future().share();
    producer_ = [released](BodyWriter& out) {
      released.wait();
      return out.write("streamed\n");
    };
    if (!server_) start();
    const auto before = received();
    RawClient one = client();
    one.send(early);
    EXPECT_TRUE(eventually([&] { return received() == before + early.size(); }));
    EXPECT_TRUE(eventually([&] { return metric_is("duramen_http_streams 1"); }));
    release.set_value();
    EXPECT_EQ(one.read_response().body, "streamed\n");
    one.send(framing.substr(cut + 1) + get("/plain"));
    EXPECT_EQ(one.read_response().body, "abcdefgh");
    EXPECT_EQ(one.read_response().body, "hello");
  }
}

TEST_F(ServerStream, BodyAfterContinueBehindAStreamIsPutTogether) {
  std::promise<void> release;
  auto released = release.get_future().share();
  producer_ = [released](BodyWriter& out) {
    released.wait();
    return out.write("streamed\n");
  };
  start();
  RawClient one = client();
  const std::string early = get("/stream") +
                            "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                            "Content-Length: 4\r\n\r\n";
  one.send(early);
  EXPECT_TRUE(eventually([&] { return received() == early.size(); }));
  EXPECT_TRUE(eventually([&] { return metric_is("duramen_http_streams 1"); }));
  release.set_value();
  EXPECT_EQ(one.read_response().body, "streamed\n");
  EXPECT_EQ(one.read_response().status, 100);
  one.send("body" + get("/plain"));
  EXPECT_EQ(one.read_response().body, "body");
  EXPECT_EQ(one.read_response().body, "hello");
}

TEST_F(ServerStream, StopEndsAStreamThatWouldNotEnd) {
  Seen seen;
  producer_ = [&](BodyWriter& out) -> Result<void> {
    std::promise<void> told;
    auto left = told.get_future();
    out.when_gone([&] { told.set_value(); });
    seen.began.set_value();
    left.wait();
    return Error{ErrorCode::kCancelled, "gone"};
  };
  start();
  RawClient one = client();
  one.send(get("/stream"));
  seen.began.get_future().wait();
  server_->stop(kNsPerSecond / 10);
  EXPECT_TRUE(one.wait_for_end());
}

TEST_F(ServerStream, StopWaitsForAStreamThatEndsInTime) {
  std::promise<void> release;
  auto released = release.get_future().share();
  producer_ = [released](BodyWriter& out) {
    released.wait();
    return out.write("whole\n");
  };
  start();
  RawClient idle = client();
  idle.send(get("/plain"));
  EXPECT_EQ(idle.read_response().status, 200);
  RawClient one = client();
  one.send(get("/stream"));
  ASSERT_TRUE(eventually([&] { return metric_is("duramen_http_streams 1"); }));
  std::thread stopper([&] { server_->stop(10 * kNsPerSecond); });
  EXPECT_TRUE(idle.wait_for_end()) << "idle connections are closed at once";
  release.set_value();
  const auto answer = one.read_response();
  EXPECT_EQ(answer.body, "whole\n");
  EXPECT_EQ(answer.headers.at("connection"), "close");
  one.close();
  stopper.join();
  EXPECT_FALSE(RawClient(address_).ok());
}

}  // namespace
}  // namespace duramen::api
