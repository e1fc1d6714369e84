#include "store/value_cache.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace duramen::store {
namespace {

constexpr std::uint64_t kKiB = 1024;

class ValueCacheTest : public testing::Test {
 protected:
  static ValueCache::Value value(char c) { return std::make_shared<const std::string>(kKiB, c); }
  void add(std::uint64_t block, BlockPart part = BlockPart::kHead, char c = 'x') {
    cache_.add(model::BlockId(block), part, value(c));
  }
  bool has(std::uint64_t block, BlockPart part = BlockPart::kHead) {
    return cache_.find(model::BlockId(block), part) != nullptr;
  }

  MetricRegistry metrics_;
  ValueCache cache_{16 * kKiB, metrics_};
};

TEST_F(ValueCacheTest, GivesWhatWasAdded) {
  add(1, BlockPart::kHead, 'h');
  add(1, BlockPart::kVars, 'v');
  add(2, BlockPart::kHead, 'H');
  EXPECT_EQ(cache_.find(model::BlockId(1), BlockPart::kVars)->front(), 'v');
  EXPECT_EQ(cache_.find(model::BlockId(1), BlockPart::kHead)->front(), 'h');
  EXPECT_EQ(cache_.find(model::BlockId(2), BlockPart::kHead)->front(), 'H');
  EXPECT_FALSE(has(2, BlockPart::kVars));
  EXPECT_FALSE(has(3));
}

TEST_F(ValueCacheTest, KeepsToItsLimitAndLetsTheOneGoThatWasUsedLongestAgo) {
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

TEST_F(ValueCacheTest, AddingAgainChangesNothing) {
  add(1, BlockPart::kHead, 'a');
  const std::uint64_t bytes = cache_.bytes();
  add(1, BlockPart::kHead, 'b');
  EXPECT_EQ(cache_.bytes(), bytes);
  EXPECT_EQ(cache_.find(model::BlockId(1), BlockPart::kHead)->front(), 'a');
}

TEST_F(ValueCacheTest, ForgetsABlockWhole) {
  add(1, BlockPart::kHead);
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

TEST_F(ValueCacheTest, AValueThatIsInUseOutlivesItsPlace) {
  add(1, BlockPart::kHead, 'a');
  const ValueCache::Value used = cache_.find(model::BlockId(1), BlockPart::kHead);
  cache_.forget(model::BlockId(1));
  EXPECT_EQ(*used, std::string(kKiB, 'a'));
}

TEST_F(ValueCacheTest, ALargeValueDoesNotPushOutAllOthers) {
  add(1);
  cache_.add(model::BlockId(2), BlockPart::kVars,
             std::make_shared<const std::string>(2 * kKiB, 'x'));
  EXPECT_FALSE(has(2, BlockPart::kVars));
  EXPECT_TRUE(has(1));
}

TEST_F(ValueCacheTest, WithoutALimitOfBytesNothingIsKept) {
  ValueCache none(0, metrics_);
  none.add(model::BlockId(1), BlockPart::kHead, std::make_shared<const std::string>());
  EXPECT_EQ(none.find(model::BlockId(1), BlockPart::kHead), nullptr);
}

}  // namespace
}  // namespace duramen::store
