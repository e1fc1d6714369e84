#include "model/record_batch.h"

#include <gtest/gtest.h>

#include <functional>

namespace duramen::model {
namespace {

/// Without the second meaning of two texts in braces: a string from two pointers.
Labels of(std::initializer_list<Labels::Pair> pairs) { return Labels(std::vector(pairs)); }

RecordBatch two_rows() {
  RecordBatch batch;
  const auto web = batch.intern_stream(of({{"app", "web"}}));
  const auto db = batch.intern_stream(of({{"app", "db"}}));
  batch.add_field(batch.intern_field_name("status"), FieldKind::kJson, "200");
  batch.add_field(batch.intern_field_name("path"), FieldKind::kText, "/");
  batch.add_row(web, 1, "hello");
  batch.add_row(db, 2, std::string_view("\0\xFF", 2));
  return batch;
}

TEST(RecordBatch, GivesBackWhatWasAdded) {
  const RecordBatch batch = two_rows();
  ASSERT_TRUE(batch.check());
  EXPECT_EQ(batch.rows(), 2U);
  EXPECT_EQ(batch.message(0), "hello");
  EXPECT_EQ(batch.message(1), std::string_view("\0\xFF", 2));
  EXPECT_EQ(batch.first_field(0), 0U);
  EXPECT_EQ(batch.fields_end[0], 2U);
  EXPECT_EQ(batch.first_field(1), 2U);
  EXPECT_EQ(batch.fields_end[1], 2U);
  EXPECT_EQ(batch.value(0), "200");
  EXPECT_EQ(batch.value(1), "/");
  EXPECT_EQ(batch.raw_bytes(), 5U + 2 + 3 + 1);
}

TEST(RecordBatch, NamesAndStreamsAreKeptOnce) {
  RecordBatch batch = two_rows();
  EXPECT_EQ(batch.intern_stream(of({{"app", "web"}})), 0U);
  EXPECT_EQ(batch.intern_field_name("path"), 1U);
  EXPECT_EQ(batch.streams.size(), 2U);
  EXPECT_EQ(batch.field_names.size(), 2U);
}

TEST(RecordBatch, ACopiedRowBringsItsStreamAndFields) {
  const RecordBatch from = two_rows();
  RecordBatch to;
  to.intern_field_name("other");
  to.copy_row(from, 1);
  to.copy_row(from, 0);
  ASSERT_TRUE(to.check());
  EXPECT_EQ(to.streams[to.stream[1]], of({{"app", "web"}}));
  EXPECT_EQ(to.message(1), "hello");
  EXPECT_EQ(to.time[1], 1);
  EXPECT_EQ(to.field_names[to.field_name[to.first_field(1)]], "status");
  EXPECT_EQ(to.field_kind[to.first_field(1)], FieldKind::kJson);
  EXPECT_EQ(to.value(to.first_field(1)), "200");
}

TEST(RecordBatch, ColumnsThatDisagreeAreDataLoss) {
  const std::vector<std::function<void(RecordBatch&)>> damages = {
      [](RecordBatch& b) { b.stream.pop_back(); },
      [](RecordBatch& b) { b.stream[0] = 2; },
      [](RecordBatch& b) { b.message_end[0] = 8; },
      [](RecordBatch& b) { b.message_end.back() = 6; },
      [](RecordBatch& b) { b.messages += "x"; },
      [](RecordBatch& b) { b.fields_end[0] = 3; },
      [](RecordBatch& b) { b.fields_end.back() = 1; },
      [](RecordBatch& b) { b.field_name[0] = 2; },
      [](RecordBatch& b) { b.field_kind.pop_back(); },
      [](RecordBatch& b) { b.value_end[0] = 9; },
      [](RecordBatch& b) { b.values.pop_back(); },
      [](RecordBatch& b) { b.time.push_back(3); },
  };
  for (std::size_t i = 0; i < damages.size(); ++i) {
    RecordBatch batch = two_rows();
    damages[i](batch);
    const auto checked = batch.check();
    ASSERT_FALSE(checked) << i;
    EXPECT_EQ(checked.error().code, ErrorCode::kDataLoss);
  }
  EXPECT_TRUE(RecordBatch().check());
}

TEST(RowSet, IdentitiesCountOnOrAreGiven) {
  const auto records = std::make_shared<const RecordBatch>(two_rows());
  const RowIdentity first{Seq(10), NodeId(7), Seq(3), 99};
  const RowIdentity second{Seq(11), NodeId(7), Seq(4), 99};
  EXPECT_EQ(RowSet(records, first).identity(1), second);
  const RowSet given(records, std::vector<RowIdentity>{second, first});
  EXPECT_EQ(given.identity(0), second);
  EXPECT_EQ(given.identity(1), first);
  EXPECT_EQ(RowSet().rows(), 0U);
}

}  // namespace
}  // namespace duramen::model
