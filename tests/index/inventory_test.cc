// What a start trusts and what it removes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/index/index_fixture.h"

namespace duramen::index {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Inventory, LeftoversOfACrashAreRemovedAndOtherFilesAreNot) {
  TemporaryIndex temporary;
  temporary.add(1, {"one"});
  temporary.flush();
  const std::string in = temporary.options.directory + "/";
  for (const char* name : {"000000000077.words", "000000000077.filter", "x.manifest.tmp"}) {
    write_bytes(in + name, "left over");
  }
  std::filesystem::create_directory(in + "build-78");
  write_bytes(in + "build-78/iamglass", "left over");
  write_bytes(in + "README", "a note of the operator");
  temporary.reopen();
  EXPECT_THAT(temporary.files(""), SizeIs(4)) << "manifest, words, filter, README";
  EXPECT_THAT(temporary.blocks(), ElementsAre(1));
  temporary.add(2, {"two"});
  temporary.flush();
  EXPECT_TRUE(std::filesystem::exists(in + "000000000079.words")) << "no number is used again";
}

TEST(Inventory, AnotherStoresIndexIsNotTrusted) {
  TemporaryIndex temporary;
  temporary.add(1, {"one"});
  temporary.flush();
  temporary.options.owner = "store-2";
  temporary.reopen();
  EXPECT_THAT(temporary.blocks(), IsEmpty());
  temporary.options.owner = "store-1";
  temporary.reopen();
  EXPECT_THAT(temporary.blocks(), IsEmpty()) << "it is gone for good";
}

TEST(Inventory, BlocksThatTheStoreNeverGaveAreNotTrustedNowOrLater) {
  TemporaryIndex temporary;
  temporary.add(5, {"five"});
  temporary.flush();
  temporary.add(9, {"nine"});
  temporary.flush();
  temporary.options.block_end = BlockId(9);
  temporary.reopen();
  EXPECT_THAT(temporary.blocks(), ElementsAre(5));
  temporary.options.block_end = BlockId(100);
  temporary.reopen();
  EXPECT_THAT(temporary.blocks(), ElementsAre(5));
  EXPECT_EQ(temporary.metric("duramen_index_damaged_parts_total"), 0U);
}

TEST(Inventory, AManifestUnderAnotherNameIsNotTrusted) {
  TemporaryIndex temporary;
  temporary.add(1, {"one"});
  temporary.flush();
  const std::string in = temporary.options.directory + "/";
  std::filesystem::copy_file(in + kSegment + ".manifest", in + "other.manifest");
  temporary.reopen();
  EXPECT_THAT(temporary.index->segments(), ElementsAre(kSegment));
  EXPECT_EQ(temporary.metric("duramen_index_damaged_parts_total"), 1U);
}

TEST(Inventory, EveryDamagedManifestIsLeftOutAndItsFilesGo) {
  TemporaryIndex temporary;
  temporary.add(1, {"one"});
  temporary.flush();
  const std::string words = temporary.files(".words")[0];
  const std::string filter = temporary.files(".filter")[0];
  const std::string manifest = temporary.files(".manifest")[0];
  const std::string word_bytes = read_bytes(words);
  const std::string filter_bytes = read_bytes(filter);
  const std::string bytes = read_bytes(manifest);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    temporary.index.reset();
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    write_bytes(words, word_bytes);
    write_bytes(filter, filter_bytes);
    write_bytes(manifest, damaged);
    temporary.reopen();
    ASSERT_THAT(temporary.blocks(), IsEmpty()) << "byte " << at;
    ASSERT_THAT(temporary.files(""), IsEmpty()) << "byte " << at;
    ASSERT_EQ(temporary.metric("duramen_index_damaged_parts_total"), 1U) << "byte " << at;
  }
}

TEST(Inventory, AMissingOrCutFileTakesItsPartOnly) {
  for (const char* ending : {".words", ".filter"}) {
    for (const bool cut : {true, false}) {
      TemporaryIndex temporary;
      temporary.add(1, {"one"});
      temporary.flush();
      temporary.add(2, {"two"});
      temporary.flush();
      const std::string first = temporary.files(ending)[0];
      if (cut) {
        write_bytes(first, read_bytes(first).substr(1));
      } else {
        std::filesystem::remove(first);
      }
      temporary.reopen();
      EXPECT_THAT(temporary.blocks(), ElementsAre(2)) << ending << cut;
      EXPECT_THAT(temporary.files(".words"), SizeIs(1)) << ending << cut;
      EXPECT_THAT(temporary.files(".filter"), SizeIs(1)) << ending << cut;
      temporary.add(1, {"one"});
      temporary.seal();
      EXPECT_THAT(found(*temporary.view(), KeyKind::kWord, "one"), ElementsAre(1));
    }
  }
}

TEST(Inventory, ADirectoryThatCannotBeMadeIsAnError) {
  const TemporaryDirectory directory;
  write_bytes(directory.file("file"), "not a directory");
  MetricRegistry metrics;
  IndexOptions options;
  options.directory = directory.file("file");
  const auto opened = Index::open(options, metrics);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace duramen::index
