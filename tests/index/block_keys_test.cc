#include "index/block_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "tests/index/index_fixture.h"

namespace duramen::index {
namespace {

using ::testing::ElementsAre;

TEST(BlockKeys, AreSortedAndHaveNothingTwice) {
  const BlockKeys keys = keys_of({"Error at req12345", "error at a77 req12345"}, {"b", "a", "b"});
  EXPECT_THAT(keys.words, ElementsAre("at", "error"));
  EXPECT_THAT(keys.heads, ElementsAre("a", "req"));
  EXPECT_THAT(keys.labels, ElementsAre("a", "b"));
  std::vector<std::uint64_t> hashes = {key_hash(KeyKind::kToken, "req12345"),
                                       key_hash(KeyKind::kPair, "a"),
                                       key_hash(KeyKind::kPair, "b")};
  std::sort(hashes.begin(), hashes.end());
  EXPECT_EQ(keys.hashes, hashes);
}

TEST(BlockKeys, LongWordsAreCut) {
  const BlockKeys keys = keys_of({std::string(100, 'w'), std::string(100, 'h') + "1"});
  EXPECT_THAT(keys.words, ElementsAre(std::string(model::kMaxWord, 'w')));
  EXPECT_THAT(keys.heads, ElementsAre(std::string(model::kMaxWord, 'h')));
}

TEST(BlockKeys, TakeLeavesTheBuilderEmpty) {
  BlockKeysBuilder builder;
  builder.add(KeyKind::kWord, "one");
  builder.add(KeyKind::kToken, "1234");
  EXPECT_FALSE(builder.take() == BlockKeys());
  EXPECT_TRUE(builder.take() == BlockKeys());
}

// Stable for ever: filters on disks were made with them.
TEST(BlockKeys, HashesNeverChange) {
  EXPECT_EQ(key_hash(KeyKind::kToken, "1234"), 2442291697884881410ULL);
  EXPECT_EQ(key_hash(KeyKind::kToken, "12345"), 8047576508385996211ULL);
  EXPECT_EQ(key_hash(KeyKind::kToken, "123456"), 15181486344623770694ULL);
  EXPECT_EQ(key_hash(KeyKind::kPair, model::pair_text("app", "web")), 10458820379205066301ULL);
  EXPECT_EQ(key_hash(KeyKind::kPair, model::pair_text("app", std::string(40, 'x'))),
            10762260879502642379ULL);
}

TEST(BlockKeys, AreSortedWhenAllHashesBeginAlike) {
  BlockKeysBuilder builder;
  std::set<std::uint64_t> hashes;
  for (int i = 0; hashes.size() < 300; ++i) {
    const std::string text = "token" + std::to_string(i);
    const std::uint64_t hash = key_hash(KeyKind::kToken, text);
    if (hash >> 52 != 0xfff) continue;
    builder.add(KeyKind::kToken, text);
    hashes.insert(hash);
  }
  EXPECT_EQ(builder.take().hashes, std::vector<std::uint64_t>(hashes.begin(), hashes.end()));
}

TEST(BlockKeys, AreThoseOfASetOverRandomKeys) {
  const std::uint64_t seed = std::random_device()();
  std::mt19937_64 random(seed);
  BlockKeysBuilder builder;
  std::set<std::string> words;
  std::set<std::uint64_t> hashes;
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = "k" + std::to_string(random() % 5000);
    builder.add(KeyKind::kWord, text);
    words.insert(text);
    builder.add(KeyKind::kToken, text);
    hashes.insert(key_hash(KeyKind::kToken, text));
  }
  const BlockKeys keys = builder.take();
  EXPECT_EQ(keys.words, std::vector<std::string>(words.begin(), words.end())) << "seed " << seed;
  EXPECT_EQ(keys.hashes, std::vector<std::uint64_t>(hashes.begin(), hashes.end()))
      << "seed " << seed;
}

}  // namespace
}  // namespace duramen::index
