#include "store/block.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/store/block_corpus.h"

namespace duramen::store {
namespace {

TEST(Block, KeepsEveryByteOfAnyRows) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    expect_round_trip(mixed_rows(seed, 1 + seed * 29 % 700));
  }
}

TEST(Block, KeepsTypicalLines) {
  std::mt19937_64 random(5);
  Rows rows;
  for (int i = 0; i < 20'000; ++i) rows.add(typical_line(random));
  expect_round_trip(rows.as_accepted_here());
}

TEST(Block, KeepsOddMessages) {
  const std::string line(1 << 20, 'x');
  std::string digits(1 << 20, '7');
  for (std::size_t i = 0; i < digits.size(); i += 1000) digits[i] = '0';
  const std::vector<std::string> odd = {"",
                                        "0",
                                        "00",
                                        "\x11",
                                        "a\x12 1",
                                        std::string("\0", 1),
                                        std::string("a\0b1\0", 5),
                                        "\xff\xfe",
                                        "1.2.3.4",
                                        "01.2.3.4",
                                        "1.2.3.256",
                                        "1.2.3.4.5",
                                        "1.2.3",
                                        "1.2.3.4a",
                                        "123e4567-e89b-12d3-a456-426614174000",
                                        "123E4567-E89B-12D3-A456-426614174000",
                                        "123e4567-e89b-12d3-a456-42661417400",
                                        "123e4567-e89b-12d3-a456-4266141740000",
                                        "123e4567-e89b-12d3-a456-426614174000-1",
                                        "deadbeef-dead-beef-dead-beefdeadbeef",
                                        "18446744073709551616",
                                        "9999999999999999999",
                                        "99999999999999999999",
                                        "0000000000000000001",
                                        line,
                                        digits,
                                        line + "1",
                                        "\n",
                                        "\r\n"};
  for (const std::string& message : odd) {
    Rows one;
    one.add(message);
    expect_round_trip(one.as_accepted_here());
    Rows many;
    for (int i = 0; i < 3; ++i) many.add(message);
    many.add("x " + message.substr(0, 100));
    many.add(message.substr(message.size() / 2));
    expect_round_trip(many.as_accepted_here());
  }
  Rows all;
  for (const std::string& message : odd) all.add(message);
  for (const std::string& message : odd) all.add(message);
  expect_round_trip(all.as_accepted_here());
}

/// Columns of one slot, built to tempt each encoding into a mistake.
TEST(Block, KeepsTemptingColumns) {
  const std::vector<std::vector<std::string>> columns = {
      {"1", "2", "3"},
      {"1", "02", "3"},
      {"01", "02", "10"},
      {"001", "02", "10"},
      {"a1", "a2", "b3"},
      {"12ms", "1ms", "7ms"},
      {"ms1ms", "ms22ms"},
      {"1a1", "1a11", "11a1"},
      {"0x7f", "0x80", "0xaf"},
      {"0x7f", "0x80", "0xAF"},
      {"7F", "80", "AF"},
      {"7f0", "800", "af1"},
      {"18446744073709551615", "18446744073709551614"},
      {"9223372036854775807", "9223372036854775808"},
      {"0", "9999999999999999999"},
      {"1.2.3.4", "255.255.255.255", "0.0.0.0"},
      {"10.0.0.1", "10.0.0.256"}};
  for (const auto& values : columns) {
    Rows rows;
    for (int i = 0; i < 40; ++i)
      rows.add("v=" + values[static_cast<std::size_t>(i) % values.size()] + ".");
    for (int i = 0; i < 40; ++i) {
      rows.field("f", values[static_cast<std::size_t>(i) % values.size()]);
      rows.add(values[static_cast<std::size_t>(i) % values.size()]);
    }
    expect_round_trip(rows.as_accepted_here());
  }
}

TEST(Block, KeepsExtremeTimesAndSeqs) {
  constexpr TimeNs kMin = std::numeric_limits<TimeNs>::min();
  constexpr TimeNs kMax = std::numeric_limits<TimeNs>::max();
  Rows rows;
  std::vector<model::RowIdentity> identities;
  std::uint64_t n = 0;
  for (const TimeNs time : {kMin, kMax, TimeNs{0}, TimeNs{-1}, kMin + 1, kMax - 1}) {
    rows.add("line", time);
    identities.push_back({model::Seq(~n), model::NodeId(n), model::Seq(n * 3), time});
    ++n;
  }
  expect_round_trip(rows.with(identities));
}

TEST(Block, KeepsTimesInEveryUnit) {
  for (const TimeNs unit : {1, 1000, 1'000'000, 1'000'000'000}) {
    Rows rows;
    for (TimeNs i = 0; i < 500; ++i) rows.add("x", 1'700'000'000'000'000'000 + i * i % 77 * unit);
    expect_round_trip(rows.as_accepted_here());
  }
}

TEST(Block, KeepsFieldOrderAndKinds) {
  Rows rows;
  rows.field("a", "1");
  rows.field("b", "2", model::FieldKind::kJson);
  rows.add("x");
  rows.field("b", "", model::FieldKind::kJson);
  rows.field("a", "");
  rows.add("x");
  rows.add("no fields");
  rows.field("b", "2", model::FieldKind::kText);
  rows.field("", std::string("\0\xff", 2));
  rows.add("x");
  expect_round_trip(rows.as_accepted_here());
}

TEST(Block, KeepsManyFieldsAndStreams) {
  Rows rows;
  for (int i = 0; i < 300; ++i) {
    rows.stream({{"container", "c" + std::to_string(i % 150)}});
    for (int f = i % 5; f < 400; f += 5) rows.field("f" + std::to_string(f), std::to_string(i * f));
    rows.add("row " + std::to_string(i));
  }
  expect_round_trip(rows.as_accepted_here());
}

/// A million templates, spread over blocks as the store would.
TEST(Block, KeepsAMillionDistinctTemplates) {
  std::uint64_t n = 0;
  for (int block = 0; block < 25; ++block) {
    Rows rows;
    for (int i = 0; i < 40'000; ++i, ++n) {
      std::string words;
      for (std::uint64_t v = n; v != 0; v /= 26) {
        words.push_back(static_cast<char>('a' + v % 26));
        if (v % 3 == 0) words.push_back(' ');
      }
      rows.add(words);
    }
    expect_round_trip(rows.as_accepted_here());
  }
}

TEST(Block, JoinsTemplatesThatDifferInWords) {
  std::mt19937_64 random(3);
  Rows rows;
  for (int i = 0; i < 5000; ++i) {
    std::string user;
    for (int k = 0; k < 6; ++k) user.push_back(static_cast<char>('a' + random() % 26));
    rows.add("user " + user + " logged in after " + std::to_string(random() % 100) + " tries");
  }
  const model::RowSet set = rows.as_accepted_here();
  const BlockBytes bytes = encoded(set);
  EXPECT_LT(bytes.head.size(), 1000U);
  expect_round_trip(set);
}

TEST(Block, GivesEqualBytesForEqualRows) {
  const model::RowSet set = mixed_rows(11, 3000);
  const BlockBytes a = encoded(set);
  expect_round_trip(mixed_rows(12, 100));  // scratch memory holds something else meanwhile
  const BlockBytes b = encoded(set);
  EXPECT_EQ(a.head, b.head);
  EXPECT_EQ(a.rows, b.rows);
  EXPECT_EQ(a.vars, b.vars);
  EXPECT_EQ(a.fields, b.fields);
}

TEST(Block, TakesRowsOfSeveralSetsInAnyOrder) {
  const model::RowSet a = mixed_rows(1, 50);
  const model::RowSet b = mixed_rows(2, 50);
  const std::vector<RowRef> refs = {{&b, 7}, {&a, 3}, {&b, 7}, {&a, 49}, {&b, 0}};
  const auto block = encode_block(refs, {});
  ASSERT_TRUE(block) << block.error().message;
  const auto back = decoded(block->bytes);
  ASSERT_TRUE(back) << back.error().message;
  ASSERT_EQ(back->rows(), refs.size());
  for (std::size_t i = 0; i < refs.size(); ++i) {
    EXPECT_EQ(back->records().message(i), refs[i].set->records().message(refs[i].row));
    EXPECT_EQ(back->identity(i), refs[i].set->identity(refs[i].row));
  }
}

TEST(Block, RefusesNoRows) {
  const auto block = encode_block({}, {});
  ASSERT_FALSE(block);
  EXPECT_EQ(block.error().code, ErrorCode::kInvalidArgument);
}

TEST(Block, SizesAddUp) {
  const BlockBytes bytes = encoded(mixed_rows(4, 2000));
  const auto sizes = block_sizes(bytes.head);
  ASSERT_TRUE(sizes) << sizes.error().message;
  EXPECT_EQ(sizes->templates, bytes.head.size());
  EXPECT_EQ(sizes->rows, bytes.rows.size());
  EXPECT_EQ(sizes->variables, bytes.vars.size());
  EXPECT_EQ(sizes->fields, bytes.fields.size());
}

}  // namespace
}  // namespace duramen::store
