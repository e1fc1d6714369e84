#include "model/labels.h"

#include <gtest/gtest.h>

namespace duramen::model {
namespace {

/// Without the second meaning of two texts in braces: a string from two pointers.
Labels of(std::initializer_list<Labels::Pair> pairs) { return Labels(std::vector(pairs)); }

TEST(Labels, AreSortedUniqueAndWithoutEmptyValues) {
  const Labels labels = of({{"b", "2"}, {"a", "old"}, {"c", ""}, {"a", "new"}});
  EXPECT_EQ(labels.pairs(), (std::vector<Labels::Pair>{{"a", "new"}, {"b", "2"}}));
  EXPECT_EQ(labels.find("a"), "new");
  EXPECT_EQ(labels.find("c"), "");
  EXPECT_EQ(labels.find("none"), "");
}

TEST(Labels, AnEmptyLastValueRemovesTheEarlierOne) {
  EXPECT_EQ(of({{"a", "1"}, {"a", ""}}), Labels());
}

TEST(Labels, TheIdFollowsFromTheContentForEver) {
  EXPECT_EQ(of({{"a", "1"}, {"b", "2"}}).id(), of({{"b", "2"}, {"a", "1"}}).id());
  EXPECT_EQ(Labels().id(), Labels(std::vector<Labels::Pair>{}).id());
  EXPECT_NE(of({{"ab", "c"}}).id(), of({{"a", "bc"}}).id());
  // On disks: a change of this value loses every stored stream.
  EXPECT_EQ(of({{"app", "web"}, {"source", "stderr"}}).id().to_hex(),
            hash128(std::string("\x02\x03"
                                "app\x03"
                                "web\x06source\x06stderr"))
                .to_hex());
}

TEST(Labels, CanonicalBytesRoundTrip) {
  for (const Labels& labels : {Labels(), of({{"a", "1"}}), of({{"", "no name"}, {"n\0n", "v\xFF"}}),
                               of({{"long", std::string(100'000, 'x')}})}) {
    const auto back = Labels::from_canonical(labels.canonical());
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(*back, labels);
    EXPECT_EQ(back->id(), labels.id());
  }
}

TEST(Labels, OtherBytesAreDataLoss) {
  const std::string good = of({{"a", "1"}, {"b", "2"}}).canonical();
  const std::string unsorted(
      "\x02\x01"
      "b\x01"
      "2\x01"
      "a\x01"
      "1",
      9);
  const std::string twice(
      "\x02\x01"
      "a\x01"
      "1\x01"
      "a\x01"
      "2",
      9);
  const std::string empty_value(
      "\x01\x01"
      "a\0",
      4);
  const std::string impossible_count(
      "\xFF\xFF\xFF\xFF\x0F"
      "a",
      6);
  for (const std::string& bytes : {std::string(), good + "x", good.substr(0, good.size() - 1),
                                   unsorted, twice, empty_value, impossible_count}) {
    const auto labels = Labels::from_canonical(bytes);
    ASSERT_FALSE(labels) << testing::PrintToString(bytes);
    EXPECT_EQ(labels.error().code, ErrorCode::kDataLoss);
  }
}

}  // namespace
}  // namespace duramen::model
