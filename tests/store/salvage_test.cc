// What a store gives back of itself when more than one byte of it is gone.

#include <rocksdb/env.h>

#include "store/directory.h"
#include "store/keys.h"
#include "tests/store/damage_fixture.h"
#include "tests/support/power_loss_file_system.h"

namespace duramen::store {
namespace {

constexpr std::size_t kBatches = 8;
constexpr std::size_t kBatchRows = 5;

class SalvageTest : public DamageFixture {
 protected:
  void SetUp() override {
    temporary_.options.block_raw_bytes = 3'000;
    temporary_.options.epoch_raw_bytes = 1;  // each batch is an epoch, unless two come at once
    temporary_.reopen();
  }

  void append(const std::string& name, TimeNs time = kNoon) {
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < kBatchRows; ++i) {
      lines.push_back(name + " line " + std::to_string(i * 7919) + std::string(300, 'x'));
    }
    const auto ack =
        append_and_wait(*temporary_.store, batch_of(lines, time), model::BatchId{hash128(name), 1});
    ASSERT_TRUE(ack) << ack.error().message;
  }
  void wait_until_built() {
    ASSERT_TRUE(eventually([&] { return temporary_.store->status().open_rows == 0; }));
  }
  void append_epochs() {
    for (std::size_t i = 0; i < kBatches; ++i) {
      append("epoch " + std::to_string(epochs_++),
             kNoon + static_cast<TimeNs>(i % 3) * 24 * 3600 * kNsPerSecond);
      wait_until_built();
    }
  }
  /// Batches that stay in the journal.
  void append_open() {
    temporary_.options.epoch_raw_bytes = 32U << 20;
    temporary_.reopen();
    for (std::size_t i = 0; i < kBatches; ++i) append("open " + std::to_string(i));
  }
  void flush_journal() {
    temporary_.store.reset();
    const auto database = Database::open(db(), nullptr);
    ASSERT_TRUE(database);
    ASSERT_TRUE(
        (*database)->raw().Flush(rocksdb::FlushOptions(), (*database)->journal().get()).ok());
  }
  std::size_t epochs_ = 0;

