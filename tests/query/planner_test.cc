#include "query/scan/planner.h"

#include <gtest/gtest.h>

#include <limits>
#include <list>
#include <string>
#include <vector>

#include "query/language/parser.h"
#include "tests/query/fake_index.h"

namespace duramen::query {
namespace {

using model::IndexKey;
using model::KeyKind;
using Ids = std::vector<std::uint64_t>;

const std::string kDay = "2026-11-21.default";
const std::string kNextDay = "2026-11-22.default";

IndexKey word(std::string text) { return {KeyKind::kWord, std::move(text)}; }
IndexKey head(std::string text) { return {KeyKind::kHead, std::move(text)}; }
IndexKey token(std::string text) { return {KeyKind::kToken, std::move(text)}; }

Prune prune_of_query(const std::string& q) { return prune_of(parse_query(q).value().filter); }

class PlannerTest : public testing::Test {
 protected:
  /// In the store, and in the index too when there are keys.
  void add_block(std::uint64_t id, const std::string& segment,
                 std::optional<FakeView::Keys> keys = {}) {
    store::BlockRef& ref = refs_.emplace_back();
    ref.id = model::BlockId(id);
    ref.segment = segment;
    units_.push_back({&ref, nullptr, 0, 0});
    if (keys) index_.of(segment).add(ref.id, *std::move(keys));
  }
  void add_open_rows() { units_.push_back({nullptr, &open_, 0, 0}); }

  /// Ids of the blocks that are left; 0 for open rows.
  Ids left(Planner& planner) {
    std::vector<ScanUnit> units = units_;
    const auto done = planner.leave_out(units);
    EXPECT_TRUE(done) << done.error().message;
    Ids out;
    for (const ScanUnit& unit : units) out.push_back(unit.block == nullptr ? 0 : id_of(unit));
    return out;
  }
  Ids left(const std::string& q) {
    Planner planner(&index_, prune_of_query(q), progress_, false);
    return left(planner);
  }
  static std::uint64_t id_of(const ScanUnit& unit) { return unit.block->id.value(); }

