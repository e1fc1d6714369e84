#include "base/time_text.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace duramen {
namespace {

constexpr TimeNs kSecond = kNsPerSecond;
constexpr TimeNs kEarliest = std::numeric_limits<TimeNs>::min();
constexpr TimeNs kLatest = std::numeric_limits<TimeNs>::max();

struct TimeCase {
  std::string_view text;
  std::optional<TimeNs> time;
};

class Rfc3339 : public testing::TestWithParam<TimeCase> {};

TEST_P(Rfc3339, ParsesExactly) { EXPECT_EQ(parse_rfc3339(GetParam().text), GetParam().time); }

INSTANTIATE_TEST_SUITE_P(
    Good, Rfc3339,
    testing::Values(TimeCase{"1970-01-01T00:00:00Z", 0}, TimeCase{"1969-12-31T23:59:59Z", -kSecond},
                    TimeCase{"1969-12-31T23:59:59.999999999Z", -1},
                    TimeCase{"2019-07-07T20:01:02Z", 1'562'529'662 * kSecond},
                    TimeCase{"2019-07-07 20:01:02.678", 1'562'529'662'678'000'000},
                    TimeCase{"2019-07-07t20:01:02,678z", 1'562'529'662'678'000'000},
                    TimeCase{"2019-07-07T20:01:02.1Z", 1'562'529'662'100'000'000},
                    TimeCase{"2019-07-07T20:01:02.12Z", 1'562'529'662'120'000'000},
                    TimeCase{"2019-07-07T20:01:02.1234Z", 1'562'529'662'123'400'000},
                    TimeCase{"2019-07-07T20:01:02.12345Z", 1'562'529'662'123'450'000},
                    TimeCase{"2019-07-07T20:01:02.123456Z", 1'562'529'662'123'456'000},
                    TimeCase{"2019-07-07T20:01:02.1234567Z", 1'562'529'662'123'456'700},
                    TimeCase{"2019-07-07T20:01:02.12345678Z", 1'562'529'662'123'456'780},
                    TimeCase{"2019-07-07T20:01:02.123456789Z", 1'562'529'662'123'456'789},
                    TimeCase{"2019-07-07T20:01:02.123456789987654321Z", 1'562'529'662'123'456'789},
                    TimeCase{"2019-07-07T22:01:02+02:00", 1'562'529'662 * kSecond},
                    TimeCase{"2019-07-07T22:01:02+0200", 1'562'529'662 * kSecond},
                    TimeCase{"2019-07-07T22:01:02+02", 1'562'529'662 * kSecond},
                    TimeCase{"2019-07-07T14:31:02-05:30", 1'562'529'662 * kSecond},
                    TimeCase{"2019-07-07T20:01:02-00:00", 1'562'529'662 * kSecond},
                    TimeCase{"1970-01-01T00:00:00.5+00:01", -60 * kSecond + kSecond / 2},
                    TimeCase{"2000-02-29T00:00:00Z", 951'782'400 * kSecond},
                    TimeCase{"2024-02-29T00:00:00Z", 1'709'164'800 * kSecond},
                    TimeCase{"2024-03-01T00:00:00Z", 1'709'251'200 * kSecond},
                    TimeCase{"1900-03-01T00:00:00Z", -2'203'891'200 * kSecond},
                    TimeCase{"2016-12-31T23:59:60Z", 1'483'228'800 * kSecond},
                    TimeCase{"2017-01-01T01:59:60+02:00", 1'483'228'800 * kSecond},
                    TimeCase{"1677-09-21T00:12:43.145224192Z", kEarliest},
                    TimeCase{"2262-04-11T23:47:16.854775807Z", kLatest}));

INSTANTIATE_TEST_SUITE_P(
    Bad, Rfc3339,
    testing::Values(TimeCase{"", {}}, TimeCase{"2019-07-07", {}}, TimeCase{"2019-07-07T20:01", {}},
                    TimeCase{"2019-07-07T20:01:0", {}}, TimeCase{"2019-07-07T20:01:02.", {}},
                    TimeCase{"2019-07-07T20:01:02.Z", {}}, TimeCase{"2019-07-07T20:01:02Zx", {}},
                    TimeCase{"2019-07-07T20:01:02x", {}}, TimeCase{"2019-07-07T20:01:02+", {}},
                    TimeCase{"2019-07-07T20:01:02+2", {}}, TimeCase{"2019-07-07T20:01:02+02:0", {}},
                    TimeCase{"2019-07-07T20:01:02+24:00", {}},
                    TimeCase{"2019-07-07T20:01:02+02:60", {}},
                    TimeCase{"2019-07-07T20:01:02+02-00", {}}, TimeCase{"2019-00-07T20:01:02Z", {}},
                    TimeCase{"2019-13-07T20:01:02Z", {}}, TimeCase{"2019-07-00T20:01:02Z", {}},
                    TimeCase{"2019-07-32T20:01:02Z", {}}, TimeCase{"2019-06-31T20:01:02Z", {}},
                    TimeCase{"2019-02-29T00:00:00Z", {}}, TimeCase{"1900-02-29T00:00:00Z", {}},
                    TimeCase{"2019-07-07T24:00:00Z", {}}, TimeCase{"2019-07-07T20:60:00Z", {}},
                    TimeCase{"2019-07-07T20:01:60Z", {}}, TimeCase{"2016-12-31T23:59:61Z", {}},
                    TimeCase{"2019/07/07T20:01:02Z", {}}, TimeCase{"2019-07-07_20:01:02Z", {}},
                    TimeCase{"2019-07-07T20.01.02Z", {}}, TimeCase{" 2019-07-07T20:01:02Z", {}},
                    TimeCase{"201a-07-07T20:01:02Z", {}}, TimeCase{"2019-07-07T2 :01:02Z", {}},
                    TimeCase{"-019-07-07T20:01:02Z", {}},
                    TimeCase{"1677-09-21T00:12:43.145224191Z", {}},
                    TimeCase{"2262-04-11T23:47:16.854775808Z", {}},
                    TimeCase{"0000-01-01T00:00:00Z", {}}, TimeCase{"9999-12-31T23:59:59Z", {}}));

TEST(Rfc3339Text, AlwaysHasNineDigitsAndZ) {
  EXPECT_EQ(to_rfc3339(0), "1970-01-01T00:00:00.000000000Z");
  EXPECT_EQ(to_rfc3339(-1), "1969-12-31T23:59:59.999999999Z");
  EXPECT_EQ(to_rfc3339(1'562'529'662'678'123'456), "2019-07-07T20:01:02.678123456Z");
  EXPECT_EQ(to_rfc3339(951'782'400 * kSecond), "2000-02-29T00:00:00.000000000Z");
  EXPECT_EQ(to_rfc3339(kEarliest), "1677-09-21T00:12:43.145224192Z");
  EXPECT_EQ(to_rfc3339(kLatest), "2262-04-11T23:47:16.854775807Z");
}

TEST(Rfc3339Text, IsParsedBackForTimesOfTheWholeRange) {
  std::mt19937_64 random(17);
  for (int i = 0; i < 100'000; ++i) {
    const auto time = static_cast<TimeNs>(random());
    ASSERT_EQ(parse_rfc3339(to_rfc3339(time)), time) << time;
  }
}

TEST(Rfc3339Text, EveryDayOfFiveCenturiesFollowsTheOneBefore) {
  int day = 0;
  int month = 0;
  for (TimeNs days = -106'000; days < 106'000; ++days) {
    const std::string text = to_rfc3339(days * kNsPerDay);
    const int this_month = std::stoi(text.substr(5, 2));
    const int this_day = std::stoi(text.substr(8, 2));
    if (day != 0) {
      ASSERT_TRUE(this_day == day + 1 || (this_day == 1 && this_month == month % 12 + 1)) << text;
    }
    ASSERT_EQ(parse_rfc3339(text), days * kNsPerDay);
    day = this_day;
    month = this_month;
  }
}

TEST(UnixTime, UnitFollowsFromTheMagnitude) {
  EXPECT_EQ(parse_unix_time("0"), 0);
  EXPECT_EQ(parse_unix_time("1562529662"), 1'562'529'662 * kSecond);
  EXPECT_EQ(parse_unix_time("1562529662678"), 1'562'529'662'678'000'000);
  EXPECT_EQ(parse_unix_time("1562529662678123"), 1'562'529'662'678'123'000);
  EXPECT_EQ(parse_unix_time("1562529662678123456"), 1'562'529'662'678'123'456);
  EXPECT_EQ(parse_unix_time("-1"), -kSecond);
  EXPECT_EQ(parse_unix_time("100000000000"), 100'000'000 * kSecond);
}

TEST(UnixTime, DecimalsAreExact) {
  EXPECT_EQ(parse_unix_time("1562529662.678123456"), 1'562'529'662'678'123'456);
  EXPECT_EQ(parse_unix_time("1562529662.6781234569"), 1'562'529'662'678'123'456);
  EXPECT_EQ(parse_unix_time("1562529662678.123456"), 1'562'529'662'678'123'456);
  EXPECT_EQ(parse_unix_time("1562529662678123.4569"), 1'562'529'662'678'123'456);
  EXPECT_EQ(parse_unix_time("1562529662678123456.9"), 1'562'529'662'678'123'456);
  EXPECT_EQ(parse_unix_time("-0.5"), -kSecond / 2);
  EXPECT_EQ(parse_unix_time("1562529662.1"), 1'562'529'662'100'000'000);
}

TEST(UnixTime, RefusesWhatIsNoSuchTime) {
  for (const std::string_view text :
       {"", "-", ".", ".5", "1.", "1e9", "+1", " 1", "1 ", "1.5.5", "0x1", "12a", "--1",
        "10000000000", "99999999999", "99999999999999", "9223372036854775808",
        "99999999999999999999999"}) {
    EXPECT_EQ(parse_unix_time(text), std::nullopt) << text;
  }
}

TEST(Duration, SumsUnits) {
  EXPECT_EQ(*parse_duration("0"), 0);
  EXPECT_EQ(*parse_duration("15m"), 900 * kSecond);
  EXPECT_EQ(*parse_duration("1h30m"), 5400 * kSecond);
  EXPECT_EQ(*parse_duration("2d"), 2 * kNsPerDay);
  EXPECT_EQ(*parse_duration("1w"), 7 * kNsPerDay);
  EXPECT_EQ(*parse_duration("500ms"), kSecond / 2);
  EXPECT_EQ(*parse_duration("250us"), 250'000);
  EXPECT_EQ(*parse_duration("250\xC2\xB5s"), 250'000);
  EXPECT_EQ(*parse_duration("7ns"), 7);
}

TEST(Duration, RefusesWithWhatToWrite) {
  for (const std::string_view text :
       {"", "5", "m", "15x", "-15m", "1.5h", "15 m", "1h30", "300000000000000000000s"}) {
    const auto duration = parse_duration(text);
    ASSERT_FALSE(duration) << text;
    EXPECT_EQ(duration.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(duration.error().message.find("1h30m"), std::string::npos)
        << duration.error().message;
  }
  EXPECT_FALSE(parse_duration("293y"));
  const auto too_long = parse_duration("120000d");
  ASSERT_FALSE(too_long);
  EXPECT_EQ(too_long.error().message, "'120000d' is too long: at most 292 years");
}

TEST(Duration, TextIsParsedBack) {
  EXPECT_EQ(to_duration_text(0), "0s");
  EXPECT_EQ(to_duration_text(5400 * kSecond), "1h30m");
  EXPECT_EQ(to_duration_text(10 * kNsPerDay), "10d");
  EXPECT_EQ(to_duration_text(-kSecond), "-1s");
  std::mt19937_64 random(3);
  for (int i = 0; i < 1000; ++i) {
    const auto duration = static_cast<TimeNs>(random() >> (1 + i % 60));
    ASSERT_EQ(*parse_duration(to_duration_text(duration)), duration);
  }
}

TEST(TimeArgument, TakesAbsoluteAndRelativeTimes) {
  const TimeNs now = 1'562'529'662 * kSecond;
  EXPECT_EQ(*parse_time_argument("now", now), now);
  EXPECT_EQ(*parse_time_argument("now-15m", now), now - 900 * kSecond);
  EXPECT_EQ(*parse_time_argument("now+1s", now), now + kSecond);
  EXPECT_EQ(*parse_time_argument("-15m", now), now - 900 * kSecond);
  EXPECT_EQ(*parse_time_argument("2019-07-07", now), 1'562'457'600 * kSecond);
  EXPECT_EQ(*parse_time_argument("2019-07-07T20:01:02Z", now), now);
  EXPECT_EQ(*parse_time_argument("1562529662", now), now);
  EXPECT_EQ(*parse_time_argument("-15", now), -15 * kSecond);
}

TEST(TimeArgument, RefusesWithWhatToWrite) {
  for (const std::string_view text : {"", "yesterday", "2019-02-30", "2019-07-7", "3000-01-01"}) {
    const auto time = parse_time_argument(text, 0);
    ASSERT_FALSE(time) << text;
    EXPECT_NE(time.error().message.find("now-15m"), std::string::npos) << time.error().message;
  }
  EXPECT_FALSE(parse_time_argument("now-", 0));
  EXPECT_FALSE(parse_time_argument("-15x", 0));
  EXPECT_FALSE(parse_time_argument("-100w", kEarliest));
}

TEST(Bytes, ParsesUnitsOfBothKinds) {
  EXPECT_EQ(*parse_bytes("1000"), 1000U);
  EXPECT_EQ(*parse_bytes("64KiB"), 65'536U);
  EXPECT_EQ(*parse_bytes("512MiB"), 512ULL << 20);
  EXPECT_EQ(*parse_bytes("10GiB"), 10ULL << 30);
  EXPECT_EQ(*parse_bytes("2TiB"), 2ULL << 40);
  EXPECT_EQ(*parse_bytes("1.5GB"), 1'500'000'000U);
  EXPECT_EQ(*parse_bytes("1.5 gib"), 3ULL << 29);
  EXPECT_EQ(*parse_bytes("0.25PiB"), 1ULL << 48);
  EXPECT_EQ(*parse_bytes("3kB"), 3000U);
  EXPECT_EQ(*parse_bytes("7B"), 7U);
}

TEST(Bytes, RefusesWithWhatToWrite) {
  for (const std::string_view text :
       {"", "-1", "1.", ".5GiB", "10G", "10 ", "ten", "1GiB2", "99999999999999999999"}) {
    const auto bytes = parse_bytes(text);
    ASSERT_FALSE(bytes) << text;
    EXPECT_NE(bytes.error().message.find("64KiB"), std::string::npos) << bytes.error().message;
  }
  EXPECT_EQ(parse_bytes("20000PiB").error().message, "'20000PiB' is too large");
}

TEST(Bytes, TextIsShortAndNeverSaysMore) {
  EXPECT_EQ(to_bytes_text(0), "0B");
  EXPECT_EQ(to_bytes_text(1023), "1023B");
  EXPECT_EQ(to_bytes_text(64ULL << 20), "64MiB");
  EXPECT_EQ(to_bytes_text(3ULL << 29), "1.5GiB");
  EXPECT_EQ(to_bytes_text((2ULL << 30) - 1), "1.9GiB");
  for (int shift = 0; shift < 64; ++shift) {
    const std::uint64_t bytes = 1ULL << shift;
    EXPECT_EQ(*parse_bytes(to_bytes_text(bytes)), bytes);
    EXPECT_LE(*parse_bytes(to_bytes_text(bytes + bytes / 3)), bytes + bytes / 3);
  }
}

TEST(TimeBeyondRange, IsToldFromNonsense) {
  for (const char* far :
       {"3026-11-21T10:20:30Z", "0999-01-01T00:00:00.5Z", "9999-12-31 23:59:59+01:00",
        "99999999999999999999", "-99999999999999999999.5"}) {
    EXPECT_TRUE(is_time_beyond_range(far)) << far;
    EXPECT_FALSE(parse_rfc3339(far)) << far;
  }
  for (const char* other : {"2026-11-21T10:20:30Z", "2026-13-01T00:00:00Z", "3026-11-21", "", "-",
                            "1.", "x", "1790000000"}) {
    EXPECT_FALSE(is_time_beyond_range(other)) << other;
  }
}

}  // namespace
}  // namespace duramen
