#include "store/block_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/time_text.h"
#include "store/block_head.h"
#include "tests/store/block_corpus.h"

namespace duramen::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Opens a block and remembers which of its values were fetched.
class Fetched {
 public:
  explicit Fetched(BlockBytes bytes) : bytes_(std::move(bytes)) {
    auto opened = BlockReader::open([this](BlockPart part) {
      parts_.push_back(part);
      return fetch_from(bytes_)(part);
    });
    if (opened) {
      reader_ = *std::move(opened);
    } else {
      ADD_FAILURE() << opened.error().message;
    }
  }
  BlockReader& reader() { return *reader_; }
  const BlockBytes& bytes() const { return bytes_; }
  const std::vector<BlockPart>& parts() const { return parts_; }

 private:
  BlockBytes bytes_;
  std::vector<BlockPart> parts_;
  std::unique_ptr<BlockReader> reader_;
};

TEST(BlockReader, GivesEveryRowWhateverTheOrderOfTheColumns) {
  const model::RowSet rows = mixed_rows(11, 500);
  const BlockBytes bytes = encoded(rows);
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const auto reader = BlockReader::open(fetch_from(bytes));
    ASSERT_TRUE(reader) << reader.error().message;
    const auto back = read_by_columns(**reader, seed);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(difference(rows, *back), "");
  }
}

TEST(BlockReader, FetchesAValueWhenItIsFirstAskedForAndOnce) {
  Fetched block(encoded(mixed_rows(12, 300)));
  BlockReader& reader = block.reader();
  EXPECT_THAT(block.parts(), ElementsAre(BlockPart::kHead));
  ASSERT_TRUE(reader.numbers(RowColumn::kTime));
  ASSERT_TRUE(reader.numbers(RowColumn::kTemplate));
  EXPECT_THAT(block.parts(), ElementsAre(BlockPart::kHead, BlockPart::kRows));
  ASSERT_TRUE(reader.field(0));
  ASSERT_TRUE(reader.field(0));
  EXPECT_THAT(block.parts(), ElementsAre(BlockPart::kHead, BlockPart::kRows, BlockPart::kFields));
  EXPECT_EQ(reader.cost().value_bytes,
            block.bytes().head.size() + block.bytes().rows.size() + block.bytes().fields.size());
}

TEST(BlockReader, ExpandsOnlyTheFramesOfTheColumnsAskedFor) {
  std::mt19937_64 random(3);
  Rows rows;
  for (int i = 0; i < 20000; ++i) rows.add(typical_line(random));
  Fetched block(encoded(rows.as_accepted_here()));
  BlockReader& reader = block.reader();
  ASSERT_TRUE(reader.variables(1, 0));
  const std::uint64_t for_one_column = reader.cost().frames;
  for (std::size_t id = 0; id < reader.templates().size(); ++id) {
    for (std::size_t slot = 0; slot < reader.slots_of(id).size(); ++slot) {
      ASSERT_TRUE(reader.variables(id, slot));
    }
  }
  EXPECT_LT(for_one_column, reader.cost().frames);
  ASSERT_TRUE(reader.variables(1, 0));
  const std::uint64_t for_all_variables = reader.cost().frames;
  ASSERT_TRUE(reader.variables(2, 0));
  EXPECT_EQ(reader.cost().frames, for_all_variables);
  const BlockHead head = decode_head(block.bytes().head).value();
  EXPECT_LE(for_all_variables, head.rows.frames.size() + head.vars.frames.size())
      << "a frame is expanded once";
}

TEST(BlockReader, GivesSingleNumbersOfLongColumns) {
  std::mt19937_64 random(5);
  Rows rows;
  TimeNs time = 1'700'000'000'000'000'000;
  for (int i = 0; i < 40'000; ++i) {  // columns of several parts
    time += static_cast<TimeNs>(random() % kNsPerSecond) - kNsPerSecond / 4;
    rows.add(typical_line(random), time);
  }
  const BlockBytes bytes = encoded(rows.as_accepted_here());
  for (std::size_t c = 0; c < kRowColumns; ++c) {
    const auto column = static_cast<RowColumn>(c);
    const auto one = BlockReader::open(fetch_from(bytes)).value();
    const auto all = BlockReader::open(fetch_from(bytes)).value();
    const auto numbers = all->numbers(column).value();
    for (int i = 0; i < 50; ++i) {
      const std::size_t row = random() % rows.size();
      ASSERT_EQ(one->number(column, row).value(), numbers[row])
          << "column " << c << ", row " << row;
    }
    EXPECT_LE(one->cost().frames, all->cost().frames);
  }
}

