#include "tools/bench/duramen_answer.h"

#include <gmock/gmock.h>

namespace duramen::bench {
namespace {

constexpr std::string_view kRows =
    "{\"_msg\":\"one\"}\n{\"_msg\":\"two\"}\n"
    "{\"_end\":{\"rows\":2,\"partial\":false,\"scanned_rows\":7,\"scanned_bytes\":70}}\n";

Result<StoreAnswer> answer(Shape shape, std::string_view body, std::size_t piece = 1000,
                           int status = 200) {
  DuramenAnswer out(shape);
  for (; !body.empty(); body.remove_prefix(std::min(piece, body.size()))) {
    out.take(body.substr(0, piece));
  }
  return out.finish(status);
}

TEST(DuramenAnswer, CountsRowsWithoutTheEndOfTheAnswer) {
  const auto whole = answer(Shape::kRows, kRows);
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(whole->rows, 2U);
  EXPECT_EQ(whole->count, std::nullopt);
  EXPECT_EQ(whole->body_bytes, kRows.size());
  EXPECT_EQ(whole->read_rows, 7U);
  EXPECT_EQ(whole->read_bytes, 70U);
}

TEST(DuramenAnswer, PiecesOfAnyLengthGiveTheSame) {
  const auto whole = answer(Shape::kContext, kRows);
  ASSERT_TRUE(whole);
  for (std::size_t piece = 1; piece < kRows.size(); ++piece) {
    const auto pieces = answer(Shape::kContext, kRows, piece);
    ASSERT_TRUE(pieces) << piece;
    EXPECT_EQ(pieces->rows, 2U);
    EXPECT_EQ(pieces->digest, whole->digest);
  }
}

TEST(DuramenAnswer, OtherRowsHaveAnotherDigest) {
  std::string other(kRows);
  other[9] = 'O';
  EXPECT_NE(answer(Shape::kRows, kRows)->digest, answer(Shape::kRows, other)->digest);
}

TEST(DuramenAnswer, WithoutItsEndItIsRefused) {
  EXPECT_FALSE(answer(Shape::kRows, ""));
  EXPECT_FALSE(answer(Shape::kRows, "{\"_msg\":\"one\"}\n"));
  EXPECT_FALSE(answer(Shape::kRows, kRows.substr(0, kRows.size() - 1)));
  EXPECT_FALSE(answer(Shape::kCount, "{\"columns\":[\"n\"],\"rows\":[[1"));
}

TEST(DuramenAnswer, WithDamageItIsRefused) {
  EXPECT_FALSE(answer(Shape::kRows,
                      "{\"_end\":{\"rows\":0,\"partial\":true,\"scanned_rows\":0,"
                      "\"scanned_bytes\":0}}\n"));
}

TEST(DuramenAnswer, OfAnotherStatusSaysWhatTheBodySays) {
  const auto refused = answer(Shape::kCount, "{\"detail\":\"column 3\"}", 1000, 400);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("column 3"));
}

TEST(DuramenAnswer, AddsUpWhatATableCounts) {
  const auto table = answer(Shape::kTopValues,
                            "{\"columns\":[\"path\",\"count\"],\"rows\":[[\"/\",2],[\"/a\",3]],"
                            "\"partial\":false,\"scanned_rows\":1,\"scanned_bytes\":1}");
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->rows, 2U);
  EXPECT_EQ(table->count, 5U);
}

TEST(DuramenAnswer, ReadsTheTotalsOfHitsAndLabels) {
  const auto hits = answer(Shape::kHistogram,
                           "{\"total\":9,\"buckets\":[{\"count\":9}],\"partial\":false,"
                           "\"scanned_rows\":1,\"scanned_bytes\":1}");
  ASSERT_TRUE(hits) << hits.error().message;
  EXPECT_EQ(hits->count, 9U);
  EXPECT_EQ(hits->rows, 1U);
  const auto values =
      answer(Shape::kLabelValues,
             "{\"values\":[{\"value\":\"a\",\"rows\":4},{\"value\":\"b\",\"rows\":1}],"
             "\"partial\":false,\"scanned_rows\":1,\"scanned_bytes\":1}");
  ASSERT_TRUE(values) << values.error().message;
  EXPECT_EQ(values->count, 5U);
  EXPECT_EQ(values->rows, 2U);
}

}  // namespace
}  // namespace duramen::bench
