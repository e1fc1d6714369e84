#include "index/merge_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "index/filter_layout.h"

namespace duramen::index {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Sizes = std::vector<std::size_t>;

Sizes merged(Sizes sizes, const Sizes& chosen) {
  std::size_t blocks = 0;
  for (auto at = chosen.rbegin(); at != chosen.rend(); ++at) {
    blocks += sizes[*at];
    sizes.erase(sizes.begin() + static_cast<std::ptrdiff_t>(*at));
  }
  sizes.push_back(blocks);
  return sizes;
}

TEST(MergePolicy, WaitsForEightPartsOfATier) {
  EXPECT_THAT(parts_to_merge(Sizes(7, 16)), IsEmpty());
  EXPECT_THAT(parts_to_merge({16, 500, 16, 16, 16, 16, 16, 16, 16}),
              ElementsAre(0, 2, 3, 4, 5, 6, 7, 8));
}

TEST(MergePolicy, NeverMakesAPartTooLarge) {
  EXPECT_THAT(parts_to_merge(Sizes(9, 600)), IsEmpty());
  EXPECT_THAT(parts_to_merge(Sizes(8, 300)), ElementsAre(0, 1, 2));
  EXPECT_THAT(parts_to_seal({600, 600}), IsEmpty());
  EXPECT_THAT(parts_to_seal({1000, 24, 1}), ElementsAre(1, 2));
  EXPECT_THAT(parts_to_seal({1000, 24}), ElementsAre(0, 1));
  EXPECT_THAT(parts_to_seal({7}), IsEmpty());
  EXPECT_THAT(parts_to_seal({}), IsEmpty());
}

TEST(MergePolicy, ABlockIsWrittenAFewTimesAndPartsStayFew) {
  Sizes sizes;
  std::size_t written = 0;
  constexpr std::size_t kBlocks = 16 * 1000;
  for (std::size_t i = 0; i < kBlocks; i += 16) {
    sizes.push_back(16);
    written += 16;
    for (Sizes chosen = parts_to_merge(sizes); !chosen.empty(); chosen = parts_to_merge(sizes)) {
      sizes = merged(sizes, chosen);
      ASSERT_LE(sizes.back(), kMaxPartBlocks);
      written += sizes.back();
    }
  }
  EXPECT_EQ(std::accumulate(sizes.begin(), sizes.end(), std::size_t{0}), kBlocks);
  EXPECT_LE(written, 4 * kBlocks);
  EXPECT_LE(sizes.size(), kBlocks / kMaxPartBlocks + 3 * kTierParts);
}

TEST(MergePolicy, SealingEndsWithPartsThatDoNotFitTogether) {
  Sizes sizes(200, 16);
  for (Sizes chosen = parts_to_seal(sizes); !chosen.empty(); chosen = parts_to_seal(sizes)) {
    sizes = merged(sizes, chosen);
  }
  EXPECT_EQ(sizes.size(), 4U);
}

}  // namespace
}  // namespace duramen::index
