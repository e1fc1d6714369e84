#include "index/block_set.h"

#include <gtest/gtest.h>

#include <vector>

namespace duramen::index {
namespace {

TEST(BlockSet, AllHasEveryPlaceAndNoOther) {
  for (const std::size_t size : {0U, 1U, 63U, 64U, 65U, 1024U}) {
    const BlockSet all = BlockSet::all(size);
    EXPECT_EQ(all.count(), size);
    EXPECT_TRUE(all.is_all());
    EXPECT_EQ(all.is_none(), size == 0);
    EXPECT_TRUE(BlockSet::none(size).is_none());
  }
}

TEST(BlockSet, PlacesAreGivenInOrder) {
  BlockSet set = BlockSet::none(130);
  for (const std::size_t place : {129U, 0U, 64U, 63U}) set.set(place);
  std::vector<std::size_t> places;
  set.for_each([&](std::size_t place) { places.push_back(place); });
  EXPECT_EQ(places, (std::vector<std::size_t>{0, 63, 64, 129}));
  EXPECT_TRUE(set.test(64));
  EXPECT_FALSE(set.test(65));
}

TEST(BlockSet, AndKeepsWhatBothHaveAndOrWhatOneHas) {
  BlockSet a = BlockSet::none(70);
  a.set(1);
  a.set(69);
  BlockSet b = BlockSet::none(70);
  b.set(2);
  b.set(69);
  BlockSet both = a;
  both &= b;
  EXPECT_EQ(both.count(), 1U);
  EXPECT_TRUE(both.test(69));
  BlockSet either = a;
  either |= b;
  EXPECT_EQ(either.count(), 3U);
}

}  // namespace
}  // namespace duramen::index
