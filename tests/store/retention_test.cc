#include "store/retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/directory.h"

namespace duramen::store {
namespace {

constexpr std::int64_t kToday = 20'000;
constexpr TimeNs kNow = kToday * kNsPerDay + 12 * 3600 * kNsPerSecond;

struct RetentionCase {
  const char* name;
  std::vector<std::int64_t> ages;  ///< days before today, 100 bytes each
  std::optional<TimeNs> age;
  std::optional<std::uint64_t> bytes;
  std::vector<std::int64_t> dropped;
};

class RetentionRule : public ::testing::TestWithParam<RetentionCase> {};

TEST_P(RetentionRule, DropsWhatTheTableSays) {
  const RetentionCase& c = GetParam();
  std::vector<AgedSegment> segments;
  for (const std::int64_t age : c.ages)
    segments.push_back({std::to_string(age), {kToday - age, std::string(kDefaultClass)}, 100});
  std::vector<std::string> expected;
  for (const std::int64_t age : c.dropped) expected.push_back(std::to_string(age));
  EXPECT_EQ(segments_to_drop(segments, {c.age, c.bytes}, kNow).drop, expected);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, RetentionRule,
    ::testing::Values(
        RetentionCase{"no_limits", {0, 1, 400}, {}, {}, {}},
        RetentionCase{"today_stays_by_age", {0}, 1, {}, {}},
        RetentionCase{"today_stays_by_bytes", {0}, {}, 1, {}},
        RetentionCase{"tomorrow_stays", {-1}, 1, 1, {}},
        RetentionCase{"a_day_goes_when_its_end_is_old_enough", {0, 1, 2, 3}, kNsPerDay, {}, {3, 2}},
        RetentionCase{"half_a_day_reaches_the_noon_before", {0, 1, 2}, kNsPerDay / 2, {}, {2, 1}},
        RetentionCase{"oldest_first_until_the_rest_fits", {0, 1, 2, 3}, {}, 250, {3, 2}},
        RetentionCase{"exactly_full_fits", {0, 1, 2}, {}, 300, {}},
        RetentionCase{"age_frees_bytes_first", {0, 1, 9}, 5 * kNsPerDay, 200, {9}},
        RetentionCase{"an_age_beyond_1970_drops_nothing", {0, 400}, kNow + kNsPerDay, {}, {}}),
    [](const auto& c) { return c.param.name; });

// ---- classes: `audit` keeps ten days, `debug` two days or 250 bytes, `default` five days

Retention three_classes(std::optional<std::uint64_t> bytes = {}) {
  Retention out{5 * kNsPerDay, bytes};
  out.classes = {{"audit", 10 * kNsPerDay, {}, {{"app", "auth", false}}},
                 {"debug", 2 * kNsPerDay, 250, {{"level", "debug", false}}}};
  return out;
}

/// `3.debug` is of three days ago; with a `!` before it it is held. 100 bytes each.
std::vector<AgedSegment> segments_of(const std::vector<std::string>& names) {
  std::vector<AgedSegment> out;
  for (const std::string& name : names) {
    const bool held = name.front() == '!';
    const std::string plain = name.substr(held ? 1 : 0);
    out.push_back({plain, {kToday - std::stol(plain), std::string(class_in(plain))}, 100, held});
  }
  return out;
}

struct ClassCase {
  const char* name;
  std::vector<std::string> segments;
  std::optional<std::uint64_t> bytes;
  std::vector<std::string> dropped;
  std::vector<std::string> held = {};
};

class RetentionOfClasses : public ::testing::TestWithParam<ClassCase> {};

TEST_P(RetentionOfClasses, DropsWhatTheTableSays) {
  const ClassCase& c = GetParam();
  const auto verdict = segments_to_drop(segments_of(c.segments), three_classes(c.bytes), kNow);
  EXPECT_EQ(verdict.drop, c.dropped);
  EXPECT_EQ(verdict.held, c.held);
}

INSTANTIATE_TEST_SUITE_P(Cases, RetentionOfClasses,
                         ::testing::Values(ClassCase{"each_by_its_own_age",
                                                     {"9.audit", "11.audit", "5.default",
                                                      "6.default", "2.debug", "3.debug"},
                                                     {},
                                                     {"11.audit", "6.default", "3.debug"}},
                                           ClassCase{"one_without_a_rule_is_kept_as_default",
                                                     {"5.gone", "6.gone", "9.audit"},
                                                     {},
                                                     {"6.gone"}},
                                           ClassCase{"its_own_bytes_are_of_it_alone",
                                                     {"5.default", "4.default", "9.audit",
                                                      "2.debug", "1.debug", "0.debug"},
                                                     {},
                                                     {"2.debug"}},
                                           ClassCase{"today_counts_and_stays",
                                                     {"0.debug", "0.debug", "0.debug", "1.debug"},
                                                     {},
                                                     {"1.debug"}},
                                           ClassCase{
                                               "all_bytes_take_the_oldest_of_all_classes",
                                               {"9.audit", "4.default", "1.debug", "0.default"},
                                               250,
                                               {"9.audit", "4.default"}},
                                           ClassCase{"of_one_day_what_is_kept_shorter_goes_first",
                                                     {"1.audit", "1.default", "1.debug"},
                                                     250,
                                                     {"1.debug"}},
                                           ClassCase{"what_goes_by_age_makes_room_first",
                                                     {"9.audit", "3.debug", "1.default"},
                                                     200,
                                                     {"3.debug"}},
                                           ClassCase{"what_goes_for_its_class_makes_room_first",
                                                     {"9.audit", "2.debug", "1.debug", "0.debug"},
                                                     300,
                                                     {"2.debug"}},
                                           ClassCase{"a_held_one_stays_whatever_its_age",
                                                     {"!11.audit", "12.audit", "!9.audit"},
                                                     {},
                                                     {"12.audit"},
                                                     {"11.audit"}},
                                           ClassCase{"a_held_one_makes_no_room",
                                                     {"!4.default", "3.default", "1.default"},
                                                     250,
                                                     {"3.default"},
                                                     {"4.default"}},
                                           ClassCase{"a_held_one_of_a_full_class",
                                                     {"!2.debug", "1.debug", "0.debug"},
                                                     {},
                                                     {"1.debug"},
                                                     {"2.debug"}}),
                         [](const auto& c) { return c.param.name; });

TEST(RetentionClasses, TheFirstThatFitsHasTheRow) {
  const std::vector<RetentionClass> classes = {
      {"audit", {}, {}, {{"app", "auth", false}, {"env", "pr", true}}},
      {"any", {}, {}, {{"app", "", true}}}};
  const auto of = [&](std::vector<model::Labels::Pair> labels) {
    return std::string(class_of(classes, model::Labels(std::move(labels))));
  };
  EXPECT_EQ(of({{"app", "auth"}, {"env", "prod"}}), "audit");
  EXPECT_EQ(of({{"app", "auth"}, {"env", "pr"}}), "audit");
  EXPECT_EQ(of({{"app", "auth"}, {"env", "test"}}), "any");
  EXPECT_EQ(of({{"app", "auth"}}), "any");
  EXPECT_EQ(of({{"app", "authority"}, {"env", "prod"}}), "any");
  EXPECT_EQ(of({{"env", "prod"}}), "default");
  EXPECT_EQ(of({}), "default");
  EXPECT_EQ(condition_text(classes[0]), "app=auth,env=pr*");
  EXPECT_EQ(condition_text(classes[1]), "app=*");
}

TEST(RetentionClasses, TheLongestAgeIsThatOfTheLongestClass) {
  EXPECT_EQ(longest_age({}), std::nullopt);
  EXPECT_EQ(longest_age({kNsPerDay, {}}), kNsPerDay);
  EXPECT_EQ(longest_age(three_classes()), 10 * kNsPerDay);
  Retention for_ever = three_classes();
  for_ever.classes[1].age.reset();
  EXPECT_EQ(longest_age(for_ever), std::nullopt);
}

TEST(RetentionClasses, StatusSaysWhatGoesNextOfEach) {
  const std::vector<SegmentStatus> segments = {{"2024-09-30.old", 1, 5, 6, 7},
                                               {"2024-10-01.audit", 2, 10, 20, 30},
                                               {"2024-10-02.audit", 1, 1, 1, 1},
                                               {"2024-10-03.debug", 0, 0, 0, 0}};
  const auto classes = class_statuses(segments, three_classes());
  ASSERT_EQ(classes.size(), 4U);
  EXPECT_EQ(classes[0].name, "audit");
  EXPECT_EQ(classes[0].condition, "app=auth");
  EXPECT_EQ(classes[0].segments, 2U);
  EXPECT_EQ(classes[0].rows, 11U);
  EXPECT_EQ(classes[0].disk_bytes, 31U);
  EXPECT_EQ(classes[0].next, "2024-10-01.audit");
  const auto id = parse_segment_name("2024-10-01.audit");
  EXPECT_EQ(classes[0].next_due, (id->day + 11) * kNsPerDay);
  EXPECT_EQ(classes[1].bytes, 250U);
  EXPECT_EQ(classes[1].segments, 1U);
  EXPECT_EQ(classes[1].next, "");
  EXPECT_EQ(classes[2].name, "default");
  EXPECT_TRUE(classes[2].configured);
  EXPECT_EQ(classes[3].name, "old");
  EXPECT_FALSE(classes[3].configured);
  EXPECT_EQ(classes[3].age, 5 * kNsPerDay);
}

TEST(SegmentName, IsReadBackAndNothingElseIs) {
  for (const std::int64_t day : {std::int64_t{-1}, std::int64_t{0}, kToday}) {
    for (const char* name : {"default", "a", "Debug_2-x"}) {
      EXPECT_EQ(parse_segment_name(segment_name(day, name)), (SegmentId{day, name}));
    }
  }
  for (const char* name :
       {"", "meta", "2026-11-21", "2026-11-21.", "2026-11-21.a.b", "2026-11-21.a b",
        "2026-02-30.default", "2026-1-21.default", "x2026-11-21.default", "9999-01-01.default",
        "2026-11-21.abcdefghijklmnopqrstuvwxyz0123456"}) {
    EXPECT_EQ(parse_segment_name(name), std::nullopt) << name;
  }
}

TEST(DayOf, FloorsBefore1970) {
  EXPECT_EQ(day_of(0), 0);
  EXPECT_EQ(day_of(kNsPerDay - 1), 0);
  EXPECT_EQ(day_of(-1), -1);
  EXPECT_EQ(day_of(-kNsPerDay), -1);
  EXPECT_EQ(day_of(-kNsPerDay - 1), -2);
}

TEST(SegmentName, NamesTheDay) {
  EXPECT_EQ(segment_name(0, "default"), "1970-01-01.default");
  EXPECT_EQ(segment_name(-1, "default"), "1969-12-31.default");
  EXPECT_EQ(segment_name(day_of(std::numeric_limits<TimeNs>::min()), "default"),
            "1677-09-21.default");
  EXPECT_EQ(segment_name(day_of(std::numeric_limits<TimeNs>::max()), "default"),
            "2262-04-11.default");
}

}  // namespace
}  // namespace duramen::store
