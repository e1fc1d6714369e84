#include "index/index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/index/index_fixture.h"

namespace duramen::index {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Index, ASegmentThatIsNotKnownHasAnEmptyView) {
  const TemporaryIndex temporary;
  EXPECT_THAT(temporary.blocks(), IsEmpty());
  EXPECT_THAT(found(*temporary.view(), KeyKind::kWord, "any"), IsEmpty());
}

TEST(Index, BlocksAreFoundInMemoryAndOnDisk) {
  TemporaryIndex temporary;
  temporary.add(7, {"connection reset by peer"});
  temporary.add(3, {"request req-12345 done"}, {"label"});
  for (const char* when : {"in memory", "on disk"}) {
    const auto view = temporary.view();
    EXPECT_THAT(temporary.blocks(), ElementsAre(3, 7)) << when;
    EXPECT_THAT(found(*view, KeyKind::kWord, "reset"), ElementsAre(7)) << when;
    EXPECT_THAT(found(*view, KeyKind::kToken, "12345"), ElementsAre(3)) << when;
    EXPECT_THAT(found(*view, KeyKind::kPair, "label"), ElementsAre(3)) << when;
    EXPECT_THAT(found_prefix(*view, KeyKind::kWord, "re"), ElementsAre(3, 7)) << when;
    EXPECT_THAT(found_prefix(*view, KeyKind::kWord, "conn"), ElementsAre(7)) << when;
    temporary.flush();
  }
}

TEST(Index, WordsAboutAsLongAsTheLimitAndLongerAreFound) {
  for (const std::size_t size :
       {model::kMaxWord - 1, model::kMaxWord, model::kMaxWord + 1, model::kMaxWord + 30}) {
    TemporaryIndex temporary;
    const std::string word(size, 'w');
    temporary.add(1, {word});
    temporary.add(2, {"other"});
    for (const char* when : {"in memory", "in parts"}) {
      EXPECT_THAT(found(*temporary.view(), KeyKind::kWord, word), ElementsAre(1)) << size << when;
      EXPECT_THAT(found_prefix(*temporary.view(), KeyKind::kWord, word), ElementsAre(1))
          << size << when;
      temporary.flush();
    }
  }
}

TEST(Index, WhatCannotBeAskedIsInAllBlocks) {
  TemporaryIndex temporary;
  temporary.add(1, {"a"});
  temporary.add(2, {"b"});
  EXPECT_THAT(found(*temporary.view(), KeyKind::kWord, ""), ElementsAre(1, 2));
  EXPECT_THAT(found_prefix(*temporary.view(), KeyKind::kWord, ""), ElementsAre(1, 2));
  EXPECT_THAT(found_prefix(*temporary.view(), KeyKind::kToken, "a"), ElementsAre(1, 2));
}

TEST(Index, ACleanStopKeepsEverythingAndACrashTheParts) {
  TemporaryIndex temporary;
  temporary.add(1, {"one"});
  temporary.flush();
  temporary.add(2, {"two"});
  temporary.reopen();  // without a flush
  EXPECT_THAT(temporary.blocks(), ElementsAre(1));
  temporary.add(2, {"two"});
  temporary.flush();
  temporary.reopen();
  EXPECT_THAT(temporary.blocks(), ElementsAre(1, 2));
  EXPECT_THAT(found(*temporary.view(), KeyKind::kWord, "two"), ElementsAre(2));
}

TEST(Index, ABlockThatIsIndexedStaysAsItIs) {
  TemporaryIndex temporary;
  temporary.add(1, {"first"});
  temporary.add(1, {"second"});
  temporary.flush();
  temporary.add(1, {"third"});
  EXPECT_THAT(temporary.blocks(), ElementsAre(1));
  EXPECT_THAT(found(*temporary.view(), KeyKind::kWord, "first"), ElementsAre(1));
  EXPECT_THAT(found(*temporary.view(), KeyKind::kWord, "third"), IsEmpty());
}

TEST(Index, AViewStaysAsItIs) {
  TemporaryIndex temporary;
  temporary.add(1, {"one"});
  const auto before = temporary.view();
  temporary.add(2, {"one"});
  EXPECT_THAT(found(*before, KeyKind::kWord, "one"), ElementsAre(1));
  EXPECT_THAT(found(*temporary.view(), KeyKind::kWord, "one"), ElementsAre(1, 2));
}

