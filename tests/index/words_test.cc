#include "index/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "index/words_cache.h"
#include "tests/index/index_fixture.h"

namespace duramen::index {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string built(const std::vector<BlockKeys>& blocks) {
  const TemporaryDirectory directory;
  std::vector<const BlockKeys*> pointers;
  for (const BlockKeys& block : blocks) pointers.push_back(&block);
  auto bytes = build_words(directory.file("build-1"), pointers);
  EXPECT_TRUE(bytes) << bytes.error().message;
  EXPECT_FALSE(std::filesystem::exists(directory.file("build-1")));
  return bytes ? *bytes : std::string();
}

std::vector<std::size_t> places(const Result<BlockSet>& set) {
  EXPECT_TRUE(set) << set.error().message;
  std::vector<std::size_t> out;
  set->for_each([&](std::size_t place) { out.push_back(place); });
  return out;
}

TEST(Words, AreFoundInTheirBlocks) {
  const std::string bytes =
      built({keys_of({"connection reset"}), keys_of({"reset req12"}), keys_of({})});
  const auto words = Words::open(bytes, 3);
  ASSERT_TRUE(words) << words.error().message;
  LookupCost cost;
  EXPECT_THAT(places((*words)->find(KeyKind::kWord, "reset", cost)), ElementsAre(0, 1));
  EXPECT_THAT(places((*words)->find(KeyKind::kWord, "connection", cost)), ElementsAre(0));
  EXPECT_THAT(places((*words)->find(KeyKind::kHead, "req", cost)), ElementsAre(1));
  EXPECT_THAT(places((*words)->find(KeyKind::kWord, "req", cost)), IsEmpty());
  EXPECT_THAT(places((*words)->find_prefix(KeyKind::kWord, "co", cost)), ElementsAre(0));
  EXPECT_THAT(places((*words)->find_prefix(KeyKind::kHead, "re", cost)), ElementsAre(1));
}

TEST(Words, OfBlocksWithoutAnyAreADatabaseLikeOthers) {
  const auto words = Words::open(built({keys_of({}), keys_of({})}), 2);
  ASSERT_TRUE(words) << words.error().message;
  LookupCost cost;
  EXPECT_THAT(places((*words)->find(KeyKind::kWord, "any", cost)), IsEmpty());
}

TEST(Words, OfAnotherNumberOfBlocksAreRefused) {
  EXPECT_FALSE(Words::open(built({keys_of({"a"})}), 2));
}

TEST(Words, MergedKeepTheirPlacesInOrder) {
  const std::string merged =
      *merge_words({built({keys_of({}), keys_of({"x one"})}), built({keys_of({"x two"})}),
                    built({keys_of({})}), built({keys_of({}), keys_of({}), keys_of({"x"})})});
  const auto words = Words::open(merged, 7);
  ASSERT_TRUE(words) << words.error().message;
  LookupCost cost;
  EXPECT_THAT(places((*words)->find(KeyKind::kWord, "x", cost)), ElementsAre(1, 2, 6));
  EXPECT_THAT(places((*words)->find(KeyKind::kWord, "two", cost)), ElementsAre(2));
}

TEST(Words, TakeTermsOfEveryLengthAndByte) {
  std::string word(model::kMaxWord, '\xff');
  const auto words = Words::open(built({keys_of({word, "a"})}), 1);
  ASSERT_TRUE(words) << words.error().message;
  LookupCost cost;
  EXPECT_THAT(places((*words)->find(KeyKind::kWord, word, cost)), ElementsAre(0));
  EXPECT_THAT(places((*words)->find_prefix(KeyKind::kWord, "\xff", cost)), ElementsAre(0));
}

TEST(Words, APrefixOfTooManyTermsIsInAllBlocks) {
  BlockKeys many;
  for (std::size_t i = 0; i <= SegmentView::kMaxPrefixTerms; ++i) {
    many.words.push_back("p" + std::string(1 + i % 60, static_cast<char>('a' + i / 60 % 26)) +
                         std::string(1, static_cast<char>('a' + i / 1560)));
  }
  std::sort(many.words.begin(), many.words.end());
  many.words.erase(std::unique(many.words.begin(), many.words.end()), many.words.end());
  ASSERT_GT(many.words.size(), SegmentView::kMaxPrefixTerms);
  const auto words = Words::open(built({many, keys_of({})}), 2);
  LookupCost cost;
  EXPECT_THAT(places((*words)->find_prefix(KeyKind::kWord, "p", cost)), ElementsAre(0, 1));
  EXPECT_EQ(cost.terms, SegmentView::kMaxPrefixTerms);
  EXPECT_THAT(places((*words)->find_prefix(KeyKind::kWord, "pb", cost)), ElementsAre(0));
}

TEST(Words, LabelsOfEveryLengthAndByteAreListed) {
  const std::set<std::string> labels = {
      model::pair_text("app", "web"), model::pair_text("app", std::string(5000, 'x')),
      model::pair_text("zero", std::string(150, '\0')), model::pair_text("", ""),
      model::pair_text("app", std::string(195, 'y'))};
  const std::vector<std::string> list(labels.begin(), labels.end());
  const std::string one = built({keys_of({}, list)});
  const std::string two = built({keys_of({}, {list[0], list[1]})});
  const auto words = Words::open(*merge_words({one, two}), 2);
  ASSERT_TRUE(words) << words.error().message;
  LookupCost cost;
  std::set<std::string> pairs;
  ASSERT_TRUE((*words)->labels("", 100, pairs, cost));
  EXPECT_EQ(pairs, labels);
  std::set<std::string> apps;
  ASSERT_TRUE((*words)->labels(model::pair_text("app", ""), 100, apps, cost));
  EXPECT_EQ(apps.size(), 3U);
}

TEST(WordsCache, KeepsTheNewestUpToItsLimits) {
  Counter opened;
  WordsCache cache(2, 1 << 20, opened);
  const std::string bytes = built({keys_of({"a"})});
  const auto open = [&] { return Words::open(bytes, 1); };
  for (const std::uint64_t part : {1U, 2U, 1U, 3U, 1U}) ASSERT_TRUE(cache.get(part, open));
  EXPECT_EQ(opened.value(), 3U);
  EXPECT_EQ(cache.size(), 2U);
  ASSERT_TRUE(cache.get(2, open));
  EXPECT_EQ(opened.value(), 4U) << "part 2 was the one used least lately";
  cache.forget(2);
  EXPECT_EQ(cache.size(), 1U);
}

TEST(WordsCache, HoldsOneThatIsLargerThanItsBytes) {
  Counter opened;
  WordsCache cache(16, 1, opened);
  const std::string bytes = built({keys_of({"a"})});
  const auto open = [&] { return Words::open(bytes, 1); };
  ASSERT_TRUE(cache.get(1, open));
  ASSERT_TRUE(cache.get(1, open));
  EXPECT_EQ(opened.value(), 1U);
  ASSERT_TRUE(cache.get(2, open));
  EXPECT_EQ(cache.size(), 1U);
}

}  // namespace
}  // namespace duramen::index
