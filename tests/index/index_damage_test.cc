// Files that change under an index that is open, or that nobody has looked into yet: answers may
// have too many blocks, never too few.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/index/index_fixture.h"

namespace duramen::index {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::SizeIs;

class DamagedIndex : public ::testing::Test {
 protected:
  void SetUp() override {
    temporary_.add(1, {"connection reset req-12345", "other"}, {"label"});
    temporary_.add(2, {"connection closed req-99999"});
    temporary_.flush();
    temporary_.add(3, {"connection sound"});
    temporary_.flush();
    words_ = temporary_.files(".words")[0];
    filter_ = temporary_.files(".filter")[0];
    manifest_ = temporary_.files(".manifest")[0];
    for (const std::string& path : {words_, filter_, manifest_}) sound_[path] = read_bytes(path);
  }

  /// As on the first day: the files are written again, since damage takes them away.
  void restore() {
    temporary_.index.reset();
    for (const auto& [path, bytes] : sound_) write_bytes(path, bytes);
    temporary_.reopen();
    ASSERT_THAT(temporary_.blocks(), ElementsAre(1, 2, 3));
  }
  static std::string flipped(std::string bytes, std::size_t at) {
    bytes[at] = static_cast<char>(bytes[at] ^ 0x41);
    return bytes;
  }
  void expect_no_block_too_few(const SegmentView& view) {
    EXPECT_THAT(found(view, KeyKind::kWord, "connection"), ElementsAre(1, 2, 3));
    EXPECT_THAT(found(view, KeyKind::kWord, "reset"), IsSupersetOf({1}));
    EXPECT_THAT(found(view, KeyKind::kWord, "sound"), IsSupersetOf({3}));
    EXPECT_THAT(found_prefix(view, KeyKind::kWord, "clo"), IsSupersetOf({2}));
    EXPECT_THAT(found(view, KeyKind::kToken, "12345"), IsSupersetOf({1}));
    EXPECT_THAT(found(view, KeyKind::kToken, "99999"), IsSupersetOf({2}));
    EXPECT_THAT(found(view, KeyKind::kPair, "label"), IsSupersetOf({1}));
  }

