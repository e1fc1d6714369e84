// Pages over a real store: epochs, seals, restarts and retention between them.

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "query/engine.h"
#include "tests/store/store_fixture.h"

namespace duramen::query {
namespace {

class StorePaging : public ::testing::Test {
 protected:
  void SetUp() override {
    store_.options.epoch_raw_bytes = 3'000;  // epochs come and go while pages are read
    store_.options.block_raw_bytes = 1'000;
    restart();
  }
  void restart() {
    engine_.reset();
    store_.reopen();
    engine_ = make_query_engine(*store_.store, nullptr, {}, store_.clock, *store_.metrics);
  }
  /// A batch with few different times on four days.
  void append() {
    std::vector<std::string> lines;
    for (auto n = 1 + random_() % 20; n-- > 0;) lines.push_back("line " + std::to_string(added_++));
    const TimeNs time = store::kNoon - static_cast<TimeNs>(random_() % 4) * kNsPerDay;
    const auto ack = store::append_and_wait(*store_.store, store::batch_of(lines, time));
    ASSERT_TRUE(ack) << ack.error().message;
  }
  QueryEnd run(const QueryRequest& request, std::vector<std::string>& lines) {
    const auto query = engine_->start(request);
    EXPECT_TRUE(query) << query.error().message;
    if (!query) return {};
    const auto end = (*query)->run([&](std::string_view line) -> Result<void> {
      lines.emplace_back(line);
      return {};
    });
    EXPECT_TRUE(end) << end.error().message;
    return end ? *end : QueryEnd{};
  }
  /// What may happen between two pages.
  void disturb() {
    switch (random_() % 4) {
      case 0:
        append();
        break;
      case 1:
        ASSERT_TRUE(store_.store->seal());
        break;
      case 2:
        restart();
        break;
      default:
        break;
    }
  }

  std::uint64_t seed_ = std::random_device{}();
  ::testing::ScopedTrace trace_{__FILE__, __LINE__, "seed " + std::to_string(seed_)};
  std::mt19937_64 random_{seed_};
  store::TemporaryStore store_;
  std::unique_ptr<QueryEngine> engine_;
  int added_ = 0;
};

TEST_F(StorePaging, PagesGiveEveryRowOnceAcrossEpochsSealsAndRestarts) {
  for (const Order order : {Order::kNewestFirst, Order::kOldestFirst}) {
    for (int i = 0; i < 20; ++i) append();
    QueryRequest request;
    request.q = "line";
    request.order = order;
    request.limit = 0;
    std::vector<std::string> whole;
    EXPECT_FALSE(run(request, whole).partial);
    std::vector<std::string> paged;
    do {
      request.limit = 1 + random_() % 40;
      const QueryEnd end = run(request, paged);
      EXPECT_FALSE(end.partial);
      request.cursor = end.cursor;
      disturb();
    } while (!request.cursor.empty() && !HasFailure());
    ASSERT_EQ(paged, whole);
  }
}

TEST_F(StorePaging, DaysThatRetentionDropsBetweenPagesAreNamed) {
  for (int i = 0; i < 40; ++i) append();
  ASSERT_TRUE(store_.store->seal());
  QueryRequest request;
  request.q = "line";
  request.limit = 5;
  std::vector<std::string> lines;
  QueryEnd end = run(request, lines);
  EXPECT_FALSE(end.partial);
  ASSERT_FALSE(end.cursor.empty());
  store_.store->set_retention({2 * kNsPerDay, {}});
  ASSERT_TRUE(store_.store->enforce_retention());
  request.cursor = end.cursor;
  request.limit = 0;
  end = run(request, lines);
  EXPECT_TRUE(end.partial);
  EXPECT_FALSE(end.warnings.empty());
  EXPECT_LT(lines.size(), static_cast<std::size_t>(added_));
}

}  // namespace
}  // namespace duramen::query
