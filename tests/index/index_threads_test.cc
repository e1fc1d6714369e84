// One writes, others ask: what a view has is found in it, whatever is merged meanwhile.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/index/index_fixture.h"

namespace duramen::index {
namespace {

TEST(IndexThreads, AViewAnswersForAllItsBlocksWhileOthersAreAddedAndMerged) {
  TemporaryIndex temporary;
  temporary.options.delta_blocks = 2;
  temporary.options.open_words = 1;
  temporary.reopen();
  std::atomic<bool> done{false};
  std::atomic<std::size_t> wrong{0};
  std::atomic<std::size_t> asked{0};
  const auto ask = [&] {
    do {
      const auto view = temporary.view();
      LookupCost cost;
      for (const model::IndexKey& key :
           {model::IndexKey{KeyKind::kWord, "common"}, model::IndexKey{KeyKind::kToken, "12345"},
            model::IndexKey{KeyKind::kPair, "label"}}) {
        if (!view->find(key, cost).is_all()) ++wrong;
      }
      if (!view->find_prefix(KeyKind::kWord, "com", cost).is_all()) ++wrong;
      if (cost.unreadable != 0) ++wrong;
      ++asked;
    } while (!done);
  };
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) readers.emplace_back(ask);
  for (std::uint64_t block = 1; block <= 40; ++block) {
    temporary.add(block, {"common req-12345"}, {"label"});
    if (block % 17 == 0) temporary.seal();
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong, 0U);
  EXPECT_GE(asked, 3U);
  EXPECT_THAT(temporary.blocks(), ::testing::SizeIs(40));
}

}  // namespace
}  // namespace duramen::index
