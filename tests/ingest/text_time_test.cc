#include "ingest/text_time.h"

#include <gmock/gmock.h>

#include "base/time_text.h"
#include "tests/ingest/ingest_testing.h"

namespace duramen::ingest {
namespace {

using ::testing::HasSubstr;
using testing::kNow;

TextTimeReader reader(TextTimeOptions options = {}) {
  if (options.now == 0) options.now = kNow;
  auto made = TextTimeReader::create(std::move(options));
  EXPECT_TRUE(made) << (made ? "" : made.error().message);
  return *std::move(made);
}

/// What is read from a line, as RFC 3339 without needless zeros; `-` for nothing.
std::string read(TextTimeReader& from, std::string_view line) {
  const auto time = from.read(line);
  if (!time) return "-";
  std::string text = to_rfc3339(*time);
  text.pop_back();
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string read_auto(std::string_view line, std::optional<int> year = std::nullopt) {
  TextTimeOptions options;
  options.year = year;
  TextTimeReader from = reader(std::move(options));
  return read(from, line);
}

struct Sample {
  const char* name;
  const char* line;
  const char* time;
};

class TextTimeSample : public ::testing::TestWithParam<Sample> {};

TEST_P(TextTimeSample, IsReadByAuto) { EXPECT_EQ(read_auto(GetParam().line), GetParam().time); }

INSTANTIATE_TEST_SUITE_P(
    Real, TextTimeSample,
    ::testing::Values(
        Sample{"Android", "03-17 16:13:38.811  1702  2395 D WindowManager: printFreezing",
               "2026-03-17T16:13:38.811"},
        Sample{"Apache", "[Sun Dec 04 04:47:44 2005] [notice] workerEnv.init() ok",
               "2005-12-04T04:47:44"},
        Sample{"Bgl",
               "- 1117838570 2005.06.03 R02-M1-N0-C:J12-U11 2005-06-03-15.42.50.675872 RAS KERNEL",
               "2005-06-03T22:42:50"},
        Sample{"Hdfs", "081109 203615 148 INFO dfs.DataNode$PacketResponder: x",
               "2008-11-09T20:36:15"},
        Sample{"Hpc", "134681 node-246 unix.hw state_change.unavailable 1077804742 1 Component",
               "2004-02-26T14:12:22"},
        Sample{"Hadoop", "2015-10-18 18:01:47,978 INFO [main] org.apache",
               "2015-10-18T18:01:47.978"},
        Sample{"HealthApp", "20171223-22:15:29:606|Step_LSC|30002312|onStand",
               "2017-12-23T22:15:29.606"},
        Sample{"HealthAppShort", "20171223-23:0:5:7|Step_LSC|30002312|onStand",
               "2017-12-23T23:00:05.007"},
        Sample{"Linux", "Jun 14 15:16:01 combo sshd(pam_unix)[19939]: authentication failure",
               "2026-06-14T15:16:01"},
        Sample{"Mac", "Jul  1 09:00:55 calvisitor-10-105-160-95 kernel[0]: x",
               "2026-07-01T09:00:55"},
        Sample{"OpenSsh", "Dec 10 06:55:46 LabSZ sshd[24200]: reverse mapping",
               "2025-12-10T06:55:46"},
        Sample{"OpenStack",
               "nova-api.log.1.2017-05-16_13:53:08 2017-05-16 00:00:00.008 25746 INFO nova.osapi",
               "2017-05-16T00:00:00.008"},
        Sample{"Proxifier", "[10.30 16:49:06] chrome.exe - proxy:5070 open", "2026-10-30T16:49:06"},
        Sample{"Spark", "17/06/09 20:10:40 INFO executor.CoarseGrained: Registered",
               "2017-06-09T20:10:40"},
        Sample{"Thunderbird", "- 1131566461 2005.11.09 dn228 Nov 9 12:01:01 dn228/dn228 crond: x",
               "2005-11-09T20:01:01"},
        Sample{"Windows", "2016-09-28 04:30:30, Info                  CBS    Loaded",
               "2016-09-28T04:30:30"},
        Sample{"Zookeeper", "2015-07-29 17:41:44,747 - INFO  [QuorumPeer[myid=1]",
               "2015-07-29T17:41:44.747"}),
    [](const auto& sample) { return sample.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Common, TextTimeSample,
    ::testing::Values(
        Sample{"Rfc3339", "2026-01-02T03:04:05.123456789+02:00 x", "2026-01-02T01:04:05.123456789"},
        Sample{"IsoBlankZone", "2026-01-02 03:04:05.5 -0130 x", "2026-01-02T04:34:05.5"},
        Sample{"PostgresUtc", "2026-01-02 03:04:05.500 UTC [7] LOG:", "2026-01-02T03:04:05.5"},
        Sample{"Nginx", "2026/01/02 03:04:05 [error] 7#7: *1", "2026-01-02T03:04:05"},
        Sample{"AccessLog", "10.0.0.1 - bob [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200",
               "2000-10-10T20:55:36"},
        Sample{"Apache24", "[Wed Oct 11 14:32:52.123456 2000] [core:error]",
               "2000-10-11T14:32:52.123456"},
        Sample{"Date", "Sun Dec  4 04:47:44 UTC 2005 x", "2005-12-04T04:47:44"},
        Sample{"Mail", "Sun, 4 Dec 2005 04:47:44 +0100 x", "2005-12-04T03:47:44"},
        Sample{"Redis", "7:M 04 Dec 2005 04:47:44.123 * Ready", "2005-12-04T04:47:44.123"},
        Sample{"Named", "04-Dec-2005 04:47:44.123 queries: info", "2005-12-04T04:47:44.123"},
        Sample{"Syslog5424", "<34>1 2003-10-11T22:14:15.003Z host su - ID47",
               "2003-10-11T22:14:15.003"},
        Sample{"Logfmt", "level=info time=\"2026-01-02T03:04:05Z\" msg=x", "2026-01-02T03:04:05"},
        Sample{"Json", R"({"level":"info","ts":"2026-01-02T03:04:05.5Z"})",
               "2026-01-02T03:04:05.5"},
        Sample{"Glog", "I0704 12:34:56.123456    1 main.go:7] x", "2026-07-04T12:34:56.123456"},
        Sample{"Java", "Dec 04, 2005 4:47:44 PM org.apache", "2005-12-04T16:47:44"},
        Sample{"Milliseconds", "1562529662678 x", "2019-07-07T20:01:02.678"},
        Sample{"Decimals", "[1562529662.678123] x", "2019-07-07T20:01:02.678123"},
        Sample{"Compact", "20260102T030405Z x", "2026-01-02T03:04:05"},
        Sample{"None", "java.lang.IllegalStateException: 12 of 1234", "-"},
        Sample{"NoneEmpty", "", "-"}, Sample{"NotADate", "2026-13-02 03:04:05 x", "-"},
        Sample{"NotADay", "2026-02-30 03:04:05 x", "-"},
        Sample{"NotAnHour", "2026-02-03 24:04:05", "-"}, Sample{"LongNumber", "15625296626 x", "-"},
        Sample{"Hex", "1562529662abc x", "-"}),
    [](const auto& sample) { return sample.param.name; });

TEST(TextTime, YearIsTheLatestThatIsNotInTheFuture) {
  EXPECT_EQ(read_auto("Nov 22 09:00:00 x"), "2026-11-22T09:00:00");  // within a day
  EXPECT_EQ(read_auto("Nov 23 09:00:00 x"), "2025-11-23T09:00:00");
  EXPECT_EQ(read_auto("Feb 29 09:00:01 x"), "2024-02-29T09:00:01");
  EXPECT_EQ(read_auto("Feb 30 09:00:01 x"), "-");
}

TEST(TextTime, GivenYearGoesOnOverANewYearAndBack) {
  TextTimeOptions options;
  options.year = 2004;
  TextTimeReader from = reader(std::move(options));
  EXPECT_EQ(read(from, "Dec 31 23:59:59 x"), "2004-12-31T23:59:59");
  EXPECT_EQ(read(from, "Jan  1 00:00:01 x"), "2005-01-01T00:00:01");
  EXPECT_EQ(read(from, "Dec 31 23:59:58 late"), "2004-12-31T23:59:58");
  EXPECT_EQ(read(from, "Jan  1 00:00:02 x"), "2005-01-01T00:00:02");
  EXPECT_EQ(read(from, "Jun  1 00:00:02 x"), "2005-06-01T00:00:02");
}

TEST(TextTime, LinesWithoutATimeDoNotConfuseLaterOnes) {
  TextTimeReader from = reader();
  EXPECT_EQ(read(from, "2026-01-02 03:04:05 start"), "2026-01-02T03:04:05");
  EXPECT_EQ(read(from, "    at java.lang.Thread.run(Thread.java:748)"), "-");
  EXPECT_EQ(read(from, "1562529662 is an id in a continued line"), "-");
  EXPECT_EQ(read(from, "[worker] 2026-01-02 03:04:06 elsewhere"), "2026-01-02T03:04:06");
}

TEST(TextTime, LocalTimesUseTheZoneAndZonedOnesDoNot) {
  TextTimeOptions options;
  options.zone_offset_seconds = [](TimeNs at) {  // summer time until 2026-10-25T01:00Z
    return at < *parse_rfc3339("2026-10-25T01:00:00Z") ? 7200 : 3600;
  };
  TextTimeReader from = reader(std::move(options));
  EXPECT_EQ(read(from, "2026-10-25 01:59:59 x"), "2026-10-24T23:59:59");
  EXPECT_EQ(read(from, "2026-10-25 03:00:01 x"), "2026-10-25T02:00:01");
  EXPECT_EQ(read(from, "2026-10-25 03:00:01Z x"), "2026-10-25T03:00:01");
}

TEST(TextTime, FormatOfTheUserIsFoundAnywhere) {
  const auto with = [](const std::string& format, std::string_view line) {
    TextTimeOptions options;
    options.format = format;
    TextTimeReader from = reader(std::move(options));
    return read(from, line);
  };
  EXPECT_EQ(with("%d.%m.%Y %H:%M:%S", "01.02.2003 04:05:06,789 x"), "2003-02-01T04:05:06.789");
  EXPECT_EQ(with("[%F %T]", "host [2003-02-01 04:05:06] x"), "2003-02-01T04:05:06");
  EXPECT_EQ(with("%D %I:%M %p", "02/01/03 12:05 am"), "2003-02-01T00:05:00");
  EXPECT_EQ(with("%A %d %B %Y %T.%f %z", "Saturday 01 February 2003 04:05:06.25 +0100"),
            "2003-02-01T03:05:06.25");
  EXPECT_EQ(with("t=%s", "id=7 t=1562529662 x"), "2019-07-07T20:01:02");
  EXPECT_EQ(with("%Y-%m-%d %H:%M:%S", "2003-2-1 4:5:6 x"), "2003-02-01T04:05:06");
  EXPECT_EQ(with("%Y%m%d%H%M", "200302010405"), "2003-02-01T04:05:00");
  EXPECT_EQ(with("%Y%%%m-%d", "2003%02-01"), "2003-02-01T00:00:00");
  EXPECT_EQ(with("%d.%m.%Y", "2003-02-01 x"), "-");
  EXPECT_EQ(with("now", "2003-02-01 00:00:00 x"), "-");
}

TEST(TextTime, BadFormatsSayWhere) {
  const auto error = [](const std::string& format) {
    TextTimeOptions options;
    options.format = format;
    auto made = TextTimeReader::create(std::move(options));
    return made ? std::string() : made.error().message;
  };
  EXPECT_THAT(error("%Y-%m-%d %Q"), HasSubstr("column 10: %Q is not known"));
  EXPECT_THAT(error("%Y-%m-%d %"), HasSubstr("column 10"));
  EXPECT_THAT(error("%H:%M:%S"), HasSubstr("names no day"));
  TextTimeOptions options;
  options.year = 12;
  EXPECT_FALSE(TextTimeReader::create(std::move(options)));
}

}  // namespace
}  // namespace duramen::ingest
