// Files of every version that was ever written are read for ever.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "index/filter_writer.h"
#include "index/manifest.h"
#include "tests/index/index_fixture.h"

namespace duramen::index {
namespace {

using ::testing::ElementsAre;

const std::string kDirectory = std::string(DURAMEN_GOLDEN_DIR) + "/index_v1/";
const std::string kManifest = kSegment + ".manifest";

std::vector<BlockKeys> golden_blocks() {
  std::vector<BlockKeys> blocks;
  for (int block = 0; block < 20; ++block) {
    std::vector<std::string> texts = {"block " + std::string(1, static_cast<char>('a' + block))};
    for (int i = 0; i < (block % 5 == 4 ? 60 : 20); ++i) {
      texts.push_back("id" + std::to_string(block * 1000 + i));
    }
    blocks.push_back(keys_of(texts, {model::pair_text("app", "golden")}));
  }
  return blocks;
}

/// The index that the golden files are, written now.
void write_golden_index(const std::string& directory) {
  IndexOptions options;
  options.directory = directory;
  options.owner = "golden";
  MetricRegistry metrics;
  auto index = *Index::open(options, metrics);
  std::uint64_t block = 100;
  for (BlockKeys& keys : golden_blocks()) {
    ASSERT_TRUE(index->add(kSegment, BlockId(block++), std::move(keys)));
  }
  ASSERT_TRUE(index->seal(kSegment));
}

TEST(IndexGolden, Version1IsStillRead) {
  const TemporaryDirectory directory;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): the test has one thread
  if (std::getenv("DURAMEN_WRITE_GOLDEN") != nullptr) write_golden_index(kDirectory);
  std::filesystem::copy(kDirectory, directory.file("index"));
  IndexOptions options;
  options.directory = directory.file("index");
  options.owner = "golden";
  MetricRegistry metrics;
  const auto index = Index::open(options, metrics);
  ASSERT_TRUE(index) << index.error().message;
  const auto view = (*index)->view(kSegment);
  const auto blocks = golden_blocks();
  ASSERT_EQ(view->blocks().size(), blocks.size());
  LookupCost cost;
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    for (int i = 0; i < 20; ++i) {
      const std::string token = "id" + std::to_string(b * 1000 + static_cast<std::size_t>(i));
      if (token.size() < model::kMinToken) continue;
      EXPECT_TRUE(view->find({KeyKind::kToken, token}, cost).test(b)) << token;
    }
    const std::string letter(1, static_cast<char>('a' + b));
    EXPECT_EQ(view->find({KeyKind::kWord, letter}, cost).count(), 1U);
  }
  EXPECT_THAT(found_prefix(*view, KeyKind::kWord, "bl"), ::testing::SizeIs(20));
  EXPECT_THAT(view->labels("", 10, cost).pairs, ElementsAre(model::pair_text("app", "golden")));
  EXPECT_EQ(cost.unreadable, 0U);
}

/// The words are Xapian's, and with another release of it they are other bytes.
TEST(IndexGolden, Version1IsStillWritten) {
  const TemporaryDirectory directory;
  write_golden_index(directory.path());
  const auto golden = decode_manifest(read_bytes(kDirectory + kManifest));
  const auto now = decode_manifest(read_bytes(directory.file(kManifest)));
  ASSERT_TRUE(golden && now);
  ASSERT_EQ(golden->parts.size(), 1U);
  ASSERT_EQ(now->parts.size(), 1U);
  EXPECT_EQ(now->parts[0].blocks, golden->parts[0].blocks);
  EXPECT_TRUE(read_bytes(directory.file(filter_name(now->parts[0].number))) ==
              read_bytes(kDirectory + filter_name(golden->parts[0].number)));
  EXPECT_TRUE(encode_manifest(*golden) == read_bytes(kDirectory + kManifest));
}

}  // namespace
}  // namespace duramen::index
