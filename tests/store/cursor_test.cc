// Cursors: durable positions, and what they are told when retention passes them.

#include <fstream>
#include <random>
#include <sstream>

#include "base/bytes.h"
#include "base/checksum.h"
#include "store/database.h"
#include "store/keys.h"
#include "tests/store/lossy_store.h"
#include "tests/store/store_fixture.h"

namespace duramen::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr TimeNs kOld = kNoon - 10 * kNsPerDay;
constexpr const char* kOldSegment = "2026-09-11.default";

Cursor golden_cursor() {
  Cursor out;
  out.name = "to-s3";
  out.position = model::Seq(1ULL << 40);
  out.hold = false;
  out.moved = kNoon;
  out.lost_rows = 300;
  out.gap_count = 7;
  out.gaps = {{model::Seq(3), model::Seq(900), 200, "2026-09-11.audit", kNoon - 1},
              {model::Seq(1'000), model::Seq(1'099), 100, kOldSegment, kNoon}};
  return out;
}

std::string golden_file() {
  std::ifstream file(DURAMEN_GOLDEN_DIR "/cursor_v1.bin", std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  EXPECT_TRUE(file);
  return std::move(bytes).str();
}

TEST(CursorFormat, TheGoldenFileOfVersion1IsReadForEverAndStillWritten) {
  const auto cursor = decode_cursor("cto-s3", golden_file());
  ASSERT_TRUE(cursor) << cursor.error().message;
  EXPECT_EQ(*cursor, golden_cursor());
  EXPECT_EQ(encode_cursor(golden_cursor()), golden_file());
}

TEST(CursorFormat, EveryFlippedBitAndEveryCutIsNoticed) {
  const std::string good = encode_cursor(golden_cursor());
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
      EXPECT_FALSE(decode_cursor("cto-s3", bad)) << at;
    }
    EXPECT_FALSE(decode_cursor("cto-s3", good.substr(0, at))) << at;
  }
  EXPECT_FALSE(decode_cursor("c", good));
  EXPECT_FALSE(decode_cursor("c/", good));
}

/// With a checksum that is right.
std::string summed(std::string value) {
  const std::uint64_t sum = checksum64(value);
  ByteWriter(value).u64(sum);
  return value;
}

TEST(CursorFormat, HostileBytesWithGoodChecksumsDoNotCrash) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  std::string good = encode_cursor(golden_cursor());
  good.resize(good.size() - 8);
  for (int i = 0; i < 20'000; ++i) {
    std::string bad = good;
    bad[1 + random() % (bad.size() - 1)] = static_cast<char>(random());
    const auto cursor = decode_cursor("cx", summed(bad));
    EXPECT_TRUE(!cursor || cursor->gaps.size() <= kMaxGaps);
  }
  good[0] = 2;
  EXPECT_EQ(decode_cursor("cx", summed(good)).error().code, ErrorCode::kUnimplemented);
}

TEST(CursorFormat, TheNewestGapsAreKeptAndAllAreCounted) {
  Cursor cursor;
  for (std::uint64_t i = 1; i <= kMaxGaps + 5; ++i) {
    add_gap(cursor, {model::Seq(i), model::Seq(i), 2, "s", 0});
  }
  EXPECT_EQ(cursor.gaps.size(), kMaxGaps);
  EXPECT_EQ(cursor.gaps.front().first, model::Seq(6));
  EXPECT_EQ(cursor.gap_count, kMaxGaps + 5);
  EXPECT_EQ(cursor.lost_rows, 2 * (kMaxGaps + 5));
}

class CursorTest : public ::testing::Test, protected TemporaryStore {
 protected:
  void SetUp() override { reopen(); }
  /// Seqs 1 to 3 of an old day, 4 of today.
  void two_days() {
    ASSERT_TRUE(append_and_wait(*store, batch_of({"a", "b", "c"}, kOld)));
    ASSERT_TRUE(append_and_wait(*store, batch_of({"new"})));
    ASSERT_TRUE(store->seal());
  }
  void put(const std::string& name, std::uint64_t position, std::optional<bool> hold = {}) {
    const auto done = store->put_cursor(name, model::Seq(position), hold);
    ASSERT_TRUE(done) << done.error().message;
  }
  void expire(bool hold = false) {
    Retention rules{5 * kNsPerDay, {}};
    rules.hold_for_sinks = hold;
    store->set_retention(rules);
    ASSERT_TRUE(store->enforce_retention());
  }
};

TEST_F(CursorTest, StaysWhereItWasPutOverRestarts) {
  two_days();
  put("b", 4);
  put("a", 2, false);
  put("b", 1);
  ASSERT_TRUE(store->remove_cursor("a"));
  EXPECT_EQ(store->remove_cursor("a").error().code, ErrorCode::kNotFound);
  const auto before = store->cursors();
  reopen();
  EXPECT_EQ(store->cursors(), before);
  ASSERT_EQ(before.size(), 1U);
  EXPECT_EQ(before[0].position, model::Seq(1));
  EXPECT_TRUE(before[0].hold);
  EXPECT_EQ(before[0].moved, kNoon);
}

