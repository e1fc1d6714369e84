#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/query/query_test_base.h"

namespace duramen::query {
namespace {

class PagingTest : public QueryTest {
 protected:
  /// Random records, few different times, in open batches and blocks, of several nodes.
  void add_random(std::mt19937& random, int count) {
    std::vector<FakeRecord> records;
    for (int i = 0; i < count; ++i) {
      records.push_back({static_cast<TimeNs>(random() % 5) * kNsPerSecond,
                         (random() % 3 == 0 ? "skip " : "take ") + std::to_string(added_++) +
                             std::string(random() % 50, 'x'),
                         {{"app", "a" + std::to_string(random() % 3)}},
                         {}});
    }
    if (random() % 2 == 0) store_.set_node(model::NodeId(random() % 3));
    store_.add(records);
    if (random() % 2 == 0) store_.build();
  }
  int added_ = 0;
};

TEST_F(PagingTest, PagesGiveEveryRowOnceWhileRowsComeIn) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int i = 0; i < 10; ++i) add_random(random, 1 + static_cast<int>(random() % 60));
  for (const Order order : {Order::kNewestFirst, Order::kOldestFirst}) {
    for (const std::string q :
         {"take", "take | parse logfmt | where app:(a0 OR a1) | fields _seq"}) {
      QueryRequest request;
      request.q = q;
      request.order = order;
      request.limit = 0;
      const Strings whole = run(request).lines;
      EXPECT_TRUE(run(request).end.cursor.empty());
      Strings paged;
      for (int pages = 0; pages < 1000; ++pages) {
        request.limit = 1 + random() % 40;
        const Answer page = run(request);
        EXPECT_LE(page.lines.size(), *request.limit);
        paged.insert(paged.end(), page.lines.begin(), page.lines.end());
        if (page.end.cursor.empty()) break;
        request.cursor = page.end.cursor;
        add_random(random, 1 + static_cast<int>(random() % 5));
      }
      ASSERT_EQ(paged, whole) << q;
    }
  }
}

TEST_F(PagingTest, APageOfRowsOfOneTimeInOneBlockIsFollowedByAnother) {
  std::vector<FakeRecord> records;
  for (int i = 0; i < 50; ++i) records.push_back({7, "m" + std::to_string(i), {}, {}});
  store_.add(records);
  store_.build();
  QueryRequest request;
  request.limit = 10;
  Strings all;
  for (int page = 0; page < 5; ++page) {
    const Answer answer = run(request);
    EXPECT_EQ(answer.lines.size(), 10U);
    EXPECT_EQ(answer.end.cursor.empty(), page == 4);
    const Strings messages = answer.column("_msg");
    all.insert(all.end(), messages.begin(), messages.end());
    request.cursor = answer.end.cursor;
  }
  EXPECT_EQ(all.front(), "m49");
  EXPECT_EQ(all.back(), "m0");
}

TEST_F(PagingTest, OrderIsTimeThenNodeThenSeq) {
  store_.set_node(model::NodeId(2));
  store_.add({{5, "n2 s1", {}, {}}, {5, "n2 s2", {}, {}}});
  store_.set_node(model::NodeId(1));
  store_.add({{5, "n1 s3", {}, {}}, {4, "early", {}, {}}});
  EXPECT_EQ(messages("*"), (Strings{"early", "n1 s3", "n2 s1", "n2 s2"}));
}

TEST_F(PagingTest, EverythingComesInOrderWithinAFractionOfItsSize) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int i = 0; i < 40; ++i) add_random(random, 100);
  for (const Order order : {Order::kNewestFirst, Order::kOldestFirst}) {
    QueryRequest request;
    request.q = "*";
    request.order = order;
    request.limit = 0;
    make_engine({});
    const Strings whole = run(request).lines;
    ASSERT_EQ(whole.size(), 4000U);
    QueryLimits limits;
    limits.memory_bytes = 100'000;
    make_engine(limits);
    std::uint64_t peak = 0;
    const auto query = *engine_->start(request);
    Strings lines;
    const auto end = query->run([&](std::string_view line) -> Result<void> {
      lines.emplace_back(line);
      peak = std::max(peak, engine_->list().at(0).memory_bytes);
      return {};
    });
    ASSERT_TRUE(end) << end.error().message;
    EXPECT_EQ(lines, whole);
    EXPECT_GT(peak, 0U);
    EXPECT_LE(peak, limits.memory_bytes);
    // The same when more rows are asked for than fit.
    request.limit = 3500;
    EXPECT_EQ(run(request).lines, Strings(whole.begin(), whole.begin() + 3500));
    request.limit = 0;
    request.q = "* | head 3500 | where take OR skip";
    EXPECT_EQ(run(request).lines, Strings(whole.begin(), whole.begin() + 3500));
  }
}

