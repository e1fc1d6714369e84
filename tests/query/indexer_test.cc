// The indexer between a real store and an index that the test may hold up.

#include "query/indexer.h"

#include <gmock/gmock.h>

#include <thread>
#include <utility>

#include "query/engine.h"
#include "tests/query/fake_store.h"
#include "tests/store/store_fixture.h"

namespace duramen::query {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A real index whose add() waits as long as the test likes.
class HeldIndex final : public index::Index {
 public:
  explicit HeldIndex(std::unique_ptr<index::Index> real) : real_(std::move(real)) {}
  void hold() {
    const MutexLock lock(mutex_);
    held_ = true;
  }
  void release() {
    const MutexLock lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }
  bool has_caller() {
    const MutexLock lock(mutex_);
    return waiting_;
  }

  std::shared_ptr<const index::SegmentView> view(const std::string& segment) const override {
    return real_->view(segment);
  }
  std::vector<std::string> segments() const override { return real_->segments(); }
  Result<void> add(const std::string& segment, model::BlockId block,
                   index::BlockKeys keys) override {
    wait();
    return real_->add(segment, block, std::move(keys));
  }
  Result<void> seal(const std::string& segment) override { return real_->seal(segment); }
  Result<void> flush() override { return real_->flush(); }
  Result<void> checkpoint(const std::string& directory) override {
    return real_->checkpoint(directory);
  }
  Result<void> drop(const std::string& segment) override { return real_->drop(segment); }
  Result<void> keep_only(const std::string& segment,
                         const std::set<model::BlockId>& blocks) override {
    return real_->keep_only(segment, blocks);
  }
  index::IndexStatus status() const override { return real_->status(); }
  Result<std::vector<std::string>> verify(const index::VerifyProgress& progress) override {
    return real_->verify(progress);
  }

 private:
  void wait() {
    const MutexLock lock(mutex_);
    waiting_ = true;
    while (held_) changed_.wait(mutex_);
    waiting_ = false;
  }

  const std::unique_ptr<index::Index> real_;
  Mutex mutex_;
  CondVar changed_;
  bool held_ DURAMEN_GUARDED_BY(mutex_) = false;
  bool waiting_ DURAMEN_GUARDED_BY(mutex_) = false;
};

std::unique_ptr<HeldIndex> open_index(const std::string& directory, MetricRegistry& metrics) {
  index::IndexOptions options;
  options.directory = directory;
  options.owner = "test";
  auto real = index::Index::open(options, metrics);
  EXPECT_TRUE(real) << real.error().message;
  return real ? std::make_unique<HeldIndex>(*std::move(real)) : nullptr;
}

class IndexerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    store_.reopen();
    index_ = open_index(directory_.file("index"), metrics_);
    ASSERT_NE(index_, nullptr);
    indexer_ = std::make_unique<Indexer>(*store_.store, *index_, metrics_);
    engine_ = make_query_engine(*store_.store, index_.get(), {}, store_.clock, metrics_);
  }
  void append(const std::vector<std::string>& lines, TimeNs time = store::kNoon) {
    const auto ack = store::append_and_wait(*store_.store, store::batch_of(lines, time));
    ASSERT_TRUE(ack) << ack.error().message;
  }
  void build(const std::vector<std::string>& lines, TimeNs time = store::kNoon) {
    append(lines, time);
    const auto sealed = store_.store->seal();
    ASSERT_TRUE(sealed) << sealed.error().message;
  }
  std::uint64_t count(const std::string& q) {
    QueryRequest request;
    request.q = q;
    const auto query = engine_->start(request);
    EXPECT_TRUE(query) << query.error().message;
    if (!query) return 0;
    const auto end = (*query)->run([](std::string_view) { return Result<void>(); });
    EXPECT_TRUE(end) << end.error().message;
    return end ? end->rows : 0;
  }
  std::uint64_t indexed_blocks() const {
    std::uint64_t blocks = 0;
    for (const auto& segment : index_->status().segments) blocks += segment.blocks;
    return blocks;
  }

  store::TemporaryStore store_;
  TemporaryDirectory directory_;
  MetricRegistry metrics_;
  std::unique_ptr<HeldIndex> index_;
  std::unique_ptr<Indexer> indexer_;
  std::unique_ptr<QueryEngine> engine_;
};

TEST_F(IndexerTest, AppendsAndQueriesGoOnWhileABlockIsBeingIndexed) {
  build({"before"});
  index_->hold();
  Result<void> done = Error{ErrorCode::kInternal, "not yet"};
  std::thread indexing([&] { done = indexer_->catch_up(); });
  EXPECT_TRUE(store::eventually([&] { return index_->has_caller(); }));
  append({"meanwhile"});
  build({"meanwhile, and built"});
  EXPECT_EQ(count("meanwhile"), 2U);
  EXPECT_EQ(count("before"), 1U);
  EXPECT_EQ(indexer_->missing_blocks(), 2U);
  EXPECT_EQ(indexed_blocks(), 0U);
  index_->release();
  indexing.join();
  EXPECT_TRUE(done) << done.error().message;
}

