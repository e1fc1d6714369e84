#include "ingest/ndjson.h"

#include <gmock/gmock.h>

#include "base/json_text.h"
#include "base/time_text.h"
#include "tests/ingest/ingest_testing.h"

namespace duramen::ingest {
namespace {

using testing::build_options;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kNow;
using ::testing::Pair;
using testing::Row;
using testing::rows_of;
using ::testing::SizeIs;

ParsedBody parse(const std::string& body, const BuildOptions& options = build_options()) {
  auto parsed = parse_ndjson(body, options);
  EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message);
  if (!parsed) return {};
  EXPECT_TRUE(parsed->records->check());
  return *std::move(parsed);
}

/// The only row of a body.
Row only(const std::string& body, const BuildOptions& options = build_options()) {
  const ParsedBody parsed = parse(body, options);
  EXPECT_EQ(parsed.rejected, 0U) << (parsed.errors.empty() ? "" : parsed.errors[0].reason);
  EXPECT_EQ(parsed.records->rows(), 1U);
  return parsed.records->rows() == 1 ? testing::row_of(*parsed.records, 0) : Row{};
}

/// The reason why the only line is rejected.
std::string reason(const std::string& body, const BuildOptions& options = build_options()) {
  const ParsedBody parsed = parse(body, options);
  EXPECT_EQ(parsed.accepted, 0U) << body;
  EXPECT_THAT(parsed.errors, SizeIs(1)) << body;
  return parsed.errors.empty() ? "" : parsed.errors[0].reason;
}

TEST(Ndjson, ContainerRecordBecomesTimeMessageAndLabels) {
  const Row row = only(
      R"({"time":"2026-11-21T09:59:59.123456789Z","container_name":"/web-1","container_id":"abc","source":"stdout","tag":"web","log":"GET / 200"})");
  EXPECT_EQ(row.time, *parse_rfc3339("2026-11-21T09:59:59.123456789Z"));
  EXPECT_EQ(row.message, "GET / 200");
  EXPECT_THAT(row.labels, ElementsAre(Pair("container_id", "abc"), Pair("container_name", "/web-1"),
                                      Pair("source", "stdout"), Pair("tag", "web")));
  EXPECT_THAT(row.fields, IsEmpty());
  EXPECT_THAT(row.json_fields, IsEmpty());
}

TEST(Ndjson, FirstTimeAndMessageNameOfTheListWinsAndOthersStayFields) {
  const Row row = only(
      R"({"msg":"third","ts":"2020-01-01T00:00:00Z","log":"second","_msg":"first","time":1795255199})");
  EXPECT_EQ(row.message, "first");
  EXPECT_EQ(row.time, 1'795'255'199 * kNsPerSecond);
  EXPECT_THAT(row.fields, ElementsAre(Pair("log", "second"), Pair("msg", "third"),
                                      Pair("ts", "2020-01-01T00:00:00Z")));
}

TEST(Ndjson, EmptyOrNullMessageLosesToOneWithText) {
  EXPECT_EQ(only(R"({"_msg":"","log":null,"msg":"here"})").message, "here");
}

TEST(Ndjson, EmptyMessageAloneIsARecord) {
  EXPECT_EQ(only(R"({"_msg":""})").message, "");
  EXPECT_EQ(only(R"({"time":1795255199,"log":"","container_name":"x"})").message, "");
}

TEST(Ndjson, RecordWithoutMessageKeepsItsFieldsAndAnEmptyMessage) {
  const Row row = only(R"({"status":200})");
  EXPECT_EQ(row.message, "");
  EXPECT_THAT(row.json_fields, ElementsAre(Pair("status", "200")));
}

TEST(Ndjson, RecordWithNothingButATimeIsRejected) {
  EXPECT_THAT(reason(R"({"time":"2026-11-21T09:59:59Z"})"),
              HasSubstr("neither a message nor a field"));
  EXPECT_THAT(reason(R"({})"), HasSubstr("neither a message nor a field"));
  EXPECT_THAT(reason(R"({"a":null,"b":""})"), HasSubstr("neither a message nor a field"));
}

TEST(Ndjson, ValuesKeepTheirJsonTextByteForByte) {
  const Row row = only(
      R"({"log":"x","big":12345678901234567890123,"exp":1.10e+400,"neg":-0,"t":true,"f":false,"list":[ 1, "a\n" ,{"k":null}],"none":null,"empty":"","obj":{ }})");
  EXPECT_THAT(row.json_fields,
              ElementsAre(Pair("big", "12345678901234567890123"), Pair("exp", "1.10e+400"),
                          Pair("f", "false"), Pair("list", R"([ 1, "a\n" ,{"k":null}])"),
                          Pair("neg", "-0"), Pair("obj", "{ }"), Pair("t", "true")));
  EXPECT_THAT(row.fields, IsEmpty());
}

TEST(Ndjson, NestedObjectsAreFlattenedWithPoints) {
  const Row row =
      only(R"({"log":"x","http":{"request":{"method":"GET","size":12},"status":200},"after":"y"})");
  EXPECT_THAT(row.fields, ElementsAre(Pair("after", "y"), Pair("http.request.method", "GET")));
  EXPECT_THAT(row.json_fields,
              ElementsAre(Pair("http.request.size", "12"), Pair("http.status", "200")));
}

TEST(Ndjson, MessageThatIsNoStringIsKeptAsItsJsonText) {
  EXPECT_EQ(only(R"({"log":{"level": "info", "n":1}})").message, R"({"level": "info", "n":1})");
  EXPECT_EQ(only(R"({"log":12.50})").message, "12.50");
  EXPECT_EQ(only(R"({"log":["a"]})").message, R"(["a"])");
}

TEST(Ndjson, ObjectUnderAMessageNameThatIsNotTheMessageIsFlattened) {
  for (const char* body : {R"({"_msg":"m","log":{"level":"info","n":{"x":1}}})",
                           R"({"log":{"level":"info","n":{"x":1}},"_msg":"m"})"}) {
    const Row row = only(body);
    EXPECT_EQ(row.message, "m");
    EXPECT_THAT(row.fields, ElementsAre(Pair("log.level", "info")));
    EXPECT_THAT(row.json_fields, ElementsAre(Pair("log.n.x", "1")));
  }
}

TEST(Ndjson, RequestNamesItsTimeMessageAndStreamFields) {
  BuildOptions options = build_options();
  options.format = {{"date"}, {"log.message"}, {"stream"}, false};
  const Row row = only(
      R"({ "log": { "level": "info", "message": "hello world" }, "date": "0", "stream": "stream1", "host":"h" })",
      options);
  EXPECT_EQ(row.time, kNow);
  EXPECT_EQ(row.message, "hello world");
  EXPECT_THAT(row.labels, ElementsAre(Pair("stream", "stream1")));
  EXPECT_THAT(row.fields, ElementsAre(Pair("host", "h"), Pair("log.level", "info")));
}

TEST(Ndjson, RequestMayTakeADefaultNameForAnotherUse) {
  BuildOptions options = build_options();
  options.format.stream_fields = {"message"};
  const Row row = only(R"({"message":"a label","log":"text"})", options);
  EXPECT_EQ(row.message, "text");
  EXPECT_THAT(row.labels, ElementsAre(Pair("message", "a label")));
}

TEST(Ndjson, ContradictingRequestParametersAreRefused) {
  BuildOptions options = build_options();
  options.format = {{}, {"a"}, {"a"}, false};
  auto parsed = parse_ndjson("{}", options);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(parsed.error().message, HasSubstr("parameter stream: field 'a' is named twice"));
  options.format = {{}, {}, {"_seq"}, false};
  EXPECT_FALSE(parse_ndjson("{}", options));
  options.format = {{""}, {}, {}, false};
  EXPECT_FALSE(parse_ndjson("{}", options));
}

TEST(Ndjson, LabelThatIsNoStringOrTooLongBecomesAField) {
  const std::string value(kMaxLabelBytes + 1, 'v');
  const ParsedBody parsed = parse(R"({"log":"x","host":5,"app":")" + value + "\"}");
  const Row row = testing::row_of(*parsed.records, 0);
  EXPECT_THAT(row.labels, IsEmpty());
  EXPECT_THAT(row.json_fields, ElementsAre(Pair("host", "5")));
  EXPECT_THAT(row.fields, ElementsAre(Pair("app", value)));
  EXPECT_THAT(to_warnings(parsed.counts, build_options()),
              ElementsAre(HasSubstr("1 label longer than")));
}

TEST(Ndjson, EqualLabelsInAnyOrderAreOneStream) {
  const ParsedBody parsed = parse(
      "{\"host\":\"a\",\"app\":\"b\",\"log\":\"1\"}\n{\"log\":\"2\",\"app\":\"b\",\"host\":\"a\"}\n"
      "{\"app\":\"ba\",\"log\":\"3\"}\n{\"host\":\"ba\",\"log\":\"4\"}");
  EXPECT_THAT(parsed.records->stream, ElementsAre(0, 0, 1, 2));
}

TEST(Ndjson, SeveralObjectsOnALineAreSeveralRecords) {
  const ParsedBody parsed =
      parse(R"({"date":1562529662.678,"log":"a"}{"date":1562529662.679,"log":"b"} {"log":"c"})");
  EXPECT_EQ(parsed.accepted, 3U);
  EXPECT_EQ(parsed.records->message(2), "c");
}

TEST(Ndjson, ObjectOverSeveralLinesIsOneRecordAndLinesGoOnCounting) {
  const ParsedBody parsed =
      parse("{\n  \"log\": \"a\",\r\n  \"n\": [1,\n 2]\n}\n{bad}\n{\"log\":\"b\"}\n");
  EXPECT_EQ(parsed.accepted, 2U);
  ASSERT_THAT(parsed.errors, SizeIs(1));
  EXPECT_EQ(parsed.errors[0].line, 6U);
  EXPECT_EQ(testing::row_of(*parsed.records, 0).json_fields.at("n"), "[1,\n 2]");
}

TEST(Ndjson, ArrayOfObjectsIsReadWithTheLineOfEachBadElement) {
  const ParsedBody parsed = parse(
      "[{\"time\":\"1562529662678123456\",\"log\":\"x\"},\n {\"log\":\"y\"},\n 7,\n "
      "{\"log\":\"a\",\"log\":\"b\"}]\n");
  EXPECT_EQ(parsed.accepted, 2U);
  EXPECT_EQ(parsed.records->time[0], 1562529662678123456);
  EXPECT_EQ(parsed.records->time[1], kNow);
  ASSERT_THAT(parsed.errors, SizeIs(2));
  EXPECT_EQ(parsed.errors[0].line, 3U);
  EXPECT_EQ(parsed.errors[0].reason, "element 3: not a JSON object");
  EXPECT_EQ(parsed.errors[1].line, 4U);
  EXPECT_THAT(parsed.errors[1].reason, HasSubstr("'log' occurs twice"));
}

TEST(Ndjson, BrokenArrayStoresNothingAndSaysWhere) {
  for (const char* body :
       {"[{\"log\":\"a\"},\n{\"log\":}]", "[{\"log\":\"a\"},\n       ", "[{\"log\":\"a\"}\n {}]",
        "[{\"log\":\"a\"},\n]", "[{\"log\":\"a\"}\n] x"}) {
    auto parsed = parse_ndjson(body, build_options());
    ASSERT_FALSE(parsed) << body;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(parsed.error().message, HasSubstr("line 2, byte")) << body;
  }
}

TEST(Ndjson, LineOfTextThatBeginsLikeAnArrayTakesNoOtherLineWithIt) {
  for (const char* first : {"[INFO] hi", "[2026-11-20 10:00:00] hi", "[]x", "[ ] hi", "[1] hi",
                            "[7, 8]", "[\"a\"] hi", "[[[", "[\"a\\n\", 8"}) {
    const ParsedBody parsed =
        parse(std::string("\n") + first + "\n{\"log\":\"a\"}\n[2] x\n{\"log\":\"b\"}\n");
    EXPECT_EQ(parsed.accepted, 2U) << first;
    EXPECT_EQ(parsed.records->rows(), 2U) << first;
    ASSERT_THAT(parsed.errors, SizeIs(2)) << first;
    EXPECT_EQ(parsed.rejected, 2U) << first;
    EXPECT_EQ(parsed.errors[0].line, 2U) << first;
    EXPECT_THAT(parsed.errors[0].reason, HasSubstr("not a JSON object")) << first;
    EXPECT_EQ(parsed.errors[1].line, 4U) << first;
  }
}

TEST(Ndjson, ArrayWithoutAnObjectIsAnArrayWhenItIsWhole) {
  const ParsedBody parsed = parse("[7,\n 8]\n");
  EXPECT_EQ(parsed.rejected, 2U);
  EXPECT_EQ(parsed.errors.at(1).line, 2U);
  EXPECT_EQ(parsed.errors.at(1).reason, "element 2: not a JSON object");
}

TEST(Ndjson, EmptyArrayHoldsNoRecord) {
  const ParsedBody parsed = parse(" [ ] ");
  EXPECT_EQ(parsed.accepted + parsed.rejected, 0U);
}

TEST(Ndjson, BadLinesAreNamedAndGoodOnesKept) {
  const ParsedBody parsed = parse(
      "{\"a\":1}\n{bad\n\n{\"a\":2}\r\nplain text\n{\"a\":3} tail\n{\"a\":\"x\ny\"}\n{\"a\":4");
  EXPECT_EQ(parsed.accepted, 2U);
  std::vector<std::uint64_t> lines;
  for (const auto& error : parsed.errors) lines.push_back(error.line);
  EXPECT_THAT(lines, ElementsAre(2, 5, 6, 7, 8, 9));
  EXPECT_THAT(parsed.errors[0].reason, HasSubstr("byte 2: expected a field name in quotes"));
  EXPECT_THAT(parsed.errors[1].reason, HasSubstr("not a JSON object"));
  EXPECT_THAT(parsed.errors[2].reason, HasSubstr("byte 9: text after the object"));
  EXPECT_THAT(parsed.errors[3].reason, HasSubstr("the line ends inside a string"));
  EXPECT_THAT(parsed.errors[5].reason, HasSubstr("the body ends"));
}

TEST(Ndjson, CutLineDoesNotTakeTheNextOneWithIt) {
  const ParsedBody parsed =
      parse("{\"a\":1,\"b\":\n{\"log\":\"x\\ny\"}\n{\"a\":{\n{\"log\":\"z\"}\n{\"a\":1,\n");
  EXPECT_EQ(parsed.accepted, 2U);
  EXPECT_EQ(parsed.records->message(0), "x\ny");
  EXPECT_EQ(parsed.records->message(1), "z");
  ASSERT_THAT(parsed.errors, SizeIs(3));
  EXPECT_EQ(parsed.errors[0].line, 1U);
  EXPECT_EQ(parsed.errors[0].reason, "byte 12: the object does not end in this line");
  EXPECT_EQ(parsed.errors[1].line, 3U);
  EXPECT_EQ(parsed.errors[2].line, 5U);
}

TEST(Ndjson, DuplicateKeysRejectTheLineAlsoWhenFlattened) {
  EXPECT_THAT(reason(R"({"a":1,"b":2,"a":3})"), HasSubstr("field 'a' occurs twice"));
  EXPECT_THAT(reason(R"({"a":{"b":1},"a.b":2})"), HasSubstr("field 'a.b' occurs twice"));
  EXPECT_THAT(reason(R"({"a":{"b":1},"a":{"c":2}})"), HasSubstr("field 'a' occurs twice"));
  EXPECT_THAT(reason(R"({"a":1,"\u0061":2})"), HasSubstr("field 'a' occurs twice"));
  EXPECT_THAT(reason(R"({"log":"x","log":"y"})"), HasSubstr("field 'log' occurs twice"));
}

TEST(Ndjson, TimeIsRfc3339OrUnixInAnyUnit) {
  const auto time = [](const std::string& text) {
    return only("{\"log\":\"x\",\"time\":" + text + "}").time;
  };
  EXPECT_EQ(time("1562529662"), 1562529662000000000);
  EXPECT_EQ(time("1562529662678"), 1562529662678000000);
  EXPECT_EQ(time("1562529662.678123456"), 1562529662678123456);
  EXPECT_EQ(time("\"1562529662678123\""), 1562529662678123000);
  EXPECT_EQ(time("\"2019-07-07T20:01:02.678+00:00\""), 1562529662678000000);
  EXPECT_EQ(time("\"2019-07-07 20:01:02.678\""), 1562529662678000000);
  for (const char* absent : {"null", "\"\"", "\"0\"", "0", "\"-\""}) EXPECT_EQ(time(absent), kNow);
}

TEST(Ndjson, TimesOfOneMinuteAreReadExactly) {
  const std::vector<std::string> times = {
      "2026-11-21T09:58:59.123456789Z", "2026-11-21T09:58:00Z",
      "2026-11-21T09:58:07.1Z",         "2026-11-21T09:58:07.12345678Z",
      "2026-11-21T09:58:07.1234567Z",   "2026-11-21T09:58:07.000000001Z",
      "2026-11-21T09:58:07+01:00",      "2026-11-21T09:59:07Z",
      "2026-11-21T09:58:08,5Z",         "1677-09-21T00:12:44Z",
      "1677-09-21T00:12:45Z",           "2262-04-11T23:47:16Z"};
  BuildOptions options = build_options();
  options.format.keep_old = true;
  std::string body;
  for (const auto& time : times) body += "{\"log\":\"x\",\"time\":\"" + time + "\"}\n";
  const ParsedBody parsed = parse(body, options);
  std::size_t row = 0;
  for (const auto& time : times) {
    ASSERT_LT(row, parsed.records->rows());
    EXPECT_EQ(parsed.records->time[row++], parse_rfc3339(time).value_or(kNow)) << time;
  }
  EXPECT_EQ(row, parsed.records->rows());
  for (const char* bad : {"2026-11-21T09:58:7Z", "2026-11-21T09:58:61Z", "2026-11-21T09:58:07.Z",
                          "2026-11-21T09:58:07.12345678aZ", "2026-11-21T09:58:07.1234:678Z",
                          "2026-11-21T09:58:0:Z"}) {
    const ParsedBody both =
        parse("{\"log\":\"x\",\"time\":\"2026-11-21T09:58:01Z\"}\n{\"log\":\"x\",\"time\":\"" +
              std::string(bad) + "\"}");
    EXPECT_EQ(both.rejected, parse_rfc3339(bad) ? 0U : 1U) << bad;
  }
}

TEST(Ndjson, TimeThatCannotBeReadRejectsTheLine) {
  EXPECT_THAT(reason(R"({"log":"x","time":"yesterday"})"),
              HasSubstr("field 'time': 'yesterday' is no time"));
  EXPECT_THAT(reason(R"({"log":"x","time":true})"), HasSubstr("is no time"));
  EXPECT_THAT(reason(R"({"log":"x","time":[1]})"), HasSubstr("is no time"));
}

TEST(Ndjson, TimeOutsideTheRangeIsFiledByReceivedTimeAndNamed) {
  BuildOptions options = build_options();
  options.oldest = kNow - 10 * kNsPerDay;
  const std::string body =
      "{\"log\":\"a\",\"time\":\"2026-11-11T09:59:59Z\"}\n"
      "{\"log\":\"b\",\"time\":\"2026-11-11T10:00:00Z\"}\n"
      "{\"log\":\"c\",\"time\":\"2026-11-22T10:00:00Z\"}\n"
      "{\"log\":\"d\",\"time\":1795341601}\n";
  const ParsedBody parsed = parse(body, options);
  const auto rows = rows_of(*parsed.records);
  ASSERT_THAT(rows, SizeIs(4));
  EXPECT_EQ(rows[0].time, kNow);
  EXPECT_THAT(rows[0].fields, ElementsAre(Pair("_time_claimed", "2026-11-11T09:59:59Z")));
  EXPECT_THAT(rows[1].fields, IsEmpty());
  EXPECT_EQ(rows[2].time, kNow + kNsPerDay);
  EXPECT_THAT(rows[3].json_fields, ElementsAre(Pair("_time_claimed", "1795341601")));
  EXPECT_EQ(parsed.counts.outside_range, 2U);
  EXPECT_THAT(to_warnings(parsed.counts, options),
              ElementsAre(HasSubstr("2 records had a time outside 2026-11-11T10:00:00")));
  options.format.keep_old = true;
  for (const Row& row : rows_of(*parse(body, options).records)) {
    EXPECT_THAT(row.fields, IsEmpty());
    EXPECT_THAT(row.json_fields, IsEmpty());
  }
}

TEST(Ndjson, TimeAThousandYearsOffIsKeptAsAClaim) {
  for (const bool keep_old : {false, true}) {
    BuildOptions options = build_options();
    options.format.keep_old = keep_old;
    const ParsedBody parsed = parse(
        "{\"log\":\"a\",\"time\":\"3026-11-21T10:00:00Z\"}\n"
        "{\"log\":\"b\",\"time\":\"0999-01-01T00:00:00Z\"}\n"
        "{\"log\":\"c\",\"time\":99999999999999999999}\n",
        options);
    EXPECT_EQ(parsed.rejected, 0U);
    EXPECT_EQ(parsed.counts.outside_range, 3U);
    const auto rows = rows_of(*parsed.records);
    ASSERT_THAT(rows, SizeIs(3));
    EXPECT_EQ(rows[0].time, kNow);
    EXPECT_THAT(rows[0].fields, ElementsAre(Pair("_time_claimed", "3026-11-21T10:00:00Z")));
    EXPECT_THAT(rows[1].fields, ElementsAre(Pair("_time_claimed", "0999-01-01T00:00:00Z")));
    EXPECT_THAT(rows[2].json_fields, ElementsAre(Pair("_time_claimed", "99999999999999999999")));
  }
}

TEST(Ndjson, DaysBeyondTheLimitAreFiledByReceivedTime) {
  BuildOptions options = build_options();
  options.limits.days_per_request = 2;
  options.format.keep_old = true;
  const ParsedBody parsed = parse(
      "{\"log\":\"1\",\"time\":\"2020-01-01T00:00:00Z\"}\n{\"log\":\"2\",\"time\":\"1969-12-31T23:"
      "59:59Z\"}\n"
      "{\"log\":\"3\",\"time\":\"2020-01-03T00:00:00Z\"}\n{\"log\":\"4\",\"time\":\"2020-01-01T01:"
      "00:00Z\"}\n"
      "{\"log\":\"5\",\"time\":\"2026-11-21T00:00:00Z\"}\n{\"log\":\"6\"}",
      options);
  const auto rows = rows_of(*parsed.records);
  ASSERT_THAT(rows, SizeIs(6));
  EXPECT_EQ(rows[2].time, kNow);
  EXPECT_THAT(rows[2].fields, ElementsAre(Pair("_time_claimed", "2020-01-03T00:00:00Z")));
  for (const int i : {0, 1, 3, 4, 5})
    EXPECT_THAT(rows[static_cast<std::size_t>(i)].fields, IsEmpty());
  EXPECT_EQ(parsed.counts.too_many_days, 1U);
  EXPECT_THAT(to_warnings(parsed.counts, options), ElementsAre(HasSubstr("more than 2 days")));
}

TEST(Ndjson, NamesThatDuramenUsesAreKeptUnderClaimedNames) {
  const Row row = only(
      R"({"_msg":"m","_seq":"7:1","_received":5,"_gap":{"why":"x"},"":"e","ts":"2026-11-21T09:00:00Z"})");
  EXPECT_THAT(row.fields,
              ElementsAre(Pair("_empty", "e"), Pair("_gap.why", "x"), Pair("_seq_claimed", "7:1")));
  EXPECT_THAT(row.json_fields, ElementsAre(Pair("_received_claimed", "5")));
  EXPECT_THAT(reason(R"({"_msg":"m","_seq":"1","_seq_claimed":"2"})"), HasSubstr("rename it"));
  EXPECT_THAT(reason(R"({"_msg":"m","time":"2190-01-01T00:00:00Z","_time_claimed":"2"})"),
              HasSubstr("'_time_claimed' is needed by Duramen"));
}

TEST(Ndjson, EmptyKeyIsTheLastChoiceOfAMessage) {
  EXPECT_EQ(only(R"({"":"text"})").message, "text");
}

TEST(Ndjson, Base64CarriesBytesThatJsonCannot) {
  const Row row = only(
      R"({"_msg_base64":"/wD+Cg==","name_base64":"/w==","cert_base64":"aGVsbG8=","host":"h","host2_base64":"no"})");
  EXPECT_EQ(row.message, std::string("\xFF\0\xFE\n", 4));
  EXPECT_THAT(row.fields, ElementsAre(Pair("cert_base64", "aGVsbG8="), Pair("host2_base64", "no"),
                                      Pair("name", "\xFF")));
  EXPECT_EQ(only(R"({"_msg_base64":"","log":""})").message, "");
  EXPECT_THAT(reason(R"({"_msg_base64":"/w"})"), HasSubstr("not base64"));
  EXPECT_THAT(reason(R"({"name":"x","name_base64":"/w=="})"), HasSubstr("'name' occurs twice"));
}

TEST(Ndjson, EscapesAreUndone) {
  EXPECT_EQ(only(R"({"log":"a\"b\\c\/d\b\f\n\r\tA\u00e9\u20ac\uD83D\ude00z"})").message,
            "a\"b\\c/d\b\f\n\r\tA\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z");
  EXPECT_EQ(only(R"({"log":"\u0000"})").message, std::string(1, '\0'));
}