TEST(BlockReader, WhatItGaveStaysWhereItIs) {
  Fetched block(encoded(mixed_rows(15, 300)));
  BlockReader& reader = block.reader();
  const auto times = reader.numbers(RowColumn::kTime);
  const auto values = reader.variables(1, 0);
  const auto field = reader.field(0);
  ASSERT_TRUE(times && values && field);
  EXPECT_EQ(reader.numbers(RowColumn::kTime).value().data(), times->data());
  EXPECT_EQ(reader.variables(1, 0).value(), *values);
  EXPECT_EQ(reader.field(0).value(), *field);
}

TEST(BlockReader, TimesInMessagesAreTakenAgainstTheTimesOfTheirOwnRows) {
  std::mt19937_64 random(4);
  Rows rows;
  TimeNs time = 1'700'000'000'000'000'000;
  for (int i = 0; i < 20'000; ++i) {  // a column of many parts
    time += static_cast<TimeNs>(random() % kNsPerSecond);
    std::string message;
    append_rfc3339(message, time - static_cast<TimeNs>(random() % 1'000'000));
    rows.add(message + " done", time);
  }
  const model::RowSet set = rows.as_accepted_here();
  const BlockBytes bytes = encoded(set);
  ASSERT_GT(decode_head(bytes.head).value().vars.parts.size(), 1U);
  const auto reader = BlockReader::open(fetch_from(bytes));
  ASSERT_TRUE(reader) << reader.error().message;
  const auto back = read_by_columns(**reader, 1);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(difference(set, *back), "");
}

TEST(BlockReader, ADamagedFrameCostsTheColumnsInItAndNoOther) {
  BlockBytes bytes = encoded(mixed_rows(13, 300));
  bytes.vars.back() = static_cast<char>(bytes.vars.back() ^ 1);
  Fetched block(std::move(bytes));
  BlockReader& reader = block.reader();
  ASSERT_TRUE(reader.numbers(RowColumn::kTemplate));
  ASSERT_TRUE(reader.field(0));
  std::size_t whole = 0;
  std::size_t damaged = 0;
  for (std::size_t id = 0; id < reader.templates().size(); ++id) {
    for (std::size_t slot = 0; slot < reader.slots_of(id).size(); ++slot) {
      const auto values = reader.variables(id, slot);
      ++(values ? whole : damaged);
      if (values) continue;
      EXPECT_EQ(values.error().code, ErrorCode::kDataLoss);
      EXPECT_THAT(values.error().message, HasSubstr("block vars: frame"));
    }
  }
  EXPECT_GT(whole, 0U);
  EXPECT_GT(damaged, 0U);
}

TEST(BlockReader, PassesOnWhyAValueCannotBeFetched) {
  const BlockBytes bytes = encoded(mixed_rows(14, 50));
  const auto reader = BlockReader::open([&](BlockPart part) -> Result<BlockReader::Value> {
    if (part == BlockPart::kRows) return Error{ErrorCode::kUnavailable, "the disk is away"};
    return fetch_from(bytes)(part);
  });
  ASSERT_TRUE(reader) << reader.error().message;
  const auto numbers = (*reader)->numbers(RowColumn::kTime);
  ASSERT_FALSE(numbers);
  EXPECT_EQ(numbers.error().code, ErrorCode::kUnavailable);
}

TEST(BlockReader, ATemplateThatHasNoRowsHasNoVariables) {
  auto batch = std::make_shared<model::RecordBatch>();
  const std::uint32_t stream = batch->intern_stream(model::Labels());
  for (const char* message : {"aa", "aa", "bb 3"}) batch->add_row(stream, 0, message);
  BlockBytes bytes = encoded(model::RowSet(batch, model::RowIdentity{model::Seq(1), {}, {}, 0}));
  BlockHead head = decode_head(bytes.head).value();
  ASSERT_EQ(head.templates.size(), 3U);
  // As if somebody had written that its row were of the other.
  head.templates[1].rows = 3;
  head.templates[2].rows = 0;
  head.vars = {};
  bytes.vars.clear();
  bytes.head = encode_head(head, 3).value();
  const auto reader = BlockReader::open(fetch_from(bytes));
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ((*reader)->probe(2, 0).error().code, ErrorCode::kDataLoss);
  EXPECT_EQ((*reader)->variables(2, 0).error().code, ErrorCode::kDataLoss);
}

}  // namespace
}  // namespace duramen::store
