#include "query/block_key_scan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "model/index_keys.h"
#include "tests/query/fake_store.h"
#include "tests/store/block_corpus.h"

namespace duramen::query {
namespace {

/// One block in a store.
class OneBlock {
 public:
  explicit OneBlock(const model::RowSet& rows) : rows_(rows) {
    store_.add(rows);
    store_.build();
  }
  FakeStore& store() { return store_; }
  Result<index::BlockKeys> keys() {
    const auto snapshot = store_.snapshot();
    return keys_of_block(*snapshot, snapshot->blocks().front());
  }
  /// Row by row.
  index::BlockKeys wanted() const {
    index::BlockKeysBuilder keys;
    const model::RecordBatch& records = rows_.records();
    for (std::size_t row = 0; row < rows_.rows(); ++row) {
      for (const auto& [name, value] : records.streams[records.stream[row]].pairs()) {
        keys.add_label(model::pair_text(name, value));
      }
      model::for_each_key_of_row(
          records, row, [&](model::KeyKind kind, std::string_view key) { keys.add(kind, key); });
    }
    return keys.take();
  }
  void expect_all_keys() {
    const auto got = keys();
    ASSERT_TRUE(got) << got.error().message;
    const index::BlockKeys all = wanted();
    EXPECT_EQ(got->words, all.words);
    EXPECT_EQ(got->heads, all.heads);
    EXPECT_EQ(got->labels, all.labels);
    EXPECT_EQ(got->hashes, all.hashes);
  }

 private:
  const model::RowSet rows_;
  FakeStore store_;
};

TEST(BlockKeyScan, GivesTheKeysOfEveryRow) {
  const std::uint64_t seed = std::random_device()();
  for (std::uint64_t i = 0; i < 20; ++i) {
    SCOPED_TRACE("rows of seed " + std::to_string(seed + i));
    OneBlock(store::mixed_rows(seed + i, 1 + (seed + i) % 400)).expect_all_keys();
  }
}

TEST(BlockKeyScan, GivesWordsThatABlockOfVeryManyTemplatesKeepsAsVariables) {
  std::mt19937_64 random(5);
  const auto word = [&] {
    std::string out;
    for (int i = 0; i < 5; ++i) out += static_cast<char>('a' + random() % 26);
    return out;
  };
  store::Rows rows;
  for (int i = 0; i < 3000; ++i) rows.add("user " + word() + " logged in from " + word());
  OneBlock(rows.as_accepted_here()).expect_all_keys();
}

TEST(BlockKeyScan, GivesEachKindOfKey) {
  store::Rows rows;
  rows.stream({{"app", "web-12345"}});
  rows.field("user", "Alice a77");
  rows.field("empty", "");
  rows.add("disk sda1 of req12345 \x11 full");  // a slot's byte: not split
  rows.add("disk sda2 is fine");
  OneBlock block(rows.as_accepted_here());
  block.expect_all_keys();
  const auto keys = block.keys();
  ASSERT_TRUE(keys);
  const auto has_hash = [&](model::KeyKind kind, const std::string& text) {
    return std::binary_search(keys->hashes.begin(), keys->hashes.end(),
                              index::key_hash(kind, text));
  };
  EXPECT_EQ(keys->words,
            (std::vector<std::string>{"alice", "disk", "fine", "full", "is", "of", "web"}));
  EXPECT_EQ(keys->heads, (std::vector<std::string>{"a", "req", "sda"}));
  EXPECT_EQ(keys->labels, (std::vector<std::string>{model::pair_text("app", "web-12345")}));
  EXPECT_TRUE(has_hash(model::KeyKind::kToken, "req12345"));
  EXPECT_TRUE(has_hash(model::KeyKind::kToken, "12345"));
  EXPECT_TRUE(has_hash(model::KeyKind::kPair, model::pair_text("app", "web-12345")));
  EXPECT_TRUE(has_hash(model::KeyKind::kPair, model::pair_text("user", "Alice a77")));
  EXPECT_TRUE(has_hash(model::KeyKind::kPair, model::pair_text("empty", "")));
}

TEST(BlockKeyScan, ReadsABlockAsAWholeWhenAColumnIsDamaged) {
  const model::RowSet rows = store::mixed_rows(3, 200);
  for (const auto part :
       {store::BlockPart::kRows, store::BlockPart::kVars, store::BlockPart::kFields}) {
    OneBlock block(rows);
    block.store().damage(1, part);
    block.expect_all_keys();
  }
}

TEST(BlockKeyScan, SaysWhyABlockCannotBeRead) {
  OneBlock block(store::mixed_rows(3, 20));
  block.store().damage(1);
  const auto keys = block.keys();
  ASSERT_FALSE(keys);
  EXPECT_EQ(keys.error().code, ErrorCode::kDataLoss);
}

}  // namespace
}  // namespace duramen::query
