// A flipped byte anywhere on disk is noticed and named, and costs no other answer.

#include <iterator>

#include "store/keys.h"
#include "tests/store/damage_fixture.h"

namespace duramen::store {
namespace {

constexpr std::size_t kBatchRows = 4;

/// Three blocks and, behind them, five batches in the journal.
class DamageTest : public DamageFixture {
 protected:
  void SetUp() override {
    temporary_.options.block_raw_bytes = 20'000;
    temporary_.reopen();
    std::vector<std::string> lines;
    for (int i = 0; i < 300; ++i)
      lines.push_back("line " + std::to_string(i * 7919) + std::string(180, 'x'));
    ASSERT_TRUE(append_and_wait(*temporary_.store, batch_of(lines), model::BatchId{}));
    ASSERT_TRUE(temporary_.store->seal());
    for (int i = 0; i < 5; ++i) {
      const std::string text = "open " + std::to_string(i) + std::string(50, 'y');
      ASSERT_TRUE(
          append_and_wait(*temporary_.store, batch_of(std::vector<std::string>(kBatchRows, text))));
    }
    keep();
  }

  /// Gives the most rows that one flip cost.
  std::size_t flip_at_random(const std::string& extension, int times) {
    const std::uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const auto candidates = files(extension);
    EXPECT_FALSE(candidates.empty());
    std::size_t worst = 0;
    for (int i = 0; i < times && !HasFailure(); ++i) {
      const fs::path file = candidates[random() % candidates.size()];
      const std::uint64_t at = random() % size(file);
      SCOPED_TRACE(file.string() + " at " + std::to_string(at));
      restore();
      flip(file, at, static_cast<std::uint8_t>(1U << (random() % 8)));
      const std::size_t missing = open_and_compare();
      worst = std::max(worst, missing);
      most_blocks_ = std::max(most_blocks_, blocks_lost_);
      if (i % 8 == 0) expect_it_goes_on(missing);
    }
    return worst;
  }

  std::size_t most_blocks_ = 0;
};

TEST_F(DamageTest, FlippedByteInABlobFileCostsOneBlock) {
  flip_at_random(".blob", 60);
  EXPECT_GT(named_, 10U);
  EXPECT_EQ(most_blocks_, 1U);
}

TEST_F(DamageTest, FlippedByteInABlobFilesHeaderOrFooterCostsNothing) {
  for (const fs::path& file : files(".blob")) {
    for (std::uint64_t i = 0; i < 62; ++i) {
      const std::uint64_t at = i < 30 ? i : size(file) - 62 + i;
      SCOPED_TRACE(file.string() + " at " + std::to_string(at));
      restore();
      flip(file, at, 0x20);
      EXPECT_EQ(open_and_compare(), 0U);
    }
  }
  EXPECT_GT(named_, 20U);
}

TEST_F(DamageTest, FlippedByteInATableFileCostsNothing) {
  EXPECT_EQ(flip_at_random(".sst", 100), 0U);
  EXPECT_GT(named_, 10U);
  EXPECT_EQ(most_blocks_, 0U);
}

TEST_F(DamageTest, NoFlippedBitBehindTheDataOfATableEndsTheProcess) {
  // RocksDB reads the properties before it looks at their checksum.
  constexpr std::uint64_t kBehindTheData = 1100;
  const fs::path file = tables(kMetaFamily).at(0);
  restore();
  std::ifstream in(fs::path(db()) / file, std::ios::binary);
  const std::string good{std::istreambuf_iterator<char>(in), {}};
  ASSERT_GT(good.size(), kBehindTheData);
  std::size_t noticed = 0;
  for (std::uint64_t bit = 8 * (good.size() - kBehindTheData); bit < 8 * good.size(); ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    std::ofstream(fs::path(db()) / file, std::ios::binary | std::ios::trunc) << bad;
    if (!Database::check_table((fs::path(db()) / file).string(), kMetaFamily)) ++noticed;
  }
  EXPECT_GT(noticed, 8 * 1000U);
}

TEST_F(DamageTest, FlippedByteInAWriteAheadLogCostsOneRecord) {
  EXPECT_LE(flip_at_random(".log", 100), kBatchRows);
  EXPECT_GT(named_, 10U);
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

TEST_F(DamageTest, EveryBitOfLengthAndTypeOfEveryWriteAheadLogRecord) {
  // Where RocksDB itself cannot tell damage from a torn tail, or takes a record for an old one.
  std::size_t records = 0;
  for (const fs::path& log : files(".log")) {
    for (const std::uint64_t begin : record_begins(fs::path(good_.path()) / "db" / log)) {
      ++records;
      // Of the checksum, its first four bytes, one bit a byte.
      for (std::uint64_t bit = 0; bit < 7 * 8; bit += bit < 32 ? 8 : 1) {
        SCOPED_TRACE(log.string() + " record at " + std::to_string(begin) + ", bit " +
                     std::to_string(bit));
        restore();
        flip(log, begin + bit / 8, static_cast<std::uint8_t>(1U << (bit % 8)));
        const std::size_t missing = open_and_compare();
        // The checksum tells what the others were.
        EXPECT_LE(missing, bit < 32 ? kBatchRows : 0U);
      }
    }
  }
  EXPECT_GE(records, 5U);
}

TEST_F(DamageTest, FlippedByteInTheManifestRefusesAndNamesItOrIsHarmless) {
  for (const auto& file : fs::directory_iterator(fs::path(good_.path()) / "db")) {
    const std::string name = file.path().filename();
    if (name.rfind("MANIFEST", 0) != 0) continue;
    for (std::uint64_t at = 3; at < file.file_size(); at += 97) {
      SCOPED_TRACE(at);
      restore();
      flip(name, at, 0x11);
      if (auto opened = temporary_.open(); !opened) {
        EXPECT_EQ(opened.error().code, ErrorCode::kDataLoss) << opened.error().message;
        EXPECT_FALSE(opened.error().message.empty());
      } else {
        EXPECT_EQ(open_and_compare(), 0U);
      }
    }
  }
}

}  // namespace
}  // namespace duramen::store
