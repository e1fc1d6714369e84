#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/query/query_test_base.h"

namespace duramen::query {
namespace {

class LimitsTest : public QueryTest {
 protected:
  void add_many(int batches) {
    for (int b = 0; b < batches; ++b) {
      std::vector<FakeRecord> records;
      for (int i = 0; i < 1000; ++i) {
        const std::string n = std::to_string(b * 1000 + i);
        records.push_back({b * 1000 + i, "message " + n, {}, {{"n", n}}});
      }
      store_.add(records);
    }
    store_.build();
  }
  Error error_of(const std::string& q) {
    const auto answer = try_run(oldest_first(q));
    EXPECT_FALSE(answer) << q;
    return answer ? Error{ErrorCode::kInternal, "no error"} : answer.error();
  }
};

TEST_F(LimitsTest, CancelStopsTheQueryAtTheNextBlock) {
  constexpr int kBlocks = 300;
  add_many(kBlocks);
  std::atomic<int> reads = 0;
  store_.on_read([&] {
    if (++reads == 2) {
      EXPECT_TRUE(engine_->cancel(engine_->list().at(0).id));
    }
  });
  EXPECT_EQ(error_of("* | stats count()").code, ErrorCode::kCancelled);
  // Others may be read at the same time, but no more than there are processors.
  EXPECT_LT(reads, kBlocks);
  EXPECT_FALSE(engine_->cancel(12345));
}

TEST_F(LimitsTest, AnotherThreadListsAndCancelsWhileItRuns) {
  add_many(3);
  std::promise<void> reading;
  std::promise<void> cancelled;
  std::atomic<bool> first = true;  // units are read on several threads
  store_.on_read([&] {
    if (!first.exchange(false)) return;
    reading.set_value();
    cancelled.get_future().wait();
  });
  const auto query = *engine_->start(oldest_first("*"));
  std::thread runner([&] {
    const auto end = query->run([](std::string_view) { return Result<void>(); });
    EXPECT_EQ(end.error().code, ErrorCode::kCancelled);
  });
  reading.get_future().wait();
  const auto list = engine_->list();
  EXPECT_EQ(list.size(), 1U);
  EXPECT_GE(list.at(0).scan_units, 1U);  // others may be read at the same time
  EXPECT_TRUE(engine_->cancel(query->id()));
  cancelled.set_value();
  runner.join();
}

TEST_F(LimitsTest, CancelBeforeRunAndCancelAll) {
  add_many(1);
  const auto one = *engine_->start({});
  const auto two = *engine_->start({});
  engine_->cancel_all();
  const LineWriter ignore = [](std::string_view) { return Result<void>(); };
  EXPECT_EQ(one->run(ignore).error().code, ErrorCode::kCancelled);
  two->cancel();
  EXPECT_EQ(two->run(ignore).error().code, ErrorCode::kCancelled);
  EXPECT_EQ(one->run(ignore).error().code, ErrorCode::kInternal) << "it runs only once";
}

TEST_F(LimitsTest, ErrorOfTheWriterEndsTheQuery) {
  add_many(1);
  const auto query = *engine_->start({});
  int lines = 0;
  const auto end = query->run([&](std::string_view) -> Result<void> {
    if (++lines == 3) return Error{ErrorCode::kCancelled, "the client went away"};
    return {};
  });
  EXPECT_EQ(lines, 3);
  EXPECT_EQ(end.error().message, "the client went away");
}

TEST_F(LimitsTest, AClientThatTakesRowsSlowlyIsUnderTheTimeoutToo) {
  add_many(5);
  QueryRequest request = oldest_first("*");
  request.timeout = 10 * kNsPerSecond;
  const auto query = engine_->start(request);
  ASSERT_TRUE(query) << query.error().message;
  int taken = 0;
  const auto end = (*query)->run([&](std::string_view) -> Result<void> {
    ++taken;
    clock_.advance(4 * kNsPerSecond);
    return {};
  });
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(taken, 3);
  EXPECT_FALSE((*query)->check());
}

/// Time goes on by one each time that somebody looks.
class TickingClock final : public Clock {
 public:
  TimeNs now() const override { return 1; }
  TimeNs monotonic() const override { return ++ticks_; }
  TimeNs ticks() const { return ticks_; }

