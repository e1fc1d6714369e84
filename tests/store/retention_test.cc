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
    segments.push_back({std::to_string(age), kToday - age, 100});
  std::vector<std::string> expected;
  for (const std::int64_t age : c.dropped) expected.push_back(std::to_string(age));
  EXPECT_EQ(segments_to_drop(segments, {c.age, c.bytes}, kNow), expected);
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
