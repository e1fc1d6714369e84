// A flipped byte anywhere on disk is noticed and named, and costs no other answer.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>

#include "tests/store/store_fixture.h"

namespace duramen::store {
namespace {

namespace fs = std::filesystem;

using Rows = std::map<std::uint64_t, std::string>;

/// A closed store with three blocks and, behind them, five batches in the journal.
class DamageTest : public ::testing::Test {
 protected:
  void SetUp() override {
    temporary_.options.block_raw_bytes = 20'000;
    temporary_.reopen();
    std::vector<std::string> lines;
    for (int i = 0; i < 300; ++i)
      lines.push_back("line " + std::to_string(i * 7919) + std::string(180, 'x'));
    ASSERT_TRUE(append_and_wait(*temporary_.store, batch_of(lines)));
    ASSERT_TRUE(temporary_.store->seal());
    for (int i = 0; i < 5; ++i) {
      ASSERT_TRUE(append_and_wait(*temporary_.store,
                                  batch_of({"open " + std::to_string(i) + std::string(50, 'y')})));
    }
    rows_ = temporary_.rows();
    temporary_.store.reset();
    fs::copy(temporary_.directory.path(), good_.path(),
             fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  }

  std::vector<fs::path> files(const std::string& extension) const {
    std::vector<fs::path> out;
    for (const auto& file : fs::directory_iterator(fs::path(good_.path()) / "db")) {
      if (file.path().extension() == extension && file.file_size() != 0)
        out.push_back(file.path().filename());
    }
    return out;
  }

  /// The good store with byte `at` of `file` changed.
  void damage(const fs::path& file, std::uint64_t at, std::uint8_t flip) {
    const fs::path db = fs::path(temporary_.directory.path()) / "db";
    temporary_.store.reset();
    fs::remove_all(db);
    fs::copy(fs::path(good_.path()) / "db", db, fs::copy_options::recursive);
    std::fstream stream(db / file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(static_cast<std::streamoff>(at));
    const int byte = stream.get();
    stream.seekp(static_cast<std::streamoff>(at));
    stream.put(static_cast<char>(byte ^ flip));
  }

  /// What a flip may do: refuse to open and say so, or open with everything, or open with blocks
  /// missing that are named. Rows that come back are the rows that went in.
  void expect_noticed_or_harmless() {
    if (auto opened = temporary_.open(); !opened) {
      EXPECT_TRUE(opened.error().code == ErrorCode::kDataLoss ||
                  opened.error().code == ErrorCode::kUnavailable)
          << opened.error().message;
      EXPECT_FALSE(opened.error().message.empty());
      ++refused_;
      return;
    }
    const auto snapshot = temporary_.store->snapshot();
    std::size_t unreadable = 0;
    std::size_t seen = 0;
    const auto take = [&](const model::RowSet& set) {
      for (std::size_t row = 0; row < set.rows(); ++row, ++seen) {
        EXPECT_EQ(rows_.at(set.identity(row).seq.value()), set.records().message(row));
      }
    };
    for (const auto& set : snapshot->open_rows()) take(set);
    for (const BlockRef& block : snapshot->blocks()) {
      auto rows = snapshot->read(block);
      if (rows) take(*rows);
      if (!rows) ++unreadable;
    }
    EXPECT_TRUE(unreadable != 0 || seen == rows_.size()) << "rows are missing and nobody says so";
    EXPECT_EQ(temporary_.store->status().damaged.size(), unreadable);
    if (unreadable != 0) {
      ++named_;
      worst_ = std::max(worst_, unreadable);
      auto report = temporary_.store->verify({});
      EXPECT_TRUE(report && !report->faults.empty());
    }
  }

  /// Leaves `margin` bytes at both ends of a file alone.
  void flip_at_random(const std::string& extension, int times, std::uint64_t margin = 0) {
    const std::uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const auto candidates = files(extension);
    ASSERT_FALSE(candidates.empty());
    for (int i = 0; i < times; ++i) {
      const fs::path file = candidates[random() % candidates.size()];
      const std::uint64_t size = fs::file_size(fs::path(good_.path()) / "db" / file);
      const std::uint64_t at = margin + random() % (size - 2 * margin);
      SCOPED_TRACE(file.string() + " at " + std::to_string(at));
      damage(file, at, static_cast<std::uint8_t>(1U << (random() % 8)));
      expect_noticed_or_harmless();
    }
  }

  TemporaryStore temporary_;
  TemporaryDirectory good_;
  Rows rows_;
  int refused_ = 0;
  int named_ = 0;
  std::size_t worst_ = 0;  ///< blocks that one flip made unreadable
};

TEST_F(DamageTest, FlippedByteInABlobFileCostsOneBlock) {
  flip_at_random(".blob", 60, 40);
  EXPECT_GT(named_, 10);
  EXPECT_EQ(worst_, 1U);
}

TEST_F(DamageTest, FlippedByteInABlobFilesHeaderOrFooterIsNamed) {
  for (std::uint64_t at = 0; at < 30; at += 3) {
    SCOPED_TRACE(at);
    damage(files(".blob")[0], at, 0x20);
    expect_noticed_or_harmless();
  }
}

TEST_F(DamageTest, FlippedByteInATableFile) { flip_at_random(".sst", 60); }

TEST_F(DamageTest, FlippedByteInTheWriteAheadLog) {
  flip_at_random(".log", 100);
  EXPECT_GT(refused_, 10);
}

/// Where the records of a write-ahead log begin that is smaller than one of its blocks.
std::vector<std::uint64_t> record_begins(const fs::path& log) {
  std::ifstream file(log, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  EXPECT_LT(bytes.size(), 32U * 1024);
  std::vector<std::uint64_t> begins;
  for (std::size_t at = 0; at + 7 <= bytes.size() && bytes[at + 6] != 0;) {
    begins.push_back(at);
    at += 7U + static_cast<unsigned char>(bytes[at + 4]) +
          256U * static_cast<unsigned char>(bytes[at + 5]);
  }
  return begins;
}

TEST_F(DamageTest, EveryBitOfEveryWriteAheadLogRecordsHeader) {
  // Where RocksDB itself cannot tell damage from a torn tail, or takes a record for an old one.
  std::size_t records = 0;
  for (const fs::path& log : files(".log")) {
    for (const std::uint64_t begin : record_begins(fs::path(good_.path()) / "db" / log)) {
      ++records;
      for (std::uint64_t bit = 0; bit < 7 * 8; ++bit) {
        SCOPED_TRACE(log.string() + " record at " + std::to_string(begin) + ", bit " +
                     std::to_string(bit));
        damage(log, begin + bit / 8, static_cast<std::uint8_t>(1U << (bit % 8)));
        expect_noticed_or_harmless();
      }
    }
  }
  EXPECT_GE(records, 5U);
}

TEST_F(DamageTest, FlippedByteInTheManifest) {
  for (const auto& file : fs::directory_iterator(fs::path(good_.path()) / "db")) {
    const std::string name = file.path().filename();
    if (name.rfind("MANIFEST", 0) != 0) continue;
    for (std::uint64_t at = 3; at < file.file_size(); at += 97) {
      SCOPED_TRACE(at);
      damage(name, at, 0x11);
      expect_noticed_or_harmless();
    }
  }
}

}  // namespace
}  // namespace duramen::store