 private:
  mutable std::atomic<TimeNs> ticks_{0};
};

TEST_F(LimitsTest, WheneverTheTimeIsUpTheAnswerIsWholeOrAnError) {
  std::vector<std::string> messages;
  for (int i = 0; i < 60; ++i) {
    messages.push_back(std::string("wanted ") + static_cast<char>('a' + i % 26) + " " +
                       std::string(1U + static_cast<unsigned>(i) / 26U, '+') + " 7");
  }
  store_.add(messages);
  store_.build();
  std::string q = "(wanted";
  for (int i = 0; i < 900; ++i)
    q += " OR absent" + std::string(1U + static_cast<unsigned>(i), 'x').substr(0, 9);
  const TickingClock clock;
  const auto engine = make_query_engine(store_, nullptr, {}, clock, metrics_);
  for (const std::string& rest : {std::string(") | stats count() as n"), std::string(") 7")}) {
    QueryRequest request = oldest_first(q + rest);
    const TimeNs before = clock.ticks();
    const auto whole = try_run(*engine, request);
    ASSERT_TRUE(whole) << whole.error().message;
    const TimeNs took = clock.ticks() - before;
    std::uint64_t cut_off = 0;
    for (TimeNs ticks = 1; ticks <= took; ticks += 1 + took / 150) {
      request.timeout = ticks;
      const auto answer = try_run(*engine, request);
      if (answer) {
        EXPECT_EQ(answer->lines, whole->lines) << "after " << ticks << " of " << took << " ticks";
      } else {
        EXPECT_EQ(answer.error().code, ErrorCode::kDeadlineExceeded);
        ++cut_off;
      }
    }
    EXPECT_GT(cut_off, 0U);
  }
}

TEST_F(LimitsTest, TimeoutSaysTheLimit) {
  add_many(5);
  int reads = 0;
  store_.on_read([&] {
    ++reads;
    clock_.advance(7 * kNsPerSecond);
  });
  QueryRequest request = oldest_first("*");
  request.timeout = 10 * kNsPerSecond;
  const auto answer = try_run(request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(answer.error().message,
            "the query ran longer than its limit of 10s; narrow the time range or the filter");
  EXPECT_EQ(reads, 2);
  reads = 0;
  request.timeout = 1'000'000 * kNsPerSecond;
  QueryLimits limits;
  limits.timeout = 6 * kNsPerSecond;
  make_engine(limits);
  EXPECT_EQ(try_run(request).error().code, ErrorCode::kDeadlineExceeded) << "never above the limit";
  EXPECT_EQ(reads, 1);
  request.timeout = 0;
  EXPECT_EQ(try_run(request).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(LimitsTest, HintIsGivenUpRatherThanLate) {
  add_many(5);
  store_.on_read([&] { clock_.advance(2 * kNsPerSecond); });
  QueryRequest request = oldest_first("message");
  request.start = 1'000'000;
  const Answer answer = run(request);
  EXPECT_EQ(answer.end.hint,
            "no match in the range; at least 3000 matches between 1970-01-01T00:00:00.000000000Z "
            "and 1970-01-01T00:00:00.000002999Z");
}

TEST_F(LimitsTest, MemoryLimitNamesThePipeAndTheRemedy) {
  add_many(20);
  QueryLimits limits;
  limits.memory_bytes = 1 << 20;
  make_engine(limits);
  const Error groups = error_of("* | stats count() by n");
  EXPECT_EQ(groups.code, ErrorCode::kResourceExhausted);
  EXPECT_TRUE(groups.message.starts_with("stats: ")) << groups.message;
  EXPECT_NE(groups.message.find(" groups need more than the query's memory limit of 1MiB; group by "
                                "fewer fields"),
            std::string::npos)
      << groups.message;
  EXPECT_TRUE(error_of("* | stats count_uniq(n)").message.starts_with("stats: the values of 1"));
  EXPECT_TRUE(error_of("* | sort n").message.starts_with("sort: "));
  EXPECT_EQ(messages("* | sort n desc | head 2"), (Strings{"message 19999", "message 19998"}));
  EXPECT_EQ(run("* | stats count() as n, p99(n) as p").lines.at(0), R"({"n":20000,"p":19799})");
  EXPECT_EQ(messages("*").size(), 20'000U);
  EXPECT_EQ(engine_->list().size(), 0U);
}

TEST_F(LimitsTest, QueriesAreListedUntilTheyGoAndNoMoreThanAllowed) {
  add_many(3);
  QueryLimits limits;
  limits.concurrent = 2;
  make_engine(limits);
  QueryRequest request;
  request.q = "message | stats count()";
  auto one = *engine_->start(request);
  auto two = *engine_->start(request);
  const auto three = engine_->start(request);
  ASSERT_FALSE(three);
  EXPECT_EQ(three.error().code, ErrorCode::kResourceExhausted);
  ASSERT_TRUE(one->run([](std::string_view) { return Result<void>(); }));
  const auto list = engine_->list();
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].id, one->id());
  EXPECT_EQ(list[0].q, request.q);
  EXPECT_EQ(list[0].started, clock_.now());
  EXPECT_EQ(list[0].scanned_rows, 3000U);
  EXPECT_GT(list[0].scanned_bytes, 0U);
  EXPECT_EQ(list[0].scan_units, 3U);
  EXPECT_EQ(list[0].scan_units_total, 3U);
  EXPECT_EQ(list[1].scanned_rows, 0U);
  one.reset();
  EXPECT_EQ(engine_->list().size(), 1U);
  EXPECT_TRUE(engine_->start(request));
}

TEST_F(LimitsTest, WhatIsStoredHasAnOldestAndANewestTime) {
  EXPECT_FALSE(engine_->times());
  store_.add({{5, "a", {}, {}}, {-3, "b", {}, {}}});
  EXPECT_EQ(engine_->times()->first, -3);
  EXPECT_EQ(engine_->times()->last, 5);
  store_.build();
  store_.add({{7, "c", {}, {}}});
  EXPECT_EQ(engine_->times()->first, -3);
  EXPECT_EQ(engine_->times()->last, 7);
}

TEST_F(LimitsTest, WhatCanBeRefusedIsRefusedAtTheStart) {
  QueryRequest request;
  request.q = std::string(64 * 1024 + 1, 'a');
  EXPECT_EQ(engine_->start(request).error().code, ErrorCode::kOutOfRange);
  request.q = "a OR";
  EXPECT_EQ(engine_->start(request).error().message, "column 5: expected a term after 'OR'");
  request.q = "a";
  request.start = 5;
  request.end = 5;
  EXPECT_EQ(engine_->start(request).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(engine_->list().size(), 0U);
}

TEST_F(LimitsTest, MetricsCountQueriesByTheirEnd) {
  add_many(1);
  run("* | stats count()");
  QueryRequest bad;
  bad.q = "(";
  ASSERT_FALSE(engine_->start(bad));
  const std::string text = metrics_.render();
  EXPECT_NE(text.find("duramen_queries_total{outcome=\"ok\"} 1"), std::string::npos) << text;
  EXPECT_NE(text.find("duramen_queries_total{outcome=\"refused\"} 1"), std::string::npos) << text;
  EXPECT_NE(text.find("duramen_query_scanned_rows_total 1000"), std::string::npos) << text;
  EXPECT_NE(text.find("duramen_queries_running 0"), std::string::npos) << text;
}

}  // namespace
}  // namespace duramen::query