  TemporaryIndex temporary_;
  std::string words_;
  std::string filter_;
  std::string manifest_;
  std::map<std::string, std::string> sound_;
};

TEST_F(DamagedIndex, EveryFlippedByteOfTheWordsIsFoundBeforeXapianSeesIt) {
  for (std::size_t at = 0; at < sound_[words_].size(); ++at) {
    SCOPED_TRACE("byte " + std::to_string(at));
    // What a start writes is the same each time; only words have to come back.
    temporary_.reopen();
    write_bytes(words_, flipped(sound_[words_], at));
    const auto view = temporary_.view();
    LookupCost cost;
    ASSERT_THAT(ids_of(*view, view->find({KeyKind::kWord, "reset"}, cost)), ElementsAre(1, 2));
    ASSERT_EQ(cost.unreadable, 1U);
    ASSERT_EQ(temporary_.metric("duramen_index_damaged_parts_total"), 1U);
    ASSERT_THAT(temporary_.blocks(), ElementsAre(3));
    write_bytes(words_, sound_[words_]);
  }
}

TEST_F(DamagedIndex, EveryFlippedByteOfTheWordsThatAreOpenDoesNotMatter) {
  temporary_.reopen();
  const auto view = temporary_.view();
  EXPECT_THAT(found(*view, KeyKind::kWord, "reset"), ElementsAre(1));
  for (std::size_t at = 0; at < sound_[words_].size(); ++at) {
    write_bytes(words_, flipped(sound_[words_], at));
    ASSERT_THAT(found(*view, KeyKind::kWord, "reset"), ElementsAre(1)) << "byte " << at;
  }
  std::filesystem::remove(words_);
  EXPECT_THAT(found(*view, KeyKind::kWord, "reset"), ElementsAre(1));
  EXPECT_EQ(temporary_.metric("duramen_index_damaged_parts_total"), 0U);
}

TEST_F(DamagedIndex, EveryFlippedByteOfTheFilterLosesNoBlock) {
  for (std::size_t at = 0; at < sound_[filter_].size(); ++at) {
    SCOPED_TRACE("byte " + std::to_string(at));
    temporary_.reopen();
    write_bytes(filter_, flipped(sound_[filter_], at));
    expect_no_block_too_few(*temporary_.view());
    if (HasFailure()) return;
    write_bytes(filter_, sound_[filter_]);
  }
}

TEST_F(DamagedIndex, EveryFlippedByteOfTheFilterThatWasReadLosesNoBlock) {
  for (std::size_t at = 0; at < sound_[filter_].size(); ++at) {
    SCOPED_TRACE("byte " + std::to_string(at));
    temporary_.reopen();
    const auto view = temporary_.view();
    expect_no_block_too_few(*view);
    write_bytes(filter_, flipped(sound_[filter_], at));
    expect_no_block_too_few(*view);
    if (HasFailure()) return;
    write_bytes(filter_, sound_[filter_]);
  }
}

TEST_F(DamagedIndex, EveryCutOfAFileLosesNoBlock) {
  for (const std::string& path : {words_, filter_}) {
    for (std::size_t size = 0; size < sound_[path].size(); size += 1 + sound_[path].size() / 300) {
      SCOPED_TRACE(path + " cut to " + std::to_string(size));
      temporary_.reopen();
      write_bytes(path, sound_[path].substr(0, size));
      expect_no_block_too_few(*temporary_.view());
      if (HasFailure()) return;
      write_bytes(path, sound_[path]);
    }
  }
}

TEST_F(DamagedIndex, AFileThatHasGrownLosesNoBlock) {
  for (const std::string& path : {words_, filter_}) {
    restore();
    write_bytes(path, sound_[path] + std::string(100'000, 'x'));
    expect_no_block_too_few(*temporary_.view());
    EXPECT_THAT(temporary_.blocks(), ElementsAre(3)) << path;
  }
}

TEST_F(DamagedIndex, FilesThatAreGoneLoseNoBlock) {
  const auto view = temporary_.view();
  std::filesystem::remove_all(temporary_.options.directory);
  expect_no_block_too_few(*view);
  EXPECT_THAT(temporary_.blocks(), IsEmpty());
  EXPECT_EQ(temporary_.index->status().damaged_parts, 2U);
}

TEST_F(DamagedIndex, WhatWasDamagedIsLeftOutUntilItIsIndexedAgain) {
  write_bytes(words_, flipped(sound_[words_], 100));
  expect_no_block_too_few(*temporary_.view());
  EXPECT_THAT(temporary_.blocks(), ElementsAre(3));
  temporary_.add(2, {"connection closed req-99999"});
  EXPECT_THAT(temporary_.blocks(), ElementsAre(2, 3));
  EXPECT_FALSE(std::filesystem::exists(words_));
  EXPECT_FALSE(std::filesystem::exists(filter_));
  temporary_.add(1, {"connection reset req-12345"});
  temporary_.seal();
  temporary_.reopen();
  EXPECT_THAT(temporary_.blocks(), ElementsAre(1, 2, 3));
  EXPECT_THAT(found(*temporary_.view(), KeyKind::kWord, "reset"), ElementsAre(1));
}

TEST_F(DamagedIndex, MergingLeavesOutWhatIsDamaged) {
  write_bytes(filter_, flipped(sound_[filter_], sound_[filter_].size() - 1));
  temporary_.seal();
  EXPECT_THAT(temporary_.blocks(), ElementsAre(3));
  EXPECT_EQ(temporary_.metric("duramen_index_damaged_parts_total"), 1U);
  temporary_.reopen();
  EXPECT_THAT(temporary_.blocks(), ElementsAre(3));
}

TEST_F(DamagedIndex, VerifyNamesTheFileAndLeavesItOut) {
  for (const std::string& path : {words_, filter_}) {
    restore();
    const std::size_t last = sound_[path].size() - 1;
    write_bytes(path, flipped(sound_[path], last));
    const auto faults = temporary_.index->verify({});
    ASSERT_TRUE(faults);
    ASSERT_THAT(*faults, SizeIs(1));
    EXPECT_THAT((*faults)[0],
                ::testing::HasSubstr(std::filesystem::path(path).filename().string()));
    EXPECT_THAT((*faults)[0], ::testing::HasSubstr("scanned until they are indexed again"));
    EXPECT_THAT(temporary_.blocks(), ElementsAre(3));
  }
}

TEST_F(DamagedIndex, ADirectoryThatWasDeletedIsMadeAgain) {
  std::filesystem::remove_all(temporary_.options.directory);
  EXPECT_TRUE(temporary_.index->verify({}));
  EXPECT_THAT(temporary_.blocks(), IsEmpty());
  temporary_.add(1, {"again"});
  temporary_.flush();
  temporary_.reopen();
  EXPECT_THAT(temporary_.blocks(), ElementsAre(1));
}

}  // namespace
}  // namespace duramen::index