  void zero(const fs::path& file) const {
    const std::string zeros(size(file), '\0');
    std::ofstream(db() / file, std::ios::binary | std::ios::trunc) << zeros;
  }
};

TEST_F(SalvageTest, AnEpochThatIsLostInTheLogIsMadeAgainFromTheJournal) {
  append_epochs();
  keep();
  std::size_t worst = 0;
  for (const fs::path& log : files(".log")) {
    for (std::uint64_t at = 0; at < size(log); at += 271) {
      SCOPED_TRACE(log.string() + " at " + std::to_string(at));
      restore();
      flip(log, at, 0x40);
      const std::size_t missing = open_and_compare();
      worst = std::max(worst, missing);
      if (at % 5 == 0) expect_it_goes_on(missing);
    }
  }
  EXPECT_GT(named_, 20U);
  // A damaged append costs nothing when its epoch is whole, a damaged epoch nothing when its
  // appends are.
  EXPECT_EQ(worst, 0U);
}

TEST_F(SalvageTest, AFlippedByteInATableOfTheJournalCostsOneEntry) {
  append_epochs();
  append_open();
  rows_ = temporary_.rows();
  flush_journal();
  temporary_.reopen();
  keep();
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto journal = tables(kJournalFamily);
  ASSERT_FALSE(journal.empty());
  for (int i = 0; i < 60 && !HasFailure(); ++i) {
    const fs::path file = journal[random() % journal.size()];
    const std::uint64_t at = random() % size(file);
    SCOPED_TRACE(file.string() + " at " + std::to_string(at));
    restore();
    flip(file, at, static_cast<std::uint8_t>(1U << (random() % 8)));
    const std::size_t missing = open_and_compare();
    EXPECT_LE(missing, kBatchRows);
    if (i % 5 == 0) expect_it_goes_on(missing);
  }
  EXPECT_GT(named_, 10U);
}

TEST_F(SalvageTest, WhatTheJournalHasDeletedDoesNotComeBack) {
  append_open();
  flush_journal();
  temporary_.options.retention.age = 3 * kNsPerDay;
  temporary_.reopen();
  ASSERT_TRUE(temporary_.store->seal());  // in blocks: deleted from the journal, in a newer table
  temporary_.clock.advance(5 * kNsPerDay);
  ASSERT_TRUE(temporary_.store->enforce_retention());
  append("today", temporary_.clock.now());
  keep();
  ASSERT_EQ(rows_.size(), kBatchRows);
  for (const fs::path& file : tables(kJournalFamily)) {
    for (std::uint64_t at = 0; at < size(file); at += 37) {
      SCOPED_TRACE(file.string() + " at " + std::to_string(at));
      restore();
      flip(file, at, 0x04);
      const std::size_t missing = open_and_compare();
      EXPECT_EQ(missing, 0U);
    }
  }
}

TEST_F(SalvageTest, BlocksOfALostEpochAreNotTakenAgainByTheNextSalvage) {
  append_epochs();
  temporary_.store.reset();
  {
    const auto database = Database::open(db(), nullptr);
    ASSERT_TRUE(database);
    for (const auto& [name, family] : (*database)->found_segments()) {
      ASSERT_TRUE((*database)->raw().Flush(rocksdb::FlushOptions(), family.get()).ok());
    }
  }
  temporary_.reopen();
  keep();
  std::vector<fs::path> logs = files(".log");
  std::sort(logs.begin(), logs.end());
  for (std::uint64_t at = 20; at < size(logs[0]); at += 400) {
    SCOPED_TRACE(at);
    restore();
    flip(logs[0], at, 0x10);
    EXPECT_EQ(open_and_compare(), 0U);
    ASSERT_TRUE(temporary_.store->seal());
    append("again " + std::to_string(at));
    temporary_.store.reset();
    // Anything that makes the next start a salvage.
    std::ofstream(temporary_.directory.path() + "/salvage-pending").close();
    temporary_.reopen();
    EXPECT_EQ(temporary_.rows().size(), rows_.size() + kBatchRows);
  }
}

TEST_F(SalvageTest, ASalvageThatStopsAfterTheLogsIsBegunAgain) {
  for (int i = 0; i < 8; ++i) {
    append_epochs();
    if (i == 7) break;
    ASSERT_TRUE(temporary_.store->seal());
  }
  keep();
  std::vector<fs::path> logs = files(".log");
  const fs::path log = *std::max_element(logs.begin(), logs.end());
  const std::vector<fs::path> all = files(".sst");
  ASSERT_GT(all.size(), 20U);
  for (std::uint64_t at = 100; at < size(log); at += 501) {
    SCOPED_TRACE(at);
    restore();
    flip(log, at, 0x10);
    for (const fs::path& file : all) zero(file);
    ASSERT_FALSE(temporary_.open());
    for (const fs::path& file : all) {
      fs::copy_file(fs::path(good_.path()) / "db" / file, db() / file,
                    fs::copy_options::overwrite_existing);
    }
    EXPECT_EQ(open_and_compare(), 0U);
    temporary_.store.reset();
    EXPECT_FALSE(fs::exists(temporary_.directory.path() + "/salvage-pending"));
  }
}

TEST_F(SalvageTest, WithoutCurrentTheStartStopsAndChangesNothing) {
  append_epochs();
  ASSERT_TRUE(temporary_.store->seal());
  keep();
  restore();
  fs::remove(db() + "/CURRENT");
  for (int i = 0; i < 2; ++i) {
    const auto opened = temporary_.open();
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().message, ::testing::HasSubstr("CURRENT is missing"));
  }
  fs::copy_file(good_.path() + "/db/CURRENT", db() + "/CURRENT");
  EXPECT_EQ(open_and_compare(), 0U);
  EXPECT_EQ(named_, 0U);
}

