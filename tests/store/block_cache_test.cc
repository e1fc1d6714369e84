#include "store/block_cache.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace duramen::store {
namespace {

constexpr std::uint64_t kKiB = 1024;

class BlockCacheTest : public testing::Test {
 protected:
  static BlockCache::Value value(char c) { return std::make_shared<const std::string>(kKiB, c); }
  void add(std::uint64_t block, BlockPart part = BlockPart::kRows, char c = 'x') {
    cache_.add(model::BlockId(block), part, value(c));
  }
  bool has(std::uint64_t block, BlockPart part = BlockPart::kRows) {
    return cache_.find(model::BlockId(block), part) != nullptr;
  }

  MetricRegistry metrics_;
  BlockCache cache_{16 * kKiB, metrics_};
};

TEST_F(BlockCacheTest, GivesWhatWasAdded) {
  add(1, BlockPart::kRows, 'h');
  add(1, BlockPart::kVars, 'v');
  add(2, BlockPart::kRows, 'H');
  EXPECT_EQ(cache_.find(model::BlockId(1), BlockPart::kVars)->front(), 'v');
  EXPECT_EQ(cache_.find(model::BlockId(1), BlockPart::kRows)->front(), 'h');
  EXPECT_EQ(cache_.find(model::BlockId(2), BlockPart::kRows)->front(), 'H');
  EXPECT_FALSE(has(2, BlockPart::kVars));
  EXPECT_FALSE(has(3));
}

TEST_F(BlockCacheTest, KeepsToItsLimitAndLetsTheOneGoThatWasUsedLongestAgo) {
  for (std::uint64_t block = 1; block <= 10; ++block) add(block);
  EXPECT_TRUE(has(1)) << "used now";
  for (std::uint64_t block = 11; block <= 20; ++block) {
    add(block);
    EXPECT_LE(cache_.bytes(), 16 * kKiB);
    EXPECT_TRUE(has(1));
  }
  EXPECT_FALSE(has(2));
  EXPECT_TRUE(has(20));
  EXPECT_GT(cache_.bytes(), 14 * kKiB) << "it does not let go of more than it must";
}

TEST_F(BlockCacheTest, AddingAgainChangesNothing) {
  add(1, BlockPart::kRows, 'a');
  const std::uint64_t bytes = cache_.bytes();
  add(1, BlockPart::kRows, 'b');
  EXPECT_EQ(cache_.bytes(), bytes);
  EXPECT_EQ(cache_.find(model::BlockId(1), BlockPart::kRows)->front(), 'a');
}

TEST_F(BlockCacheTest, ForgetsABlockWhole) {
  add(1, BlockPart::kRows);
  add(1, BlockPart::kFields);
  add(2);
  cache_.forget(model::BlockId(1));
  cache_.forget(model::BlockId(3));
  EXPECT_FALSE(has(1));
  EXPECT_FALSE(has(1, BlockPart::kFields));
  EXPECT_TRUE(has(2));
  cache_.forget(model::BlockId(2));
  EXPECT_EQ(cache_.bytes(), 0U);
}

TEST_F(BlockCacheTest, ALayoutCountsWithAllThatItHolds) {
  auto layout = std::make_shared<BlockLayout>();
  layout->head.templates.push_back({std::string(kKiB, 't'), 1});
  cache_.add_layout(model::BlockId(1), layout);
  EXPECT_EQ(cache_.find_layout(model::BlockId(1)), layout);
  EXPECT_GE(cache_.bytes(), layout->weight());
  EXPECT_GT(cache_.bytes(), kKiB);
  EXPECT_EQ(cache_.find_layout(model::BlockId(2)), nullptr);
  cache_.forget(model::BlockId(1));
  EXPECT_EQ(cache_.find_layout(model::BlockId(1)), nullptr);
  EXPECT_EQ(cache_.bytes(), 0U);
}

TEST_F(BlockCacheTest, AValueThatIsInUseOutlivesItsPlace) {
  add(1, BlockPart::kRows, 'a');
  const BlockCache::Value used = cache_.find(model::BlockId(1), BlockPart::kRows);
  cache_.forget(model::BlockId(1));
  EXPECT_EQ(*used, std::string(kKiB, 'a'));
}

TEST_F(BlockCacheTest, ALargeValueDoesNotPushOutAllOthers) {
  add(1);
  cache_.add(model::BlockId(2), BlockPart::kVars,
             std::make_shared<const std::string>(2 * kKiB, 'x'));
  EXPECT_FALSE(has(2, BlockPart::kVars));
  EXPECT_TRUE(has(1));
}

TEST_F(BlockCacheTest, WithoutALimitOfBytesNothingIsKept) {
  BlockCache none(0, metrics_);
  none.add(model::BlockId(1), BlockPart::kRows, std::make_shared<const std::string>());
  EXPECT_EQ(none.find(model::BlockId(1), BlockPart::kRows), nullptr);
}

}  // namespace
}  // namespace duramen::store