TEST(Ndjson, LoneSurrogatesBecomeReplacementCharacters) {
  EXPECT_EQ(only(R"({"log":"a\ud83d"})").message, "a\xEF\xBF\xBD");
  EXPECT_EQ(only(R"({"log":"\ude00\ud83d\n\ud83d\ud83d\ude00"})").message,
            "\xEF\xBF\xBD\xEF\xBF\xBD\n\xEF\xBF\xBD\xF0\x9F\x98\x80");
}

TEST(Ndjson, BadStringsAreRejectedWithTheirByte) {
  EXPECT_THAT(reason("{\"log\":\"ab\xFF\"}"), HasSubstr("byte 11: a byte that is not UTF-8"));
  EXPECT_THAT(reason("{\"log\":\"a\\n\xED\xA0\x80 long enough to fill a vector\"}"),
              HasSubstr("byte 12:"));
  EXPECT_THAT(reason("{\"a\xC3\":1}"), HasSubstr("byte 4:"));
  EXPECT_THAT(reason("{\"n\":[\"\xC0\x80\"]}"), HasSubstr("byte 8:"));
  EXPECT_THAT(reason(R"({"log":"\q"})"), HasSubstr("byte 9: an escape that JSON does not have"));
  EXPECT_THAT(reason(R"({"log":"\u12g4"})"),
              HasSubstr("byte 9: \\u needs four hexadecimal digits"));
  EXPECT_THAT(reason("{\"log\":\"a\tb\"}"), HasSubstr("byte 10: a control character"));
  EXPECT_THAT(reason(std::string("{\"log\":\"a\0b\"}", 13)),
              HasSubstr("byte 10: a control character"));
}

TEST(Ndjson, ByteOrderMarkAndBlankLinesAreIgnored) {
  EXPECT_EQ(only("\xEF\xBB\xBF\n \t\r\n{\"log\":\"x\"}\n\n").message, "x");
}

TEST(Ndjson, EmptyBodyIsAnError) {
  for (const char* body : {"", " \n\t\r\n", "\xEF\xBB\xBF"})
    EXPECT_FALSE(parse_ndjson(body, build_options()));
}

TEST(Ndjson, RowsSurviveAWriteAndARead) {
  const ParsedBody first = parse(
      R"({"_msg_base64":"/w==","time":1,"host":"h","n":{"a":[1,2]},"bin_base64":"gA==","t":"x\u0001\"y"})");
  std::string text;
  append_ndjson_row(text, *first.records, 0);
  const ParsedBody second = parse(text);
  EXPECT_EQ(testing::row_of(*first.records, 0), testing::row_of(*second.records, 0)) << text;
}

}  // namespace
}  // namespace duramen::ingest
