#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "query/indexer.h"
#include "tests/query/fake_index.h"
#include "tests/query/fake_store.h"

namespace duramen::query {
namespace {

using Ids = std::vector<std::uint64_t>;

class IndexerRules : public testing::Test {
 protected:
  IndexerRules() {
    for (const char* message : {"one", "two", "three"}) {
      store_.add(std::vector<std::string>{message});  // each later than the one before
      store_.build();
    }
  }
  Ids added() const {
    Ids out;
    for (const model::BlockId block : index_.added()) out.push_back(block.value());
    return out;
  }

  FakeStore store_;
  FakeIndex index_;
  MetricRegistry metrics_;
  Indexer indexer_{store_, index_, metrics_};
};

TEST_F(IndexerRules, AddsWhatTheIndexLacksTheNewestFirst) {
  ASSERT_TRUE(indexer_.catch_up());
  EXPECT_EQ(added(), (Ids{3, 2, 1}));
  store_.add(std::vector<std::string>{"four"});
  ASSERT_TRUE(indexer_.catch_up());
  EXPECT_EQ(added(), (Ids{3, 2, 1})) << "rows that are in no block yet are not indexed";
  store_.build();
  ASSERT_TRUE(indexer_.catch_up());
  EXPECT_EQ(added(), (Ids{3, 2, 1, 4}));
}

TEST_F(IndexerRules, DropsSegmentsThatAreGone) {
  ASSERT_TRUE(indexer_.catch_up());
  store_.drop_oldest_block();
  ASSERT_TRUE(indexer_.catch_up());
  EXPECT_EQ(index_.segments(),
            (std::vector<std::string>{"2026-11-22.default", "2026-11-23.default"}));
  EXPECT_EQ(added(), (Ids{3, 2, 1}));
}

TEST_F(IndexerRules, LeavesOutABlockThatCannotBeRead) {
  store_.damage(2);
  ASSERT_TRUE(indexer_.catch_up());
  ASSERT_TRUE(indexer_.catch_up());
  EXPECT_EQ(added(), (Ids{3, 1}));
}

TEST_F(IndexerRules, ForgetsABlockThatCouldNotBeReadWhenTheStoreDoes) {
  store_.damage(1);
  ASSERT_TRUE(indexer_.catch_up());
  EXPECT_EQ(indexer_.unreadable_blocks(), 1U);
  store_.drop_oldest_block();
  ASSERT_TRUE(indexer_.catch_up());
  EXPECT_EQ(indexer_.unreadable_blocks(), 0U);
}

TEST_F(IndexerRules, ABlockWhoseColumnsAreDamagedIsReadAsAWhole) {
  store_.damage(2, store::BlockPart::kRows);
  ASSERT_TRUE(indexer_.catch_up());
  EXPECT_EQ(added(), (Ids{3, 2, 1}));
}

TEST_F(IndexerRules, TriesAgainWhatTheDiskRefused) {
  index_.refuse(model::BlockId(2));
  const auto refused = indexer_.catch_up();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(added(), (Ids{3}));
  index_.refuse({});
  ASSERT_TRUE(indexer_.catch_up());
  EXPECT_EQ(added(), (Ids{3, 2, 1}));
}

TEST_F(IndexerRules, SealsEverySegmentWhenItHasCaughtUp) {
  ASSERT_TRUE(indexer_.seal());
  EXPECT_EQ(added(), (Ids{3, 2, 1}));
  EXPECT_EQ(index_.sealed(), index_.segments());
}

TEST_F(IndexerRules, EndsSoonWhenInterrupted) {
  indexer_.interrupt();
  const auto done = indexer_.seal();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(added(), Ids{});
}

}  // namespace
}  // namespace duramen::query