TEST_F(CursorTest, NamesPositionsAndNumbersAreChecked) {
  two_days();
  for (const char* name : {"", "-a", ".a", "a b", "a/b"}) {
    EXPECT_EQ(store->put_cursor(name, model::Seq(0), {}).error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_THAT(store->put_cursor("a", model::Seq(5), {}).error().message, HasSubstr("ends at 4"));
  for (std::size_t i = 0; i < Store::kMaxCursors; ++i) put("c" + std::to_string(i), 0);
  const auto more = store->put_cursor("more", model::Seq(0), {});
  EXPECT_EQ(more.error().code, ErrorCode::kResourceExhausted);
  EXPECT_THAT(more.error().message, HasSubstr("64"));
  put("c1", 2);  // moving one is no new one
}

TEST_F(CursorTest, RetentionTellsACursorWhatItMissesAndDoesNotWait) {
  two_days();
  put("behind", 0);
  put("inside", 1);
  put("beyond", 3);
  expire();
  EXPECT_EQ(rows().size(), 1U);
  reopen();
  const auto cursors = store->cursors();
  ASSERT_EQ(cursors.size(), 3U);
  EXPECT_THAT(cursors[0].gaps,
              ElementsAre(CursorGap{model::Seq(1), model::Seq(3), 3, kOldSegment, kNoon}));
  EXPECT_EQ(cursors[0].lost_rows, 3U);
  EXPECT_EQ(cursors[0].gap_count, 1U);
  EXPECT_EQ(cursors[1].name, "beyond");
  EXPECT_THAT(cursors[1].gaps, IsEmpty());
  EXPECT_THAT(cursors[2].gaps,
              ElementsAre(CursorGap{model::Seq(2), model::Seq(3), 2, kOldSegment, kNoon}));
}

TEST_F(CursorTest, LostRowsAreCountedForEachCursor) {
  two_days();
  put("behind", 0);
  expire();
  EXPECT_THAT(metrics->render(),
              HasSubstr("duramen_store_cursor_gap_rows_total{cursor=\"behind\"} 3"));
}

TEST_F(CursorTest, WithHoldASegmentWaitsForItsCursors) {
  two_days();
  put("slow", 1);
  put("careless", 0, false);
  expire(true);
  EXPECT_EQ(rows().size(), 4U);
  auto status = store->status();
  ASSERT_EQ(status.held.size(), 1U);
  EXPECT_EQ(status.held[0].segment, kOldSegment);
  EXPECT_EQ(status.held[0].cursor, "slow");
  EXPECT_EQ(status.held[0].since, kNoon);
  EXPECT_THAT(metrics->render(), HasSubstr("duramen_store_held_segments 1"));
  clock.advance(kNsPerSecond);
  expire(true);
  EXPECT_EQ(store->status().held[0].since, kNoon);
  put("slow", 3);
  expire(true);
  EXPECT_EQ(rows().size(), 1U);
  EXPECT_THAT(store->status().held, IsEmpty());
  EXPECT_EQ(store->cursors()[0].lost_rows, 3U) << "one that may not hold is told";
  EXPECT_EQ(store->cursors()[1].lost_rows, 0U);
}

TEST_F(CursorTest, ADamagedCursorIsTakenOutAndTheRestIsOpened) {
  two_days();
  put("bad", 2);
  put("good", 3);
  store.reset();
  {
    auto database = Database::open(options.directory + "/db", nullptr);
    ASSERT_TRUE(database);
    rocksdb::ColumnFamilyHandle* meta = (*database)->meta().get();
    ASSERT_TRUE((*database)->raw().Put({}, meta, cursor_key("bad"), "no cursor").ok());
  }
  reopen();
  ASSERT_EQ(store->cursors().size(), 1U);
  EXPECT_EQ(store->cursors()[0].name, "good");
  EXPECT_EQ(rows().size(), 4U);
  EXPECT_THAT(store->status().put_aside, ::testing::Contains(HasSubstr("kind 'c'")));
}

class CursorPowerLoss : public LossyStore {};

TEST_F(CursorPowerLoss, AGapIsThereExactlyWhenTheSegmentIsGone) {
  bool cut = true;
  int dropped = 0;
  int kept = 0;
  for (std::uint64_t at = 0; cut; ++at) {
    SCOPED_TRACE("power cut at operation " + std::to_string(at));
    ASSERT_LT(at, 300U);
    ASSERT_TRUE(append_and_wait(*store, batch_of({"old"}, kOld)));
    ASSERT_TRUE(store->seal());
    const model::Seq row = store->durable();
    ASSERT_TRUE(store->put_cursor("c", model::Seq(row.value() - 1), {}));
    const std::uint64_t before = store->cursors()[0].lost_rows;
    store->set_retention({});
    Retention rules{5 * kNsPerDay, {}};
    fs_->cut_after(at);
    store->set_retention(rules);
    (void)store->enforce_retention();
    cut = fs_->is_cut();
    store.reset();
    fs_->lose_unsynced();
    options.retention = {};
    open_quietly();
    const bool gone = rows().empty();
    ++(gone ? dropped : kept);
    EXPECT_EQ(store->cursors()[0].lost_rows - before, gone ? 1U : 0U);
    rules.age = kNsPerDay;
    store->set_retention(rules);
    ASSERT_TRUE(store->enforce_retention());
    store->set_retention({});
    ASSERT_TRUE(rows().empty());
  }
  EXPECT_GT(dropped, 0);
  EXPECT_GT(kept, 0);
}

}  // namespace
}  // namespace duramen::store