TEST_F(IndexerTest, ASealIndexesEverythingIntoOnePartASegment) {
  build({"one"});
  build({"two"});
  build({"yesterday"}, store::kNoon - kNsPerDay);
  EXPECT_EQ(indexer_->missing_blocks(), 3U);
  const auto sealed = indexer_->seal();
  ASSERT_TRUE(sealed) << sealed.error().message;
  EXPECT_EQ(indexer_->missing_blocks(), 0U);
  for (const auto& segment : indexer_->index_status().segments) {
    EXPECT_EQ(segment.parts, 1U) << segment.name;
    EXPECT_EQ(segment.delta_blocks, 0U) << segment.name;
  }
}

TEST_F(IndexerTest, ASegmentThatGetsNoMoreBlocksIsSealed) {
  const auto in_memory = [&] {
    const auto status = index_->status();
    return status.segments.empty() ? 0 : status.segments.front().delta_blocks;
  };
  build({"one"});
  ASSERT_TRUE(indexer_->catch_up());
  for (int i = 1; i < Indexer::kRoundsUntilSealed - 1; ++i) ASSERT_TRUE(indexer_->catch_up());
  build({"two"});
  for (int i = 1; i < Indexer::kRoundsUntilSealed; ++i) ASSERT_TRUE(indexer_->catch_up());
  EXPECT_EQ(in_memory(), 2U) << "it got a block meanwhile";
  ASSERT_TRUE(indexer_->catch_up());
  EXPECT_EQ(in_memory(), 0U);
  EXPECT_EQ(index_->status().segments.front().parts, 1U);
}

TEST_F(IndexerTest, ASealEndsSoonAfterAnInterrupt) {
  for (int i = 0; i < 5; ++i) build({"line"});
  index_->hold();
  Result<void> done;
  std::thread sealing([&] { done = indexer_->seal(); });
  EXPECT_TRUE(store::eventually([&] { return index_->has_caller(); }));
  indexer_->interrupt();
  index_->release();
  sealing.join();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(indexed_blocks(), 1U) << "the one that was being added";
  EXPECT_EQ(indexer_->seal().error().code, ErrorCode::kCancelled) << "and those to come";
}

TEST_F(IndexerTest, ACheckEndsSoonAfterAnInterrupt) {
  build({"line"});
  ASSERT_TRUE(indexer_->seal());
  const auto sound = indexer_->verify({});
  ASSERT_TRUE(sound) << sound.error().message;
  EXPECT_THAT(*sound, IsEmpty());
  indexer_->interrupt();
  const auto ended = indexer_->verify({});
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, ErrorCode::kCancelled);
}

TEST_F(IndexerTest, SegmentsThatRetentionDroppedAreForgotten) {
  build({"old"}, store::kNoon - 3 * kNsPerDay);
  build({"new"});
  ASSERT_TRUE(indexer_->seal());
  ASSERT_EQ(index_->segments().size(), 2U);
  store_.store->set_retention({kNsPerDay, std::nullopt});
  const auto dropped = store_.store->enforce_retention();
  ASSERT_TRUE(dropped) << dropped.error().message;
  ASSERT_TRUE(indexer_->catch_up());
  EXPECT_THAT(index_->segments(), ElementsAre("2026-09-21.default"));
}

TEST_F(IndexerTest, WhatADeletedIndexLacksIsAddedAgain) {
  build({"needle"});
  build({"hay"});
  ASSERT_TRUE(indexer_->seal());
  std::filesystem::remove_all(directory_.file("index"));
  EXPECT_EQ(count("needle"), 1U);
  ASSERT_TRUE(indexer_->verify({})) << "finds out that it is gone";
  EXPECT_EQ(indexer_->missing_blocks(), 2U);
  EXPECT_EQ(count("needle"), 1U);
  const auto sealed = indexer_->seal();
  ASSERT_TRUE(sealed) << sealed.error().message;
  EXPECT_EQ(indexed_blocks(), 2U);
  EXPECT_EQ(count("needle"), 1U);
}

TEST(IndexerOverDamage, ABlockThatCannotBeReadIsNotTriedForEver) {
  FakeStore store;
  store.add(std::vector<std::string>{"one"});
  store.build();
  store.add(std::vector<std::string>{"two"});
  store.build();
  store.damage(1);
  int reads = 0;
  store.on_read([&] { ++reads; });
  const TemporaryDirectory directory;
  MetricRegistry metrics;
  const auto index = open_index(directory.file("index"), metrics);
  ASSERT_NE(index, nullptr);
  Indexer indexer(store, *index, metrics);
  EXPECT_EQ(indexer.missing_blocks(), 2U);
  EXPECT_TRUE(indexer.catch_up());
  EXPECT_EQ(indexer.missing_blocks(), 0U);
  const int once = reads;
  EXPECT_TRUE(indexer.catch_up());
  EXPECT_EQ(reads, once);
}

}  // namespace
}  // namespace duramen::query
