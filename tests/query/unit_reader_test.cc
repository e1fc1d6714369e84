#include "query/scan/unit_reader.h"

#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "query/language/parser.h"
#include "tests/query/fake_store.h"
#include "tests/query/query_test_base.h"

namespace duramen::query {
namespace {

using store::BlockPart;
using Rows = std::vector<std::uint32_t>;

/// Reads the blocks of a store for one filter, and for what asks for these names of its rows.
class Reading {
 public:
  Reading(FakeStore& store, const std::string& q, std::optional<model::Seq> up_to = {},
          const std::vector<std::string>& names = {})
      : snapshot_(store.snapshot()),
        matcher_(Matcher::compile(parse_query(q).value().filter, names_).value()),
        context_{*snapshot_, up_to.value_or(snapshot_->seq()), names_, matcher_, progress_, notes_},
        reader_(context_) {
    names_.begin_pipes();
    for (const std::string& name : names) names_.add(name);
  }

  ScanUnit unit(std::size_t block = 0) const {
    const store::BlockRef& ref = snapshot_->blocks()[block];
    return {&ref, nullptr, ref.summary.min_time, ref.summary.max_time};
  }
  /// The rows that match; none when the block cannot be read.
  std::optional<Rows> select(const TimeRange& range = {}, const PositionBounds& bounds = {},
                             Load load = Load::kWhole) {
    Rows rows;
    if (!open()) return std::nullopt;
    const auto selected = reader_.select(range, bounds, rows);
    EXPECT_TRUE(selected) << selected.error().message;
    if (!selected || !*selected) return std::nullopt;
    const auto loaded = reader_.load(rows, load);
    EXPECT_TRUE(loaded) << loaded.error().message;
    if (!loaded || !*loaded) return std::nullopt;
    return rows;
  }
  std::optional<std::uint64_t> count(const TimeRange& range = {}) {
    return open() ? reader_.count(range) : std::nullopt;
  }
  bool open() {
    const auto opened = reader_.open(unit());
    EXPECT_TRUE(opened) << opened.error().message;
    return opened && *opened;
  }
  UnitReader& reader() { return reader_; }
  Progress& progress() { return progress_; }
  std::vector<std::string> notes() const { return notes_.texts(); }

 private:
  const std::shared_ptr<const store::Snapshot> snapshot_;
  NameTable names_;
  const Matcher matcher_;
  ManualClock clock_{0};
  Progress progress_{clock_, kNsPerSecond, 1 << 20};
  DamageNotes notes_;
  const ReadContext context_;
  UnitReader reader_;
};

/// One block of five rows, at seconds 10 to 14, seqs 1 to 5, ms 0 to 4.
class UnitReaderTest : public testing::Test {
 protected:
  UnitReaderTest() {
    std::vector<FakeRecord> records;
    for (int i = 0; i < 5; ++i) {
      const std::string ms = std::to_string(i);
      records.push_back({(10 + i) * kNsPerSecond,
                         (i == 4 ? "lost " : "took ") + ms,
                         {{"app", i % 2 == 0 ? "even" : "odd"}},
                         {{"ms", ms}}});
    }
    store_.add(records);
    store_.build();
  }
  static TimeRange seconds(std::optional<TimeNs> start, std::optional<TimeNs> end) {
    const auto time = [](std::optional<TimeNs> second) {
      return second ? std::optional<TimeNs>(*second * kNsPerSecond) : std::nullopt;
    };
    return {time(start), time(end)};
  }
  static Position position(std::uint64_t row) {
    return {static_cast<TimeNs>(10 + row) * kNsPerSecond, FakeStore::kNode, model::Seq(row + 1)};
  }

