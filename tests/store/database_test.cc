// Every RocksDB setting that the store relies on, and what it is for.

#include "store/database.h"

#include <gtest/gtest.h>
#include <rocksdb/write_batch.h>

#include <filesystem>

#include "base/checksum.h"
#include "store/keys.h"
#include "tests/base/temporary_directory.h"

namespace duramen::store {
namespace {

namespace fs = std::filesystem;

class DatabaseTest : public ::testing::Test {
 protected:
  void SetUp() override { open(); }
  void open() {
    database_.reset();
    auto opened = Database::open(directory_.path(), nullptr);
    ASSERT_TRUE(opened) << opened.error().message;
    database_ = *opened;
  }
  void put(const Database::Family& family, const std::string& key, const std::string& value) {
    rocksdb::WriteBatch batch;
    ASSERT_TRUE(batch.Put(family.get(), key, value).ok());
    ASSERT_TRUE(database_->write(batch, true));
  }
  std::vector<fs::path> files(const std::string& extension) const {
    std::vector<fs::path> out;
    for (const auto& file : fs::directory_iterator(directory_.path())) {
      if (file.path().extension() == extension) out.push_back(file.path());
    }
    return out;
  }
  rocksdb::Options options_of(const Database::Family& family) const {
    return database_->raw().GetOptions(family.get());
  }

  TemporaryDirectory directory_;
  std::shared_ptr<Database> database_;
};

TEST_F(DatabaseTest, WalDamageIsAnErrorAndDoesNotDropWhatFollows) {
  EXPECT_EQ(database_->raw().GetDBOptions().wal_recovery_mode,
            rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords);
  // What happens with damage is shown in damage_test.cc.
}

TEST_F(DatabaseTest, AMissingWalIsNoticed) {
  put(database_->meta(), "a", "1");
  // A second log: the first one is closed and recorded in the manifest.
  ASSERT_TRUE(database_->raw().Flush(rocksdb::FlushOptions(), database_->journal().get()).ok());
  put(database_->journal(), "b", "1");
  ASSERT_TRUE(database_->raw().Flush(rocksdb::FlushOptions(), database_->journal().get()).ok());
  put(database_->meta(), "c", "1");
  auto logs = files(".log");
  ASSERT_GE(logs.size(), 2U);
  std::sort(logs.begin(), logs.end());
  database_.reset();
  fs::remove(logs.front());
  auto opened = Database::open(directory_.path(), nullptr);
  ASSERT_FALSE(opened) << "a whole log is gone and nobody says so";
  EXPECT_EQ(opened.error().code, ErrorCode::kDataLoss) << opened.error().message;
}

TEST_F(DatabaseTest, WalFilesAreBoundedInAll) {
  EXPECT_LE(database_->raw().GetDBOptions().max_total_wal_size, 512ULL << 20);
  EXPECT_GT(database_->raw().GetDBOptions().max_total_wal_size, 0U);
}

TEST_F(DatabaseTest, OpenFilesAreBounded) {
  EXPECT_GT(database_->raw().GetDBOptions().max_open_files, 0);
  EXPECT_LE(database_->raw().GetDBOptions().max_open_files, 1024);
}

TEST_F(DatabaseTest, ManySegmentFlushesNeitherCompactNorStall) {
  auto made = database_->create_segments({"2026-11-21.default"});
  ASSERT_TRUE(made);
  Database::Family* segment = &made->front();
  EXPECT_TRUE(options_of(*segment).disable_auto_compactions);
  for (int i = 0; i < 60; ++i) {  // beyond every default trigger (4, 20, 36 files)
    put(*segment, block_key(BlockPart::kHead, model::BlockId(static_cast<std::uint64_t>(i))),
        std::string(5000, 'x'));
    ASSERT_TRUE(database_->raw().Flush(rocksdb::FlushOptions(), segment->get()).ok());
  }
  std::string files_at_0;
  ASSERT_TRUE(
      database_->raw().GetProperty(segment->get(), "rocksdb.num-files-at-level0", &files_at_0));
  EXPECT_EQ(files_at_0, "60");
  std::string stopped;
  ASSERT_TRUE(database_->raw().GetProperty("rocksdb.is-write-stopped", &stopped));
  EXPECT_EQ(stopped, "0");
  std::string delayed;
  ASSERT_TRUE(database_->raw().GetProperty("rocksdb.actual-delayed-write-rate", &delayed));
  EXPECT_EQ(delayed, "0");
}

TEST_F(DatabaseTest, ManyTablesOfMetadataAreJoinedWhenAskedFor) {
  const auto tables = [&] {
    std::string n;
    database_->raw().GetProperty(database_->meta().get(), "rocksdb.num-files-at-level0", &n);
    return n;
  };
  EXPECT_TRUE(options_of(database_->meta()).disable_auto_compactions);
  EXPECT_TRUE(options_of(database_->journal()).disable_auto_compactions);
  EXPECT_TRUE(options_of(database_->batches()).disable_auto_compactions);
  for (int i = 0; i < 10; ++i) {
    put(database_->meta(), "key" + std::to_string(i % 3), std::to_string(i));
    ASSERT_TRUE(database_->raw().Flush(rocksdb::FlushOptions(), database_->meta().get()).ok());
  }
  EXPECT_EQ(tables(), "10");
  ASSERT_TRUE(database_->compact_small_families());
  EXPECT_EQ(tables(), "0");
  EXPECT_EQ(**database_->get(database_->meta(), "key0"), "9");
}

TEST_F(DatabaseTest, BlockValuesLieInBlobFiles) {
  auto made = database_->create_segments({"2026-11-21.default"});
  ASSERT_TRUE(made);
  Database::Family* segment = &made->front();
  put(*segment, "h1", std::string(1'000'000, 'x'));
  ASSERT_TRUE(database_->flush_all({*segment}));
  const auto blobs = files(".blob");
  ASSERT_EQ(blobs.size(), 1U);
  EXPECT_GT(fs::file_size(blobs[0]), 1'000'000U) << "packed already: not compressed again";
}

TEST_F(DatabaseTest, DroppingASegmentFreesItsDisk) {
  auto made = database_->create_segments({"2026-11-21.default"});
  ASSERT_TRUE(made);
  Database::Family* segment = &made->front();
  put(*segment, "h1", std::string(1'000'000, 'x'));
  ASSERT_TRUE(database_->flush_all({*segment}));
  ASSERT_TRUE(database_->drop_segment(*segment));
  EXPECT_EQ(database_->get(*segment, "h1")->value().size(), 1'000'000U) << "who holds it reads on";
  *segment = nullptr;
  open();
  EXPECT_TRUE(files(".blob").empty());
}

TEST_F(DatabaseTest, ScanGivesAPrefixInOrder) {
  for (const char* key : {"b2", "a1", "b1", "c1"}) put(database_->meta(), key, key);
  std::string seen;
  ASSERT_TRUE(database_->scan(database_->meta(), "b",
                              [&](std::string_view key, std::string_view) -> Result<void> {
                                seen.append(key).append(",");
                                return {};
                              }));
  EXPECT_EQ(seen, "b1,b2,");
}

}  // namespace
}  // namespace duramen::store