TEST_F(SalvageTest, ADamagedTableAmongManyHidesNothing) {
  for (int i = 0; i < 8; ++i) {
    append_epochs();
    ASSERT_TRUE(temporary_.store->seal());
  }
  keep();
  const auto segment = tables(segment_name(day_of(kNoon), kDefaultClass));
  ASSERT_GE(segment.size(), 8U);
  for (const fs::path& file : segment) {
    SCOPED_TRACE(file);
    for (const std::uint64_t behind : {5U, 30U, 100U, 900U}) {  // magic, index, properties, more
      restore();
      flip(file, size(file) - behind, 0x01);
      EXPECT_EQ(open_and_compare(), 0U);
    }
  }
}

TEST_F(SalvageTest, AMissingBlobFileCostsItsBlocksOnly) {
  for (int i = 0; i < 3; ++i) {
    append_epochs();
    ASSERT_TRUE(temporary_.store->seal());
  }
  keep();
  for (const fs::path& file : files(".blob")) {
    SCOPED_TRACE(file);
    restore();
    fs::remove(db() / file);
    ASSERT_TRUE(temporary_.open());
    std::size_t seen = 0;
    const auto snapshot = temporary_.store->snapshot();
    for (const BlockRef& block : snapshot->blocks()) {
      const auto rows = snapshot->read(block);
      if (rows) seen += rows->rows();
    }
    EXPECT_LT(seen, rows_.size());
    EXPECT_GE(seen, rows_.size() - 3 * kBatchRows);
  }
}

TEST_F(SalvageTest, WithoutAnyMetadataEveryRowComesBack) {
  append_epochs();
  ASSERT_TRUE(temporary_.store->seal());
  const std::string id = temporary_.store->store_id();
  append_open();
  keep();
  restore();
  const auto meta = tables(kMetaFamily);
  ASSERT_FALSE(meta.empty());
  for (const fs::path& file : meta) zero(file);
  EXPECT_EQ(open_and_compare(), 0U);
  EXPECT_EQ(named_, 1U);
  EXPECT_NE(temporary_.store->store_id(), id) << "a page cursor would go on in another order";
  expect_it_goes_on(0);
}

TEST_F(SalvageTest, WithoutAnyTableOfASegmentEveryRowComesBack) {
  append_epochs();
  ASSERT_TRUE(temporary_.store->seal());
  keep();
  restore();
  const auto segment = tables(segment_name(day_of(kNoon), kDefaultClass));
  ASSERT_FALSE(segment.empty());
  for (const fs::path& file : segment) fs::remove(db() / file);
  EXPECT_EQ(open_and_compare(), 0U);
  expect_it_goes_on(0);
}

TEST_F(SalvageTest, WithoutBatchIdsNoRowIsMissing) {
  append_epochs();
  ASSERT_TRUE(temporary_.store->seal());
  keep();
  restore();
  for (const fs::path& file : tables(kBatchesFamily)) zero(file);
  EXPECT_EQ(open_and_compare(), 0U);
  EXPECT_EQ(named_, 1U);
  expect_it_goes_on(0);
}

TEST_F(SalvageTest, SeveralDamagedFilesAtOnceNeitherRepeatNorInventRows) {
  append_epochs();
  ASSERT_TRUE(temporary_.store->seal());
  append_epochs();
  append_open();
  keep();
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  std::vector<fs::path> all = files(".sst");
  for (const auto& log : files(".log")) all.push_back(log);
  for (const auto& blob : files(".blob")) all.push_back(blob);
  for (int i = 0; i < 40 && !HasFailure(); ++i) {
    restore();
    for (int flips = 0; flips < 4; ++flips) {
      const fs::path file = all[random() % all.size()];
      flip(file, random() % size(file), static_cast<std::uint8_t>(1U << (random() % 8)));
    }
    SCOPED_TRACE("round " + std::to_string(i));
    const std::size_t missing = open_and_compare();
    EXPECT_LE(missing, 4 * 2 * kBatchRows);
  }
}

