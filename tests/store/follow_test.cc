// What the store gives to those who follow it: a call for each commit, open rows behind a seq, and
// who gave which seqs.

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "tests/store/store_fixture.h"

namespace duramen::store {
namespace {

using model::Seq;

class FollowTest : public testing::Test {
 protected:
  void SetUp() override { store_.reopen(); }
  void append(std::size_t rows) {
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < rows; ++i) lines.push_back("line " + std::to_string(i));
    const auto ack = append_and_wait(*store_.store, batch_of(lines));
    ASSERT_TRUE(ack) << ack.error().message;
  }
  std::vector<std::uint64_t> seqs_behind(std::uint64_t after) {
    std::vector<std::uint64_t> out;
    for (const model::RowSet& batch : store_.store->open_rows_after(Seq(after)).batches) {
      for (std::size_t row = 0; row < batch.rows(); ++row) {
        out.push_back(batch.identity(row).seq.value());
      }
    }
    return out;
  }

  TemporaryStore store_;
};

using Seqs = std::vector<std::uint64_t>;

TEST_F(FollowTest, OpenRowsBehindASeqAreTheBatchesThatReachBeyondIt) {
  append(2);
  append(3);
  append(1);
  EXPECT_EQ(store_.store->durable(), Seq(6));
  EXPECT_EQ(seqs_behind(0), (Seqs{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(seqs_behind(3), (Seqs{3, 4, 5, 6}));
  EXPECT_EQ(seqs_behind(5), (Seqs{6}));
  EXPECT_EQ(seqs_behind(6), Seqs{});
  EXPECT_TRUE(store_.store->open_rows_after(Seq(0)).whole);
}

TEST_F(FollowTest, RowsThatWentIntoBlocksAreSaidToBeMissing) {
  append(2);
  ASSERT_TRUE(store_.store->seal());
  append(1);
  EXPECT_FALSE(store_.store->open_rows_after(Seq(1)).whole);
  EXPECT_TRUE(store_.store->open_rows_after(Seq(2)).whole);
  EXPECT_EQ(seqs_behind(2), (Seqs{3}));
  store_.reopen();
  EXPECT_FALSE(store_.store->open_rows_after(Seq(0)).whole);
  EXPECT_TRUE(store_.store->open_rows_after(Seq(2)).whole);
  EXPECT_EQ(store_.store->durable(), Seq(3));
}

TEST_F(FollowTest, TheListenerHearsOfACommitWhoseRowsAreThere) {
  std::atomic<int> calls{0};
  store_.store->set_durable_listener([&] { ++calls; });
  append(1);
  EXPECT_TRUE(eventually([&] { return calls == 1; }));
  store_.store->set_durable_listener(nullptr);
  append(1);
  ASSERT_TRUE(store_.store->seal());
  EXPECT_EQ(calls, 1);
}

TEST_F(FollowTest, IncarnationsNameTheRowsOfEveryLife) {
  std::vector<model::NodeId> nodes;
  for (int life = 0; life < 3; ++life) {
    append(2);
    nodes.push_back(store_.store->status().node);
    store_.reopen();
    store_.reopen();  // a life without rows leaves no name behind
  }
  const auto incarnations = store_.store->incarnations();
  ASSERT_EQ(incarnations.size(), 4U);
  for (std::size_t life = 0; life < 3; ++life) {
    EXPECT_EQ(incarnations[life].first, Seq(2 * life + 1));
    EXPECT_EQ(incarnations[life].node, nodes[life]);
  }
  EXPECT_EQ(incarnations[3].node, store_.store->status().node);
}

}  // namespace
}  // namespace duramen::store