TEST(Index, AFullDeltaBecomesAPartAndPartsAreMerged) {
  TemporaryIndex temporary;
  temporary.options.delta_blocks = 2;
  temporary.reopen();
  for (std::uint64_t block = 1; block <= 16; ++block) {
    temporary.add(block, {"word", "req-" + std::to_string(10'000 + block)});
  }
  EXPECT_EQ(temporary.segment_status().parts, 7U);
  EXPECT_EQ(temporary.segment_status().delta_blocks, 2U);
  temporary.add(17, {"word"});
  EXPECT_EQ(temporary.segment_status().parts, 1U);
  EXPECT_EQ(temporary.metric("duramen_index_parts_written_total"), 8U);
  EXPECT_EQ(temporary.metric("duramen_index_merges_total"), 1U);
  EXPECT_THAT(temporary.files(".words"), SizeIs(1));
  EXPECT_THAT(temporary.files(".filter"), SizeIs(1));
  EXPECT_THAT(found(*temporary.view(), KeyKind::kWord, "word"), SizeIs(17));
  EXPECT_THAT(found(*temporary.view(), KeyKind::kToken, "10009"), ElementsAre(9));
}

TEST(Index, TheDeltasOfAllSegmentsTogetherAreBounded) {
  TemporaryIndex temporary;
  temporary.options.delta_bytes = 3000;
  temporary.reopen();
  for (std::uint64_t block = 1; block <= 40; ++block) {
    const std::string segment = "day" + std::to_string(block % 10);
    ASSERT_TRUE(temporary.index->add(segment, BlockId(block), keys_of({"some words req-12345"})));
    EXPECT_LE(temporary.index->status().delta_bytes, 3000U);
  }
  std::uint64_t blocks = 0;
  for (const SegmentIndexStatus& segment : temporary.index->status().segments) {
    blocks += segment.blocks;
  }
  EXPECT_EQ(blocks, 40U);
  EXPECT_GT(temporary.metric("duramen_index_parts_written_total"), 0U);
}

TEST(Index, SealingLeavesOnePart) {
  TemporaryIndex temporary;
  for (std::uint64_t block = 1; block <= 5; ++block) {
    temporary.add(block, {"word" + std::string(block, 'x')});
    temporary.flush();
  }
  EXPECT_EQ(temporary.segment_status().parts, 5U);
  temporary.add(6, {"last"});
  temporary.seal();
  EXPECT_EQ(temporary.segment_status().parts, 1U);
  EXPECT_EQ(temporary.segment_status().delta_blocks, 0U);
  EXPECT_THAT(found(*temporary.view(), KeyKind::kWord, "wordxxx"), ElementsAre(3));
  EXPECT_THAT(temporary.files(".words"), SizeIs(1));
  temporary.reopen();
  EXPECT_THAT(temporary.blocks(), ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(Index, AViewReadsWhatWasMergedOrDroppedMeanwhile) {
  TemporaryIndex temporary;
  temporary.add(1, {"one"});
  temporary.flush();
  temporary.add(2, {"one req-12345"});
  temporary.flush();
  auto view = temporary.view();
  temporary.seal();
  EXPECT_THAT(found(*view, KeyKind::kWord, "one"), ElementsAre(1, 2));
  EXPECT_THAT(found(*view, KeyKind::kToken, "12345"), ElementsAre(2));
  ASSERT_TRUE(temporary.index->drop(kSegment));
  EXPECT_THAT(found(*view, KeyKind::kToken, "12345"), ElementsAre(2));
  EXPECT_EQ(temporary.metric("duramen_index_damaged_parts_total"), 0U);
  view.reset();
  EXPECT_THAT(temporary.files(""), IsEmpty());
  EXPECT_THAT(temporary.blocks(), IsEmpty());
}

TEST(Index, AViewOutlivesTheIndex) {
  TemporaryIndex temporary;
  temporary.add(1, {"one"});
  temporary.flush();
  const auto view = temporary.view();
  temporary.index.reset();
  EXPECT_THAT(found(*view, KeyKind::kWord, "one"), ElementsAre(1));
}

TEST(Index, ADroppedSegmentStaysDropped) {
  TemporaryIndex temporary;
  temporary.add(1, {"one"});
  temporary.flush();
  ASSERT_TRUE(temporary.index->add("other", BlockId(2), keys_of({"two"})));
  EXPECT_THAT(temporary.index->segments(), ElementsAre(kSegment, "other"));
  ASSERT_TRUE(temporary.index->drop(kSegment));
  ASSERT_TRUE(temporary.index->drop("never there"));
  temporary.flush();
  temporary.reopen();
  EXPECT_THAT(temporary.index->segments(), ElementsAre("other"));
}

TEST(Index, OtherBlocksThanThoseToKeepGoWithWhatSharesTheirPart) {
  TemporaryIndex temporary;
  temporary.add(1, {"one"});
  temporary.add(2, {"two"});
  temporary.flush();
  temporary.add(3, {"three"});
  temporary.flush();
  temporary.add(4, {"four"});
  temporary.add(5, {"five"});
  ASSERT_TRUE(temporary.index->keep_only(kSegment, {BlockId(2), BlockId(3), BlockId(5)}));
  ASSERT_TRUE(temporary.index->keep_only("never there", {}));
  EXPECT_THAT(temporary.blocks(), ElementsAre(3, 5));
  EXPECT_THAT(found(*temporary.view(), KeyKind::kWord, "two"), IsEmpty());
  EXPECT_THAT(temporary.files(".words"), SizeIs(1));
  temporary.add(2, {"two"});
  temporary.flush();
  temporary.reopen();
  EXPECT_THAT(temporary.blocks(), ElementsAre(2, 3, 5));
  EXPECT_THAT(found(*temporary.view(), KeyKind::kWord, "two"), ElementsAre(2));
}

TEST(Index, AtMostSoManyWordFilesAreOpen) {
  TemporaryIndex temporary;
  temporary.options.open_words = 2;
  temporary.reopen();
  for (std::uint64_t block = 1; block <= 4; ++block) {
    temporary.add(block, {"word"});
    temporary.flush();
  }
  const auto view = temporary.view();
  EXPECT_THAT(found(*view, KeyKind::kWord, "word"), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(found(*view, KeyKind::kWord, "word"), ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(temporary.metric("duramen_index_words_opened_total"), 8U);
}

TEST(Index, LabelsAreListedFromMemoryAndDisk) {
  TemporaryIndex temporary;
  const std::string web = model::pair_text("app", "web");
  const std::string db = model::pair_text("app", "db");
  const std::string host = model::pair_text("host", "h1");
  temporary.add(1, {"a"}, {web, host});
  temporary.flush();
  temporary.add(2, {"a"}, {db, host});
  LookupCost cost;
  const LabelList all = temporary.view()->labels("", 10, cost);
  EXPECT_THAT(all.pairs, ElementsAre(db, web, host));
  EXPECT_TRUE(all.complete);
  const LabelList apps = temporary.view()->labels(model::pair_text("app", ""), 10, cost);
  EXPECT_THAT(apps.pairs, ElementsAre(db, web));
  const LabelList few = temporary.view()->labels("", 2, cost);
  EXPECT_THAT(few.pairs, SizeIs(2));
  EXPECT_FALSE(few.complete);
}

TEST(Index, LookingUpIsCounted) {
  TemporaryIndex temporary;
  temporary.add(1, {"word req-12345"});
  temporary.flush();
  LookupCost cost;
  const auto view = temporary.view();
  view->find({KeyKind::kWord, "word"}, cost);
  EXPECT_EQ(cost.terms, 1U);
  EXPECT_GT(cost.bytes_read, 0U);
  const std::uint64_t before = cost.bytes_read;
  view->find({KeyKind::kWord, "word"}, cost);
  EXPECT_EQ(cost.bytes_read, before) << "it is open";
  view->find({KeyKind::kToken, "12345"}, cost);
  EXPECT_EQ(cost.rows, 3U);
  EXPECT_GT(cost.bytes_read, before);
  EXPECT_EQ(cost.unreadable, 0U);
}

TEST(Index, ANameThatIsNoNameIsRefused) {
  const TemporaryIndex temporary;
  const auto added = temporary.index->add("../escape", BlockId(1), {});
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code, ErrorCode::kInvalidArgument);
}

TEST(Index, WhenTheDiskDoesNotTakeItEverythingStaysFindable) {
  TemporaryIndex temporary;
  temporary.options.delta_blocks = 1;
  temporary.reopen();
  temporary.add(1, {"one"});
  temporary.add(2, {"two"});
  EXPECT_THAT(found(*temporary.view(), KeyKind::kWord, "two"), ElementsAre(2)) << "opens the words";
  const std::string away = temporary.directory.file("away");
  std::filesystem::rename(temporary.options.directory, away);
  write_bytes(temporary.options.directory, "in the way");
  const auto refused = temporary.index->add(kSegment, BlockId(3), keys_of({"three"}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(temporary.blocks(), ElementsAre(1, 2));
  EXPECT_THAT(found(*temporary.view(), KeyKind::kWord, "two"), ElementsAre(2));
  std::filesystem::remove(temporary.options.directory);
  std::filesystem::rename(away, temporary.options.directory);
  temporary.add(3, {"three"});
  temporary.flush();
  EXPECT_THAT(found(*temporary.view(), KeyKind::kWord, "three"), ElementsAre(3));
}

TEST(Index, VerifyFindsNothingInASoundIndexAndSaysHowFarItIs) {
  TemporaryIndex temporary;
  temporary.add(1, {"word req-12345"});
  temporary.flush();
  std::uint64_t last = 0;
  std::uint64_t total = 0;
  const auto faults = temporary.index->verify([&](std::uint64_t done, std::uint64_t of) {
    EXPECT_GE(done, last);
    last = done;
    total = of;
    return true;
  });
  ASSERT_TRUE(faults);
  EXPECT_THAT(*faults, IsEmpty());
  EXPECT_EQ(last, total);
  const SegmentIndexStatus status = temporary.segment_status();
  EXPECT_EQ(total, status.word_bytes + status.filter_bytes);
}

TEST(Index, VerifyEndsWhenItIsTold) {
  TemporaryIndex temporary;
  temporary.add(1, {"word"});
  temporary.flush();
  const auto faults = temporary.index->verify([](std::uint64_t, std::uint64_t) { return false; });
  ASSERT_FALSE(faults);
  EXPECT_EQ(faults.error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace duramen::index