TEST_F(SalvageTest, ASalvageThatLosesPowerIsBegunAgain) {
  append_epochs();
  ASSERT_TRUE(temporary_.store->seal());
  append_open();
  keep();
  std::vector<fs::path> bad = tables(kMetaFamily);
  for (const fs::path& file : tables(segment_name(day_of(kNoon), kDefaultClass))) {
    bad.push_back(file);
  }
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  int cut_short = 0;
  for (std::uint64_t operations = 1; operations < 200; operations += 9) {
    SCOPED_TRACE("cut after " + std::to_string(operations));
    restore();
    for (const fs::path& file : bad) zero(file);
    auto lossy = std::make_shared<duramen::testing::PowerLossFileSystem>(
        rocksdb::FileSystem::Default(), seed + operations);
    const std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(lossy);
    temporary_.options.env = env.get();
    lossy->cut_after(operations);
    if (!temporary_.open()) ++cut_short;
    temporary_.store.reset();
    lossy->lose_unsynced();
    temporary_.options.env = nullptr;
    EXPECT_EQ(open_and_compare(), 0U);
  }
  EXPECT_GT(cut_short, 3);
}

TEST_F(SalvageTest, MostOfManyTablesDamagedRefusesAndChangesNothing) {
  for (int i = 0; i < 8; ++i) {
    append_epochs();
    ASSERT_TRUE(temporary_.store->seal());
  }
  keep();
  restore();
  const std::vector<fs::path> all = files(".sst");
  ASSERT_GT(all.size(), 20U);
  for (const fs::path& file : all) zero(file);
  const auto opened = temporary_.open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kDataLoss);
  EXPECT_THAT(opened.error().message, ::testing::HasSubstr(" table files in "));
  for (const fs::path& file : all) EXPECT_TRUE(fs::exists(db() / file)) << file;
  for (const fs::path& file : all) {
    fs::copy_file(fs::path(good_.path()) / "db" / file, db() / file,
                  fs::copy_options::overwrite_existing);
  }
  EXPECT_EQ(open_and_compare(), 0U);
}

TEST_F(SalvageTest, ATableThatACrashLeftUnfinishedIsNoDamage) {
  append_open();
  keep();
  restore();
  std::ofstream(db() + "/000998.sst").close();
  std::ofstream(db() + "/000999.sst") << std::string(700, 'x');
  EXPECT_EQ(open_and_compare(), 0U);
  EXPECT_EQ(named_, 0U);
}

TEST_F(SalvageTest, WhatWasPutAsideIsNamedUntilItIsRemoved) {
  append_open();
  keep();
  const std::vector<fs::path> logs = files(".log");
  const fs::path log = *std::max_element(logs.begin(), logs.end());  // the newest
  // Not every record holds rows.
  std::size_t missing = 0;
  for (std::uint64_t at = 20; missing == 0 && at < size(log); at += 100) {
    restore();
    flip(log, at, 0x01);
    missing = open_and_compare();
  }
  ASSERT_EQ(missing, kBatchRows);
  temporary_.reopen();
  const StoreStatus status = temporary_.store->status();
  ASSERT_FALSE(status.put_aside.empty());
  EXPECT_THAT(status.put_aside[0], ::testing::HasSubstr("write-ahead log"));
  const auto report = temporary_.store->verify({});
  ASSERT_TRUE(report);
  EXPECT_THAT(report->faults, ::testing::Contains(::testing::HasSubstr("put aside: ")));
  const std::string folder = temporary_.directory.path() + "/put-aside";
  EXPECT_TRUE(fs::exists(folder + "/" + log.string())) << "as it was found";
  fs::remove_all(folder);
  EXPECT_TRUE(temporary_.store->status().put_aside.empty());
  EXPECT_THAT(temporary_.store->verify({})->faults, ::testing::IsEmpty());
}

}  // namespace
}  // namespace duramen::store
