// The index against a std::map over random keys: adding, sealing, reopening, dropping, damage.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "tests/index/index_fixture.h"

namespace duramen::index {
namespace {

class RandomIndex {
 public:
  explicit RandomIndex(std::uint64_t seed) : random_(seed) {
    temporary_.options.delta_blocks = 1 + random_() % 4;
    temporary_.options.delta_bytes = 2000 + random_() % 10'000;
    temporary_.options.open_words = 1 + random_() % 3;
    temporary_.reopen();
  }

  void run(int operations) {
    for (int i = 0; i < operations && !::testing::Test::HasFailure(); ++i) {
      SCOPED_TRACE("operation " + std::to_string(i));
      step();
      if (i % 10 == 0) check();
    }
    check();
  }

 private:
  using Keys = std::set<model::IndexKey>;

  void step() {
    const std::string segment = "day" + std::to_string(random_() % 3);
    switch (random_() % 24) {
      case 0:
        ASSERT_TRUE(temporary_.index->seal(segment));
        break;
      case 1:
        ASSERT_TRUE(temporary_.index->flush());
        break;
      case 2:
        temporary_.reopen();
        add_again();
        break;
      case 3:
        ASSERT_TRUE(temporary_.index->drop(segment));
        truth_.erase(segment);
        break;
      case 4:
        damage();
        add_again();
        break;
      default:
        truth_[segment][BlockId(next_++)] = random_keys();
        add_again();
    }
  }

  Keys random_keys() {
    Keys keys;
    for (std::uint64_t n = random_() % 40; n != 0; --n) {
      const auto kind = static_cast<KeyKind>(1 + random_() % 4);
      const std::string text = std::to_string(random_() % 300);
      keys.insert({kind, "key" + text});
    }
    return keys;
  }

  /// What a caller does: it adds what a view lacks.
  void add_again() {
    for (const auto& [segment, blocks] : truth_) {
      const auto view = temporary_.index->view(segment);
      for (const auto& [block, keys] : blocks) {
        if (std::binary_search(view->blocks().begin(), view->blocks().end(), block)) continue;
        BlockKeysBuilder builder;
        for (const auto& key : keys) builder.add(key.kind, key.text);
        ASSERT_TRUE(temporary_.index->add(segment, block, builder.take()));
      }
    }
  }

  void damage() {
    const auto files = temporary_.files(random_() % 2 == 0 ? ".words" : ".filter");
    if (files.empty()) return;
    const std::string& path = files[random_() % files.size()];
    std::string bytes = read_bytes(path);
    const std::size_t at = random_() % bytes.size();
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << random_() % 8));
    if (random_() % 4 == 0) bytes.resize(at);
    write_bytes(path, bytes);
    check();
  }

  void check() {
    for (const auto& [segment, blocks] : truth_) {
      const auto view = temporary_.index->view(segment);
      for (int i = 0; i < 20; ++i) {
        const model::IndexKey key{static_cast<KeyKind>(1 + random_() % 4),
                                  "key" + std::to_string(random_() % 300)};
        LookupCost cost;
        check_answer(*view, view->find(key, cost), blocks,
                     [&](const Keys& keys) { return keys.contains(key); });
        const std::string prefix = key.text.substr(0, 3 + random_() % 4);
        check_answer(
            *view, view->find_prefix(key.kind, prefix, cost), blocks, [&](const Keys& keys) {
              const auto at = keys.lower_bound({key.kind, prefix});
              return at != keys.end() && at->kind == key.kind && at->text.starts_with(prefix);
            });
      }
    }
  }

  template <class Has>
  static void check_answer(const SegmentView& view, const BlockSet& answer,
                           const std::map<BlockId, Keys>& truth, Has has) {
    ASSERT_EQ(answer.size(), view.blocks().size());
    for (std::size_t place = 0; place < answer.size(); ++place) {
      const auto block = truth.find(view.blocks()[place]);
      ASSERT_NE(block, truth.end());
      ASSERT_TRUE(!has(block->second) || answer.test(place)) << "a block too few";
    }
  }

  std::mt19937_64 random_;
  TemporaryIndex temporary_;
  std::map<std::string, std::map<BlockId, Keys>> truth_;
  std::uint64_t next_ = 1;
};

TEST(IndexProperty, NoAnswerHasABlockTooFewWhateverHappens) {
  for (int i = 0; i < 3 && !::testing::Test::HasFailure(); ++i) {
    const std::uint64_t seed = std::random_device()();
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomIndex(seed).run(100);
  }
}

}  // namespace
}  // namespace duramen::index