  FakeIndex index_;
  std::list<store::BlockRef> refs_;
  std::vector<ScanUnit> units_;
  model::RowSet open_;
  ManualClock clock_{0};
  Progress progress_{clock_, kNsPerSecond, 1 << 20};
};

TEST_F(PlannerTest, BlocksWithoutTheKeyAreLeftOut) {
  add_block(3, kDay, {{word("disk")}});
  add_block(5, kDay, {{word("full")}});
  add_block(9, kNextDay, {{word("disk"), word("full")}});
  EXPECT_EQ(left("disk"), (Ids{3, 9}));
  EXPECT_EQ(left("full"), (Ids{5, 9}));
  EXPECT_EQ(left("disk full"), (Ids{9}));
  EXPECT_EQ(left("disk OR full"), (Ids{3, 5, 9}));
  EXPECT_EQ(left("absent"), Ids{});
  EXPECT_EQ(left("*"), (Ids{3, 5, 9}));
  EXPECT_EQ(left("NOT disk"), (Ids{3, 5, 9}));
}

TEST_F(PlannerTest, WhatIsNotIndexedIsRead) {
  add_block(2, kDay);
  add_block(3, kDay, {{word("disk")}});
  add_block(4, kDay);
  add_block(5, kDay, {{word("full")}});
  add_block(6, kDay);
  add_block(7, kNextDay);
  add_open_rows();
  EXPECT_EQ(left("full"), (Ids{2, 4, 5, 6, 7, 0}));
  EXPECT_EQ(left("absent"), (Ids{2, 4, 6, 7, 0}));
}

TEST_F(PlannerTest, WithoutAnIndexEverythingIsRead) {
  add_block(2, kDay);
  add_open_rows();
  Planner planner(nullptr, prune_of_query("absent"), progress_, true);
  EXPECT_EQ(left(planner), (Ids{2, 0}));
  EXPECT_EQ(planner.report().candidates(), 1U);
}

TEST_F(PlannerTest, APrefixAsksForWordsAndHeads) {
  add_block(1, kDay, {{word("timeout")}});
  add_block(2, kDay, {{head("timer")}});
  add_block(3, kDay, {{token("time1234")}});
  add_block(4, kDay, {{word("tim")}});
  EXPECT_EQ(left("time*"), (Ids{1, 2}));
}

TEST_F(PlannerTest, ARegexAsksForEnoughOfItsParts) {
  add_block(1, kDay, {{word("connection"), word("refused")}});
  add_block(2, kDay, {{word("connection"), word("reset")}});
  add_block(3, kDay, {{word("connection")}});
  add_block(4, kDay, {{word("refused"), word("reset")}});
  EXPECT_EQ(left("/ connection (refused|reset) /"), (Ids{1, 2}));
  EXPECT_EQ(left("/ connection .* reset /"), (Ids{2}));
  EXPECT_EQ(left("/ refused | reset /"), (Ids{1, 2, 4}));
}

TEST_F(PlannerTest, LooksNoFurtherWhenNothingIsLeft) {
  add_block(1, kDay, {{word("disk")}});
  Planner planner(&index_, prune_of_query("absent gone lost disk"), progress_, false);
  EXPECT_EQ(left(planner), Ids{});
  EXPECT_EQ(planner.report().index_terms, 1U);
}

TEST_F(PlannerTest, LooksNoFurtherWhenEveryBlockIsTaken) {
  add_block(1, kDay, {{word("disk")}});
  Planner planner(&index_, prune_of_query("disk OR gone OR lost"), progress_, false);
  EXPECT_EQ(left(planner), (Ids{1}));
  EXPECT_EQ(planner.report().index_terms, 1U);
}

TEST_F(PlannerTest, AsksForIdentifiersFirst) {
  add_block(1, kDay, {{word("disk")}});
  Planner planner(&index_, prune_of_query("disk dis* 12345"), progress_, false);
  EXPECT_EQ(left(planner), Ids{});
  EXPECT_EQ(planner.report().index_terms, 1U);
}

TEST_F(PlannerTest, ASegmentIsLookedUpOnce) {
  add_block(1, kDay, {{word("disk")}});
  add_block(2, kDay, {{word("disk")}});
  Planner planner(&index_, prune_of_query("disk"), progress_, false);
  EXPECT_EQ(left(planner), (Ids{1, 2}));
  EXPECT_EQ(left(planner), (Ids{1, 2}));
  EXPECT_EQ(planner.report().index_terms, 1U);
}

TEST_F(PlannerTest, AfterTooManyLookUpsBlocksAreRead) {
  add_block(1, kDay, {{word("other")}});
  Prune any;
  any.kind = Prune::Kind::kAny;
  for (int i = 0; i < 20'001; ++i) {
    Prune& key = any.children.emplace_back();
    key.kind = Prune::Kind::kKey;
    key.key = word("w" + std::to_string(i));
  }
  Planner planner(&index_, any, progress_, false);
  EXPECT_EQ(left(planner), (Ids{1}));
  EXPECT_TRUE(planner.report().cut_short);
  EXPECT_EQ(planner.report().index_terms, 20'000U);
  any.children.pop_back();
  Planner enough(&index_, any, progress_, false);
  EXPECT_EQ(left(enough), Ids{});
  EXPECT_FALSE(enough.report().cut_short);
}

TEST_F(PlannerTest, ReportsWhatItWasAskedFirst) {
  add_block(1, kDay, {{word("disk")}});
  add_block(2, kDay, {{word("full")}});
  add_block(3, kDay);
  add_block(4, kNextDay, {{word("disk"), word("full")}});
  add_open_rows();
  Planner planner(&index_, prune_of_query("disk full"), progress_, true);
  left(planner);
  left(planner);
  const PlanReport report = planner.report();
  ASSERT_EQ(report.segments.size(), 2U);
  EXPECT_EQ(report.segments[0].name, kDay);
  EXPECT_EQ(report.segments[0].blocks, 3U);
  EXPECT_EQ(report.segments[0].indexed, 2U);
  EXPECT_EQ(report.segments[0].candidates, 1U);
  EXPECT_EQ(report.segments[1].candidates, 1U);
  EXPECT_EQ(report.blocks(), 4U);
  EXPECT_EQ(report.candidates(), 2U);
  ASSERT_EQ(report.predicates.size(), 2U);
  EXPECT_EQ(report.predicates[0].candidates, 2U);
  EXPECT_EQ(report.predicates[1].candidates, 2U);
}

TEST_F(PlannerTest, ACancelledQueryLooksUpNoMore) {
  add_block(1, kDay, {{word("disk")}});
  progress_.cancel();
  std::string q = "w0";
  for (int i = 1; i < 40; ++i) q += " OR w" + std::to_string(i);
  Planner planner(&index_, prune_of_query(q), progress_, false);
  std::vector<ScanUnit> units = units_;
  const auto done = planner.leave_out(units);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace duramen::query