TEST_F(PagingTest, NewestRowsAreFoundWithoutReadingOldBlocks) {
  constexpr int kBlocks = 400;
  for (int i = 0; i < kBlocks; ++i) {
    store_.add(Strings{"x", "x", "x"});
    store_.build();
  }
  QueryRequest request;
  request.limit = 2;
  // A few blocks are read at once, more on machines with more processors.
  EXPECT_LT(run(request).end.scanned_rows, 3U * kBlocks / 2);
}

TEST_F(PagingTest, CursorsOfOtherQueriesAndStoresAreRefused) {
  store_.add(Strings{"a 1", "a 2", "a 3"});
  QueryRequest request;
  request.q = "a";
  request.limit = 1;
  request.cursor = run(request).end.cursor;
  ASSERT_FALSE(request.cursor.empty());
  EXPECT_EQ(request.cursor.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                             "0123456789-_"),
            std::string::npos);
  const auto refusal = [&](const QueryRequest& changed) {
    const auto started = engine_->start(changed);
    if (started) return std::string("accepted");
    EXPECT_EQ(started.error().code, ErrorCode::kInvalidArgument);
    return started.error().message;
  };
  EXPECT_EQ(refusal(request), "accepted");
  constexpr auto kOther = "cursor: it belongs to another query: text and order must be the same";
  QueryRequest other = request;
  other.q = "a ";
  EXPECT_EQ(refusal(other), kOther);
  other = request;
  other.order = Order::kOldestFirst;
  EXPECT_EQ(refusal(other), kOther);
  other = request;
  other.limit = 7;
  EXPECT_EQ(refusal(other), "accepted") << "the limit may change";

  other = request;
  other.q = "a | stats count()";
  EXPECT_EQ(refusal(other), "cursor: a query with head, sort, stats or top has no pages");

  FakeStore empty;
  make_engine(empty, {});
  EXPECT_EQ(refusal(request), "cursor: it belongs to a later state of this store");
  FakeStore elsewhere("0ther");
  make_engine(elsewhere, {});
  EXPECT_EQ(refusal(request), "cursor: it belongs to another store (5707e1d, this is 0ther)");
}

TEST_F(PagingTest, APageGoesOnInTheRangeOfTheFirst) {
  store_.add(Strings{"a 1", "a 2", "a 3", "a 4"});
  QueryRequest request;
  request.start = 2 * kNsPerSecond;
  request.limit = 1;
  EXPECT_EQ(run(request).column("_msg"), Strings{"a 4"});
  request.cursor = run(request).end.cursor;
  request.start = 4 * kNsPerSecond;  // "the last 15 minutes" a little later
  request.limit = 10;
  EXPECT_EQ(run(request).column("_msg"), (Strings{"a 3", "a 2"}));
}

TEST_F(PagingTest, RowsThatRetentionDroppedBetweenPagesAreNamed) {
  store_.add(Strings{"a 1", "a 2"});
  store_.build();
  store_.add(Strings{"a 3"});
  store_.build();
  QueryRequest request;
  request.limit = 1;
  request.cursor = run(request).end.cursor;
  EXPECT_FALSE(run(request).end.partial);
  store_.drop_oldest_block();
  const Answer page = run(request);
  EXPECT_TRUE(page.end.partial);
  ASSERT_EQ(page.end.warnings.size(), 1U);
  EXPECT_NE(page.end.warnings[0].find("retention dropped 2026-11-21.default"), std::string::npos)
      << page.end.warnings[0];
}

TEST_F(PagingTest, DamagedCursorsAreRefusedWhateverTheDamage) {
  store_.add(Strings{"a 1", "a 2", "a 3"});
  QueryRequest request;
  request.limit = 1;
  const std::string cursor = run(request).end.cursor;
  for (std::size_t i = 0; i < cursor.size(); ++i) {
    request.cursor = cursor;
    request.cursor[i] = cursor[i] == 'A' ? 'B' : 'A';
    const auto changed = engine_->start(request);
    // The last letter may carry bits that stand for nothing.
    EXPECT_TRUE(!changed || i + 1 == cursor.size()) << i;
    request.cursor = cursor.substr(0, i);
    if (i > 0) {
      EXPECT_FALSE(engine_->start(request)) << "cut at " << i;
    }
  }
  for (const std::string text : {"x", "%%%", "AAAA", "\xff"}) {
    request.cursor = text;
    EXPECT_EQ(engine_->start(request).error().message,
              "cursor: it is not one, or was damaged on the way");
  }
  request.cursor = std::string(1'000'000, 'A');
  EXPECT_EQ(engine_->start(request).error().message, "cursor: it is too long to be one");
}

}  // namespace
}  // namespace duramen::query
