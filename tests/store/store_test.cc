#include "store/store.h"

#include <atomic>
#include <thread>

#include "tests/store/store_fixture.h"

namespace duramen::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class StoreTest : public ::testing::Test, protected TemporaryStore {
 protected:
  void SetUp() override { reopen(); }
};

TEST_F(StoreTest, SeqsAreConsecutiveFromOneAndSurviveReopening) {
  auto first = append_and_wait(*store, batch_of({"a", "b"}));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->first.value(), 1U);
  EXPECT_EQ(first->last.value(), 2U);
  reopen();
  auto second = append_and_wait(*store, batch_of({"c"}));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->first.value(), 3U);
  EXPECT_NE(second->node, first->node) << "every start is a new incarnation";
  EXPECT_THAT(rows(), ElementsAre(Pair(1, "a"), Pair(2, "b"), Pair(3, "c")));
}

TEST_F(StoreTest, SealMovesOpenRowsIntoBlocksAndLeavesNoOldWal) {
  std::vector<std::string> lines(20'000, std::string(100, 'x'));
  ASSERT_TRUE(append_and_wait(*store, batch_of(lines)));
  const auto before = rows();
  ASSERT_TRUE(store->seal());
  EXPECT_TRUE(store->snapshot()->open_rows().empty());
  EXPECT_EQ(rows(), before);
  const StoreStatus status = store->status();
  EXPECT_EQ(status.open_rows, 0U);
  EXPECT_EQ(status.rows, 20'000U);
  EXPECT_EQ(status.built.value(), 20'001U);
  EXPECT_LT(status.wal_bytes, 4096U);
  reopen();
  EXPECT_EQ(rows(), before);
}

TEST_F(StoreTest, SnapshotStaysAsItWasWhileRowsArriveAndBlocksAreBuilt) {
  ASSERT_TRUE(append_and_wait(*store, batch_of({"one"})));
  const auto snapshot = store->snapshot();
  ASSERT_TRUE(append_and_wait(*store, batch_of({"two"})));
  ASSERT_TRUE(store->seal());
  EXPECT_THAT(all_rows(*snapshot), ElementsAre(Pair(1, "one")));
  EXPECT_THAT(rows(), ElementsAre(Pair(1, "one"), Pair(2, "two")));
}

TEST_F(StoreTest, RowsOfOneBatchGoToTheSegmentsOfTheirDays) {
  auto batch = batch_of({"today"});
  batch->add_row(0, kNoon - kNsPerDay, "yesterday");
  batch->add_row(0, -1, "before the epoch");
  ASSERT_TRUE(append_and_wait(*store, batch));
  ASSERT_TRUE(store->seal());
  std::vector<std::string> names;
  for (const auto& segment : store->status().segments) {
    if (segment.rows != 0) names.push_back(segment.name);
  }
  EXPECT_THAT(names, ElementsAre("1969-12-31.default", "2026-09-20.default", "2026-09-21.default"));
  EXPECT_EQ(rows().size(), 3U);
}

TEST_F(StoreTest, FieldsLabelsAndIdentitiesComeBackFromBlocks) {
  auto batch = batch_of({"m"});
  batch->add_field(batch->intern_field_name("status"), model::FieldKind::kJson, "200");
  batch->add_field(batch->intern_field_name("user"), model::FieldKind::kText, "\xff");
  batch->add_row(0, kNoon + 5, "n");
  auto ack = append_and_wait(*store, batch);
  ASSERT_TRUE(ack);
  ASSERT_TRUE(store->seal());
  const auto snapshot = store->snapshot();
  ASSERT_EQ(snapshot->blocks().size(), 1U);
  auto decoded = snapshot->read(snapshot->blocks()[0]);
  ASSERT_TRUE(decoded);
  const model::RecordBatch& records = decoded->records();
  EXPECT_EQ(records.streams[records.stream[1]].find("app"), "web");
  EXPECT_EQ(records.time[1], kNoon + 5);
  ASSERT_EQ(records.fields_end[1] - records.first_field(1), 2U);
  EXPECT_EQ(records.value(records.first_field(1)), "200");
  EXPECT_EQ(records.value(records.first_field(1) + 1), "\xff");
  const model::RowIdentity id = decoded->identity(1);
  EXPECT_EQ(id, (model::RowIdentity{model::Seq(2), ack->node, model::Seq(2), kNoon}));
}

TEST_F(StoreTest, RepeatedBatchIsAcknowledgedAgainAndNotStored) {
  const model::BatchId id{hash128("key"), 7};
  auto first = append_and_wait(*store, batch_of({"a", "b"}), id);
  auto again = append_and_wait(*store, batch_of({"a", "b"}), id);
  ASSERT_TRUE(first && again);
  EXPECT_FALSE(first->duplicate);
  EXPECT_TRUE(again->duplicate);
  EXPECT_EQ(again->first, first->first);
  EXPECT_EQ(again->last, first->last);
  reopen();
  auto later = append_and_wait(*store, batch_of({"a", "b"}), id);
  ASSERT_TRUE(later);
  EXPECT_TRUE(later->duplicate);
  EXPECT_EQ(later->node, first->node);
  EXPECT_EQ(rows().size(), 2U);
}

TEST_F(StoreTest, TheSameIdWithAnotherContentIsRefused) {
  ASSERT_TRUE(append_and_wait(*store, batch_of({"a"}), model::BatchId{hash128("key"), 7}));
  auto other = append_and_wait(*store, batch_of({"z"}), model::BatchId{hash128("key"), 8});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(rows().size(), 1U);
}

TEST_F(StoreTest, BatchIdsAreForgottenByAgeAndByNumber) {
  options.batch_ids = 2;
  reopen();
  for (const char* key : {"a", "b", "c", "d"}) {
    clock.advance(kNsPerSecond);
    ASSERT_TRUE(append_and_wait(*store, batch_of({key}), model::BatchId{hash128(key), 1}));
  }
  store->set_retention({});  // wakes the housekeeping
  ASSERT_TRUE(eventually([&] { return store->status().batch_ids <= 2; }));
  EXPECT_FALSE(
      append_and_wait(*store, batch_of({"a"}), model::BatchId{hash128("a"), 1})->duplicate);
  EXPECT_TRUE(append_and_wait(*store, batch_of({"d"}), model::BatchId{hash128("d"), 1})->duplicate);
  clock.advance(options.batch_id_age + kNsPerDay);
  store->set_retention({});
  ASSERT_TRUE(eventually([&] { return store->status().batch_ids == 0; }));
  EXPECT_FALSE(
      append_and_wait(*store, batch_of({"d"}), model::BatchId{hash128("d"), 1})->duplicate);
}

TEST_F(StoreTest, EmptyBatchIsRefused) {
  auto ack = append_and_wait(*store, std::make_shared<model::RecordBatch>());
  ASSERT_FALSE(ack);
  EXPECT_EQ(ack.error().code, ErrorCode::kInvalidArgument);
}

TEST_F(StoreTest, ConcurrentAppendsAreAllStoredOnce) {
  std::atomic<int> acked{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        if (append_and_wait(*store, batch_of({std::to_string(t) + "/" + std::to_string(i)})))
          ++acked;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(acked, 400);
  std::set<std::string> seen;
  for (const auto& [seq, message] : rows()) seen.insert(message);
  EXPECT_EQ(seen.size(), 400U);
}

TEST_F(StoreTest, FullQueueRefusesAndSaysWhatToDo) {
  options.queue_bytes = 1000;
  options.open_raw_bytes = 1;  // the commit thread waits for room after the first batch
  options.epoch_raw_bytes = 1ULL << 40;
  reopen();
  ASSERT_TRUE(append_and_wait(*store, batch_of({"fills the room"})));
  std::promise<Result<model::AppendAck>> waiting;
  store->append({batch_of({std::string(5000, 'w')}), {}},
                [&](Result<model::AppendAck> ack) { waiting.set_value(std::move(ack)); });
  auto refused = append_and_wait(*store, batch_of({std::string(5000, 'r')}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kResourceExhausted);
  EXPECT_THAT(refused.error().message, HasSubstr("queue is full"));
  ASSERT_TRUE(store->seal());  // makes room
  EXPECT_TRUE(waiting.get_future().get());
}

TEST_F(StoreTest, SmallBatchesAreJoinedAndStayTheSameRows) {
  for (int i = 0; i < 600; ++i) ASSERT_TRUE(append_and_wait(*store, batch_of({std::to_string(i)})));
  const auto all = rows();
  ASSERT_EQ(all.size(), 600U);
  EXPECT_EQ(all.at(600), "599");
  ASSERT_TRUE(store->seal());
  EXPECT_EQ(rows(), all);
  EXPECT_EQ(store->status().journal_bytes, 0U);
}

TEST_F(StoreTest, AnEpochClosesWhenOpenRowsAreAtTheirLimit) {
  options.open_raw_bytes = 100'000;  // far below an epoch
  reopen();
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(append_and_wait(*store, batch_of({std::string(30'000, 'x')})));
  }
  EXPECT_EQ(rows().size(), 20U);
  store->close();
}

TEST_F(StoreTest, RowsWithoutTextFillEpochsAndBlocks) {
  options.epoch_raw_bytes = 300'000;
  options.block_raw_bytes = 64'000;
  reopen();
  ASSERT_TRUE(append_and_wait(*store, batch_of(std::vector<std::string>(20'000))));
  EXPECT_TRUE(eventually([&] { return store->status().open_rows == 0; }));
  const auto snapshot = store->snapshot();
  EXPECT_GT(snapshot->blocks().size(), 5U);
  for (const BlockRef& block : snapshot->blocks()) EXPECT_LT(block.summary.rows, 4'000U);
  EXPECT_EQ(rows().size(), 20'000U);
}

TEST_F(StoreTest, LabelsFillBlocks) {
  options.block_raw_bytes = 64'000;
  reopen();
  auto batch = std::make_shared<model::RecordBatch>();
  for (int i = 0; i < 400; ++i) {
    std::vector<model::Labels::Pair> labels{{"app", std::to_string(i) + std::string(1000, 'x')}};
    batch->add_row(batch->intern_stream(model::Labels(std::move(labels))), kNoon, "m");
  }
  ASSERT_TRUE(append_and_wait(*store, batch));
  ASSERT_TRUE(store->seal());
  EXPECT_GT(store->snapshot()->blocks().size(), 5U);
  EXPECT_EQ(rows().size(), 400U);
}

TEST_F(StoreTest, ARecordThatNoBlockCanHoldIsRefused) {
  auto batch = std::make_shared<model::RecordBatch>();
  const std::vector<model::Labels::Pair> labels{{"app", "web"}};
  const auto stream = batch->intern_stream(model::Labels(labels));
  batch->add_row(stream, kNoon, "small");
  batch->add_field(batch->intern_field_name("huge"), model::FieldKind::kText,
                   std::string(129 << 20, 'x'));
  batch->add_row(stream, kNoon, "large");
  const auto ack = append_and_wait(*store, batch);
  ASSERT_FALSE(ack);
  EXPECT_EQ(ack.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(ack.error().message, HasSubstr("record 2 of the batch"));
}

TEST_F(StoreTest, EpochClosesByAgeOfItsOldestRow) {
  ASSERT_TRUE(append_and_wait(*store, batch_of({"old"})));
  clock.advance(options.epoch_age);
  EXPECT_TRUE(eventually([&] { return store->status().open_rows == 0; }));
  EXPECT_EQ(rows().size(), 1U);
}

TEST_F(StoreTest, ASecondProcessIsToldWhoHoldsTheDirectory) {
  MetricRegistry other;
  auto second = Store::open(options, clock, other);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("in use by process " + std::to_string(getpid())));
  EXPECT_THAT(second.error().message, HasSubstr("--data-dir"));
}

TEST_F(StoreTest, OpeningIsInterruptedInTheMiddleOfTheJournalAndLosesNothing) {
  for (const char* text : {"a", "b", "c"}) ASSERT_TRUE(append_and_wait(*store, batch_of({text})));
  const auto before = rows();
  int asked = 0;
  options.interrupted = [&] { return ++asked == 2; };
  const auto opened = open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(asked, 2);
  options.interrupted = nullptr;
  reopen();
  EXPECT_EQ(rows(), before);
}

TEST_F(StoreTest, LowDiskRefusesAppendsWithTheReasonAndReadsGoOn) {
  ASSERT_TRUE(append_and_wait(*store, batch_of({"before"})));
  options.min_free_bytes = ~0ULL >> 1;
  reopen();
  auto refused = append_and_wait(*store, batch_of({"no"}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("disk full"));
  EXPECT_TRUE(store->status().writes_refused.has_value());
  EXPECT_EQ(rows().size(), 1U);
  options.min_free_bytes = 0;
  reopen();
  EXPECT_TRUE(append_and_wait(*store, batch_of({"again"})));
}

TEST_F(StoreTest, RetentionTakesEffectLiveAndKeepsSnapshotsReadable) {
  ASSERT_TRUE(append_and_wait(*store, batch_of({"old"}, kNoon - 10 * kNsPerDay)));
  ASSERT_TRUE(append_and_wait(*store, batch_of({"new"})));
  ASSERT_TRUE(store->seal());
  {
    const auto snapshot = store->snapshot();
    store->set_retention({5 * kNsPerDay, {}});
    ASSERT_TRUE(eventually([&] { return rows().size() == 1; }));
    EXPECT_EQ(all_rows(*snapshot).size(), 2U);
  }
  EXPECT_THAT(rows(), ElementsAre(Pair(2, "new")));
  reopen();
  EXPECT_THAT(rows(), ElementsAre(Pair(2, "new")));
}

TEST_F(StoreTest, VerifyFindsNothingWrongInAGoodStore) {
  ASSERT_TRUE(append_and_wait(*store, batch_of({"a", "b"})));
  ASSERT_TRUE(store->seal());
  ASSERT_TRUE(append_and_wait(*store, batch_of({"c"})));
  auto report = store->verify({});
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->faults.empty()) << report->faults[0];
  EXPECT_EQ(report->rows, 3U);
  EXPECT_EQ(report->journal_entries, 1U);
}

TEST_F(StoreTest, TomorrowsSegmentIsMadeAhead) {
  store->set_retention({});
  const auto has = [&](const std::string& name) {
    for (const auto& segment : store->status().segments) {
      if (segment.name == name) return true;
    }
    return false;
  };
  ASSERT_TRUE(eventually([&] { return has("2026-09-22.default"); }));
  EXPECT_TRUE(has("2026-09-21.default"));
}

TEST_F(StoreTest, CloseCommitsWhatWaitsAndRefusesWhatComes) {
  std::promise<Result<model::AppendAck>> waiting;
  store->append({batch_of({"last"}), {}},
                [&](Result<model::AppendAck> ack) { waiting.set_value(std::move(ack)); });
  store->close();
  EXPECT_TRUE(waiting.get_future().get());
  auto late = append_and_wait(*store, batch_of({"late"}));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace duramen::store
