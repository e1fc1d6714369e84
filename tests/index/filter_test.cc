#include <gtest/gtest.h>

#include <random>
#include <set>

#include "base/checksum.h"
#include "index/filter_reader.h"
#include "index/filter_writer.h"
#include "tests/index/index_fixture.h"

namespace duramen::index {
namespace {

BlockKeys random_keys(std::mt19937_64& random, std::size_t count) {
  BlockKeysBuilder builder;
  for (std::size_t i = 0; i < count; ++i) {
    builder.add(KeyKind::kToken, "t" + std::to_string(random() % 1'000'000'000 + 10'000));
  }
  return builder.take();
}

std::vector<const BlockKeys*> pointers(const std::vector<BlockKeys>& blocks) {
  std::vector<const BlockKeys*> out;
  for (const BlockKeys& block : blocks) out.push_back(&block);
  return out;
}

struct Filters {
  TemporaryDirectory directory;
  FilterReader write(const std::string& name, const std::vector<BlockKeys>& blocks) {
    const auto size = write_filter(directory.file(name), pointers(blocks));
    EXPECT_TRUE(size) << size.error().message;
    auto reader = FilterReader::open(directory.file(name), *size, blocks.size());
    EXPECT_TRUE(reader) << reader.error().message;
    return *std::move(reader);
  }
};

TEST(Filter, FindsWhatIsInABlock) {
  const std::uint64_t seed = std::random_device()();
  std::mt19937_64 random(seed);
  std::vector<BlockKeys> blocks;
  for (const std::size_t size : {0U, 1U, 5U, 900U, 1000U, 7000U, 20'000U}) {
    blocks.push_back(random_keys(random, size));
  }
  Filters filters;
  const FilterReader reader = filters.write("a", blocks);
  EXPECT_GT(reader.head().groups.size(), 3U);
  LookupCost cost;
  for (std::size_t block = 0; block < blocks.size(); ++block) {
    for (const std::uint64_t hash : blocks[block].hashes) {
      const auto found = reader.find(hash, cost);
      ASSERT_TRUE(found) << found.error().message;
      ASSERT_TRUE(found->test(block)) << "block " << block << ", seed " << seed;
    }
  }
}

/// Blocks of 100 in percent that answer for a key that they do not have.
double false_positives(const FilterReader& reader, std::size_t blocks, std::string_view prefix) {
  LookupCost cost;
  std::size_t wrong = 0;
  constexpr std::size_t kAsked = 4000;
  for (std::size_t i = 0; i < kAsked; ++i) {
    const std::string key = std::string(prefix) + std::to_string(i % 9000 + 1000);
    wrong += reader.find(key_hash(KeyKind::kToken, key), cost)->count();
  }
  return 100.0 * static_cast<double>(wrong) / static_cast<double>(kAsked * blocks);
}

TEST(Filter, LetsFewBlocksThroughThatDoNotHaveTheKey) {
  std::mt19937_64 random(1);
  std::vector<BlockKeys> blocks;
  for (std::size_t i = 0; i < 8; ++i) blocks.push_back(random_keys(random, 40'000 + 1000 * i));
  Filters filters;
  const FilterReader reader = filters.write("a", blocks);
  EXPECT_LT(false_positives(reader, blocks.size(), "absent"), 2.5);
  EXPECT_LT(false_positives(reader, blocks.size(), "a"), 15);  // five bytes: three rows
  EXPECT_LT(false_positives(reader, blocks.size(), ""), 29);   // four bytes: two rows
}

TEST(Filter, TakesAboutNineBitsForALongKey) {
  std::mt19937_64 random(1);
  for (const std::size_t keys : {1000U, 1100U, 1200U, 1300U, 40'000U, 100'000U}) {
    Filters filters;
    const BlockKeys block = random_keys(random, keys);
    const FilterReader reader = filters.write("a", {block});
    const double bits = static_cast<double>(reader.head().groups[0].rows()) /
                        static_cast<double>(block.hashes.size());
    EXPECT_GT(bits, 7.5) << keys;
    EXPECT_LT(bits, 11.5) << keys;
  }
}

TEST(Filter, StaysWithinTheLimitOfABlock) {
  std::mt19937_64 random(1);
  BlockKeys block = random_keys(random, 10'000);
  block.filter_bytes_limit = 2000;
  Filters filters;
  const FilterReader reader = filters.write("a", {block});
  EXPECT_LE(reader.head().groups[0].rows(), 16'000U);
  EXPECT_GT(reader.head().groups[0].rows(), 11'000U);
  LookupCost cost;
  for (const std::uint64_t hash : block.hashes) EXPECT_TRUE(reader.find(hash, cost)->test(0));
}

TEST(Filter, ANeedleReadsOnePageForEachRow) {
  std::mt19937_64 random(1);
  std::vector<BlockKeys> blocks(300, random_keys(random, 500));
  Filters filters;
  const FilterReader reader = filters.write("a", blocks);
  LookupCost cost;
  ASSERT_TRUE(reader.find(blocks[0].hashes[0], cost));
  EXPECT_LE(cost.rows, 7U);
  EXPECT_LE(cost.bytes_read, cost.rows * 1100);
}

TEST(Filter, MergedIsWhatWouldHaveBeenWritten) {
  const std::uint64_t seed = std::random_device()();
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20; ++round) {
    Filters filters;
    std::vector<BlockKeys> all;
    std::vector<FilterReader> readers;
    const std::size_t parts = 2 + random() % 9;
    for (std::size_t p = 0; p < parts; ++p) {
      std::vector<BlockKeys> blocks;
      const std::size_t count = 1 + random() % 20;
      for (std::size_t b = 0; b < count; ++b) {
        blocks.push_back(random_keys(random, random() % 300));
      }
      readers.push_back(filters.write("part" + std::to_string(p), blocks));
      all.insert(all.end(), blocks.begin(), blocks.end());
    }
    std::vector<const FilterReader*> sources;
    for (const FilterReader& reader : readers) sources.push_back(&reader);
    ASSERT_TRUE(merge_filters(filters.directory.file("merged"), sources));
    filters.write("whole", all);
    ASSERT_TRUE(read_bytes(filters.directory.file("merged")) ==
                read_bytes(filters.directory.file("whole")))
        << "seed " << seed;
  }
}

TEST(Filter, EveryFlippedBitIsFoundOrOfNoRowThatIsRead) {
  std::mt19937_64 random(1);
  std::vector<BlockKeys> blocks;
  for (const std::size_t size : {3U, 30U, 31U}) blocks.push_back(random_keys(random, size));
  Filters filters;
  const std::string path = filters.directory.file("a");
  filters.write("a", blocks);
  const std::string bytes = read_bytes(path);
  LookupCost cost;
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    write_bytes(path, damaged);
    const auto reader = FilterReader::open(path, bytes.size(), blocks.size());
    if (!reader) continue;
    for (std::size_t block = 0; block < blocks.size(); ++block) {
      for (const std::uint64_t hash : blocks[block].hashes) {
        const auto found = reader->find(hash, cost);
        ASSERT_TRUE(!found || found->test(block)) << "bit " << bit;
      }
    }
  }
}

TEST(Filter, EveryCutIsFound) {
  std::mt19937_64 random(1);
  Filters filters;
  const std::string path = filters.directory.file("a");
  filters.write("a", {random_keys(random, 30)});
  const std::string bytes = read_bytes(path);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    write_bytes(path, bytes.substr(0, size));
    EXPECT_FALSE(FilterReader::open(path, bytes.size(), 1)) << size;
    EXPECT_FALSE(FilterReader::open(path, size, 1)) << size;
  }
}

TEST(Filter, TheWorkedExampleIsWhatIsWritten) {
  BlockKeys block;
  block.hashes = {0x0000000300000002};
  Filters filters;
  filters.write("a", {block});
  const auto with_sum = [](std::string bytes) {
    const std::uint64_t sum = checksum64(bytes);
    return bytes.append(reinterpret_cast<const char*>(&sum), sizeof sum);
  };
  const std::string head("DIXF\1\0\0\0\x1d\0\0\0\1\0\1\0\0\1\0\0\0", 21);
  const std::string page = "\1" + std::string(7, '\0');
  EXPECT_TRUE(read_bytes(filters.directory.file("a")) == with_sum(head) + with_sum(page));
}

TEST(Filter, RowsOfAHashAreInsideEveryFilter) {
  const std::uint64_t seed = std::random_device()();
  std::mt19937_64 random(seed);
  for (std::uint8_t size_class = 0; size_class < kSizeClasses; ++size_class) {
    const std::uint32_t rows = class_rows(size_class);
    for (int i = 0; i < 100; ++i) {
      const HashRows at = hash_rows(random() | 7, rows);
      for (std::size_t r = 0; r < at.count; ++r) ASSERT_LT(at.row[r], rows) << "seed " << seed;
    }
    if (size_class != 0) {
      EXPECT_GT(rows, class_rows(static_cast<std::uint8_t>(size_class - 1)));
    }
  }
}

}  // namespace
}  // namespace duramen::index