  FakeStore store_;
};

TEST_F(UnitReaderTest, GivesTheRowsThatMatch) {
  EXPECT_EQ(Reading(store_, "*").select(), (Rows{0, 1, 2, 3, 4}));
  EXPECT_EQ(Reading(store_, "took").select(), (Rows{0, 1, 2, 3}));
  EXPECT_EQ(Reading(store_, "took 2").select(), Rows{2});
  EXPECT_EQ(Reading(store_, "app:odd").select(), (Rows{1, 3}));
  EXPECT_EQ(Reading(store_, "ms:>=3").select(), (Rows{3, 4}));
  EXPECT_EQ(Reading(store_, "absent").select(), Rows{});
}

TEST_F(UnitReaderTest, ARangeHasItsStartAndNotItsEnd) {
  Reading all(store_, "*");
  EXPECT_EQ(all.select(seconds(10, 15)), (Rows{0, 1, 2, 3, 4}));
  EXPECT_EQ(all.select(seconds(10, 14)), (Rows{0, 1, 2, 3}));
  EXPECT_EQ(all.select(seconds(11, {})), (Rows{1, 2, 3, 4}));
  EXPECT_EQ(all.select(seconds(14, {})), Rows{4});
  EXPECT_EQ(all.select(seconds({}, 10)), Rows{});
  EXPECT_EQ(Reading(store_, "took").select(seconds(12, 13)), Rows{2});
}

TEST_F(UnitReaderTest, RowsAboveTheSnapshotAreNotSeen) {
  EXPECT_EQ(Reading(store_, "*", model::Seq(3)).select(), (Rows{0, 1, 2}));
  EXPECT_EQ(Reading(store_, "*", model::Seq(4)).select(), (Rows{0, 1, 2, 3}));
  EXPECT_EQ(Reading(store_, "*", model::Seq(5)).select(), (Rows{0, 1, 2, 3, 4}));
  EXPECT_EQ(Reading(store_, "*", model::Seq(4)).count(), std::nullopt);
  EXPECT_EQ(Reading(store_, "*", model::Seq(5)).count(), 5U);
}

TEST_F(UnitReaderTest, BoundsHaveNoneOfTheirEnds) {
  Reading all(store_, "*");
  const auto newest = Order::kNewestFirst;
  const auto oldest = Order::kOldestFirst;
  EXPECT_EQ(all.select({}, {newest, position(3), {}}), (Rows{0, 1, 2}));
  EXPECT_EQ(all.select({}, {newest, {}, position(1)}), (Rows{2, 3, 4}));
  EXPECT_EQ(all.select({}, {oldest, position(3), {}}), Rows{4});
  EXPECT_EQ(all.select({}, {oldest, position(0), position(3)}), (Rows{1, 2}));
}

TEST_F(UnitReaderTest, CountsByTemplatesWithoutReadingRows) {
  Reading took(store_, "took");
  EXPECT_EQ(took.count(), 4U);
  EXPECT_EQ(took.count(seconds(10, 15)), 4U);
  EXPECT_EQ(took.count(seconds(10, 14)), std::nullopt);
  EXPECT_EQ(took.count(seconds(11, {})), std::nullopt);
  took.reader().close();
  EXPECT_EQ(took.progress().frames, 0U);
  EXPECT_EQ(Reading(store_, "absent").count(), 0U);
  EXPECT_EQ(Reading(store_, "took 2").count(), std::nullopt);
  EXPECT_EQ(Reading(store_, "app:odd").count(), std::nullopt);
}

TEST_F(UnitReaderTest, ReadsNoRowsOfABlockThatItsTemplatesRuleOut) {
  Reading absent(store_, "absent");
  EXPECT_EQ(absent.select(), Rows{});
  absent.reader().close();
  EXPECT_EQ(absent.progress().frames, 0U);
  EXPECT_EQ(absent.progress().scanned_rows, 0U);
}

TEST_F(UnitReaderTest, ABlockWithADamagedColumnIsReadAsAWhole) {
  const std::vector<std::pair<std::string, Rows>> wanted{
      {"*", {0, 1, 2, 3, 4}},  {"took OR lost", {0, 1, 2, 3, 4}},
      {"lost", {4}},           {"took 2", {2}},
      {"/ok 2/", {2}},         {"app:odd", {1, 3}},
      {"app:even", {0, 2, 4}}, {"ms:>=3", {3, 4}},
      {"NOT 2", {0, 1, 3, 4}}};
  for (const BlockPart part :
       {BlockPart::kHead, BlockPart::kRows, BlockPart::kVars, BlockPart::kFields}) {
    store_.damage(1, part);
    for (const auto& [q, rows] : wanted) {
      SCOPED_TRACE(q + " with part " + std::to_string(static_cast<int>(part)));
      Reading reading(store_, q);
      EXPECT_EQ(reading.select(), rows);
      for (const std::uint32_t row : rows) {
        EXPECT_TRUE(reading.reader().columns().message(row).ends_with(std::to_string(row)));
        EXPECT_EQ(reading.reader().columns().position(row), position(row));
        EXPECT_EQ(reading.reader().columns().field(row, 0).bytes, std::to_string(row));
      }
      EXPECT_EQ(reading.notes(), std::vector<std::string>{}) << "nothing is missing";
    }
  }
}

TEST_F(UnitReaderTest, FindsDamageInAFieldThatIsAskedForBeforeRowsAreGiven) {
  store_.damage(1, BlockPart::kFields);
  Reading reading(store_, "took", {}, {"ms"});
  EXPECT_EQ(reading.select({}, {}, Load::kNames), (Rows{0, 1, 2, 3}));
  ColumnRow& row = reading.reader().row();
  row.move_to(2);
  ASSERT_TRUE(row.get(1));
  EXPECT_EQ(row.get(1)->bytes, "2") << "after the filter's own name, _msg";
}

TEST(UnitReader, GivesFewRowsOfManyInAnyOrder) {
  FakeStore store;
  std::vector<FakeRecord> records;
  const auto message = [](std::uint32_t row) {
    const std::string number = std::to_string(row * 7919);
    return row % 2 == 0 ? "took " + number + " ms" : "lost 10.0.0." + std::to_string(row % 250);
  };
  for (std::uint32_t row = 0; row < 400; ++row) records.push_back({row, message(row), {}, {}});
  store.add(records);
  store.build();
  Reading reading(store, "*");
  ASSERT_TRUE(reading.open());
  UnitReader& reader = reading.reader();
  const Rows rows{250, 3, 398, 399, 251, 0};
  ASSERT_TRUE(reader.load(rows, Load::kWhole));
  for (const std::uint32_t row : rows) EXPECT_EQ(reader.columns().message(row), message(row));
  EXPECT_EQ(reader.columns().message(17), message(17)) << "also one that was not asked for";
  ASSERT_TRUE(reader.load(Rows{17, 18}, Load::kWhole));
  for (const std::uint32_t row : {17U, 18U, 399U}) {
    EXPECT_EQ(reader.columns().message(row), message(row));
  }
}

TEST_F(UnitReaderTest, WhatOnlyTheFilterNamesIsNotReadOfRowsThatMatch) {
  const auto frames = [&](const char* name) {
    Reading reading(store_, "took app:odd ms:*", {}, {name});
    EXPECT_EQ(reading.select({}, {}, Load::kNames), (Rows{1, 3}));
    reading.reader().close();
    return reading.progress().frames.load();
  };
  EXPECT_GT(frames("_msg"), frames("_time"));
  EXPECT_GT(frames("ms"), frames("_time"));
}

TEST_F(UnitReaderTest, ADamagedColumnDoesNotCountForNothing) {
  EXPECT_EQ(Reading(store_, "took 7").count(), 0U);
  store_.damage(1, BlockPart::kVars);
  for (const char* q : {"took 7", "took 2", "NOT 2"}) {
    Reading reading(store_, q);
    EXPECT_EQ(reading.count(), std::nullopt) << q;
  }
}

TEST_F(UnitReaderTest, DamageInWhatNobodyAsksForCostsNothing) {
  store_.damage(1, BlockPart::kFields);
  Reading reading(store_, "took 2");
  EXPECT_EQ(reading.select({}, {}, Load::kPositions), Rows{2});
  EXPECT_EQ(reading.progress().blocks, 1U);
}

TEST_F(UnitReaderTest, ABlockThatCannotBeReadIsNotedOnce) {
  store_.damage(1);
  Reading reading(store_, "took");
  EXPECT_EQ(reading.select(), std::nullopt);
  EXPECT_EQ(reading.select(), std::nullopt);
  ASSERT_EQ(reading.notes().size(), 1U);
  EXPECT_NE(reading.notes()[0].find("its 5 rows are missing"), std::string::npos);
}

TEST_F(UnitReaderTest, StopsWhenTheQueryIsCancelled) {
  Reading reading(store_, "took");
  reading.progress().cancel();
  const auto opened = reading.reader().open(reading.unit());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kCancelled);
}

TEST_F(UnitReaderTest, LookingAtRowsWithoutColumnsGivesTheSame) {
  store_.add({{5 * kNsPerSecond, "open 7", {}, {}}});
  const auto snapshot = store_.snapshot();
  Reading reading(store_, "open");
  const ScanUnit open{nullptr, &snapshot->open_rows().front(), 5 * kNsPerSecond, 5 * kNsPerSecond};
  ASSERT_TRUE(reading.reader().open(open).value());
  Rows rows;
  ASSERT_TRUE(reading.reader().select({}, {}, rows).value());
  EXPECT_EQ(rows, Rows{0});
  EXPECT_EQ(reading.reader().count({}), std::nullopt);
}

/// The same rows whole: run() also asks an engine that never reads single columns.
class DamagedColumnsTest : public QueryTest {};

TEST_F(DamagedColumnsTest, AnswersAreThoseOfASoundBlock) {
  for (int block = 0; block < 3; ++block) {
    std::vector<FakeRecord> records;
    for (int i = 0; i < 40; ++i) {
      const int ms = block * 100 + i;
      records.push_back({(i * 3 + block) * kNsPerSecond,
                         "took " + std::to_string(ms) + " ms",
                         {{"app", i % 2 == 0 ? "even" : "odd"}},
                         {{"ms", std::to_string(ms)}}});
    }
    store_.add(records);
    store_.build();
  }
  const Strings queries{"*",
                        "117",
                        "took",
                        "/ok 11/",
                        "app:odd ms:>100",
                        "* | stats count() as n",
                        "* | stats count() as n, sum(ms) as s by app, time(1m)",
                        "* | stats count_uniq(_msg) as n",
                        "NOT 117 | sort ms desc | head 3"};
  std::vector<Strings> sound;
  for (const std::string& q : queries) sound.push_back(run(q).lines);
  for (const BlockPart part :
       {BlockPart::kHead, BlockPart::kRows, BlockPart::kVars, BlockPart::kFields}) {
    store_.damage(2, part);
    for (std::size_t i = 0; i < queries.size(); ++i) {
      SCOPED_TRACE(queries[i] + " with part " + std::to_string(static_cast<int>(part)));
      const Answer answer = run(queries[i]);
      EXPECT_EQ(answer.lines, sound[i]);
      EXPECT_FALSE(answer.end.partial);
    }
    QueryRequest newest;
    newest.q = "took";
    newest.limit = 7;
    EXPECT_EQ(run(newest).lines.size(), 7U);
  }
}

TEST(TimeRange, ContainsItsStartAndNotItsEnd) {
  const TimeRange range{10, 20};
  EXPECT_TRUE(range.contains(10));
  EXPECT_TRUE(range.contains(19));
  EXPECT_FALSE(range.contains(9));
  EXPECT_FALSE(range.contains(20));
  EXPECT_TRUE(range.contains(10, 19));
  EXPECT_FALSE(range.contains(10, 20));
  EXPECT_FALSE(range.contains(9, 19));
  EXPECT_TRUE(range.touches(19, 30));
  EXPECT_FALSE(range.touches(20, 30));
  EXPECT_TRUE(range.touches(0, 10));
  EXPECT_FALSE(range.touches(0, 9));
  EXPECT_TRUE(TimeRange().contains(std::numeric_limits<TimeNs>::min()));
}

}  // namespace
}  // namespace duramen::query
