#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/json_text.h"
#include "tests/query/query_test_base.h"

namespace duramen::query {
namespace {

using model::FieldKind;

class FilterTest : public QueryTest {};

TEST_F(FilterTest, WordsAreWholeTokensInAnyCase) {
  store_.add(Strings{"Error: disk", "errors seen", "ERROR", "an_error", "error42", "xerror",
                     "caf\xc3\xa9 error\xc3\xa9", "(error)"});
  EXPECT_EQ(messages("error"), (Strings{"Error: disk", "ERROR", "(error)"}));
  EXPECT_EQ(messages("eRRoR*"), (Strings{"Error: disk", "errors seen", "ERROR", "error42",
                                         "caf\xc3\xa9 error\xc3\xa9", "(error)"}));
  EXPECT_EQ(messages("caf\xc3\xa9"), (Strings{"caf\xc3\xa9 error\xc3\xa9"}));
  EXPECT_EQ(messages("caf"), Strings{});
}

TEST_F(FilterTest, PhrasesAreBytesBetweenTokenBorders) {
  store_.add(Strings{"connect to 10.0.0.1 failed", "connect to 110.0.0.1", "to 10.0.0.12",
                     "10.0.0.1", "x 10.0.0.1.5"});
  EXPECT_EQ(messages("10.0.0.1"),
            (Strings{"connect to 10.0.0.1 failed", "10.0.0.1", "x 10.0.0.1.5"}));
  EXPECT_EQ(messages("\"Connect TO 10\"*"), (Strings{"connect to 10.0.0.1 failed"}));
  EXPECT_EQ(messages("\"connect to 1\"*"),
            (Strings{"connect to 10.0.0.1 failed", "connect to 110.0.0.1"}));
  EXPECT_EQ(messages("\" to \""), (Strings{"connect to 10.0.0.1 failed", "connect to 110.0.0.1"}));
}

TEST_F(FilterTest, RegexesSearchAndMindTheCase) {
  store_.add(Strings{"Timed out", "time out", "timeout", "a\nb"});
  EXPECT_EQ(messages("/[Tt]im(e|ed) ?out/"), (Strings{"Timed out", "time out", "timeout"}));
  EXPECT_EQ(messages("/timed/"), Strings{});
  EXPECT_EQ(messages("/(?i)timed/"), (Strings{"Timed out"}));
  EXPECT_EQ(messages("/^time/ -/^timeout$/"), (Strings{"time out"}));
  EXPECT_EQ(messages("/a.b/"), Strings{});
  EXPECT_EQ(messages("/(?s)a.b/"), (Strings{"a\nb"}));
}

TEST_F(FilterTest, OperatorsBindAsDocumented) {
  store_.add(Strings{"a", "b", "c", "a b", "b c", "a c"});
  EXPECT_EQ(messages("a OR b c"), (Strings{"a", "a b", "b c", "a c"}));
  EXPECT_EQ(messages("(a OR b) c"), (Strings{"b c", "a c"}));
  EXPECT_EQ(messages("a -b"), (Strings{"a", "a c"}));
  EXPECT_EQ(messages("NOT a NOT b"), (Strings{"c"}));
  EXPECT_EQ(messages("NOT (a OR b)"), (Strings{"c"}));
}

TEST_F(FilterTest, LabelsAreFields) {
  store_.add({{1, "one", {{"app", "web-1"}, {"source", "stderr"}}, {}},
              {2, "two", {{"app", "api"}}, {}},
              {3, "three", {}, {{"app", "Web"}}}});
  EXPECT_EQ(messages("app:web"), (Strings{"one", "three"}));
  EXPECT_EQ(messages("app:\"web-1\""), (Strings{"one"}));
  EXPECT_EQ(messages("app:\"web\""), Strings{});
  EXPECT_EQ(messages("app:\"we\"*"), (Strings{"one"}));
  EXPECT_EQ(messages("app:we*"), (Strings{"one", "three"}));
  EXPECT_EQ(messages("app:/^[a-w]/"), (Strings{"one", "two"}));
  EXPECT_EQ(messages("source:*"), (Strings{"one"}));
  EXPECT_EQ(messages("-source:*"), (Strings{"two", "three"}));
  EXPECT_EQ(messages("app:(api OR \"Web\")"), (Strings{"two", "three"}));
}

TEST_F(FilterTest, NumbersCompareByValueAndNothingElseDoes) {
  const auto with = [](TimeNs time, std::string value) {
    return FakeRecord{time, value, {}, {{"s", value, FieldKind::kText}}};
  };
  store_.add({with(1, "99"),
              with(2, "100"),
              with(3, "1e2"),
              with(4, "-"),
              with(5, "abc"),
              with(6, "-5"),
              {7, "none", {}, {}},
              with(8, "100.5")});
  EXPECT_EQ(messages("s:>=100"), (Strings{"100", "1e2", "100.5"}));
  EXPECT_EQ(messages("s:=100"), (Strings{"100", "1e2"}));
  EXPECT_EQ(messages("s:\"100\""), (Strings{"100"}));
  EXPECT_EQ(messages("s:<100"), (Strings{"99", "-5"}));
  EXPECT_EQ(messages("NOT s:<100"), (Strings{"100", "1e2", "-", "abc", "none", "100.5"}));
  EXPECT_EQ(messages("s:[99,100]"), (Strings{"99", "100", "1e2"}));
  EXPECT_EQ(messages("s:[99,100)"), (Strings{"99"}));
  EXPECT_EQ(messages("s:>=\"9\""), (Strings{"99", "abc"}));
  EXPECT_EQ(messages("s:>a"), (Strings{"abc"}));
}

TEST_F(FilterTest, WholeNumbersOf64BitsCompareExactly) {
  const auto with = [](TimeNs time, std::string value) {
    return FakeRecord{time, value, {}, {{"n", value, FieldKind::kJson}}};
  };
  store_.add({with(1, "18446744073709551615"), with(2, "18446744073709551614"),
              with(3, "9007199254740993"), with(4, "9007199254740992"),
              with(5, "-9223372036854775808"), with(6, "-9223372036854775807"), with(7, "-0"),
              with(8, "0")});
  EXPECT_EQ(messages("n:=18446744073709551615"), (Strings{"18446744073709551615"}));
  EXPECT_EQ(messages("n:>9007199254740992 n:<1e17"), (Strings{"9007199254740993"}));
  EXPECT_EQ(messages("n:<-9223372036854775807"), (Strings{"-9223372036854775808"}));
  EXPECT_EQ(messages("n:=0"), (Strings{"-0", "0"}));
  EXPECT_EQ(messages("n:=9007199254740993.0"), (Strings{"9007199254740992"}))
      << "a fraction makes it a double";
}

TEST_F(FilterTest, BuiltInNamesAreFieldsToo) {
  store_.add(Strings{"one", "two", "three"});
  EXPECT_EQ(messages("_time:>=1970-01-01T00:00:02Z"), (Strings{"two", "three"}));
  EXPECT_EQ(messages("_time:\"1970-01-01T00:00:02Z\""), (Strings{"two"}));
  EXPECT_EQ(messages("_time:/02.000000000Z$/"), (Strings{"two"}));
  EXPECT_EQ(messages("_seq:\"00000000000000ab:3\""), (Strings{"three"}));
  EXPECT_EQ(messages("_msg:\"one\" OR _msg:/^tw/"), (Strings{"one", "two"}));
  EXPECT_EQ(messages("_received:>=2026-11-18"), (Strings{"one", "two", "three"}));
  EXPECT_EQ(messages("_received:>2026-11-22"), Strings{});
}

TEST_F(FilterTest, RowsAreShownFlatWithBuiltInsFirst) {
  store_.add(
      {{1'500'000'000'123'456'789,
        "hi \"there\"\n",
        {{"app", "web"}},
        {{"n", "5", FieldKind::kJson}, {"t", "5"}, {"o", "{\"a\":\n[1]}", FieldKind::kJson}}}});
  EXPECT_EQ(run("*").lines,
            (Strings{R"({"_time":"2017-07-14T02:40:00.123456789Z","_seq":"00000000000000ab:1",)"
                     R"("_msg":"hi \"there\"\n","app":"web","n":5,"t":"5","o":{"a": [1]}})"}));
}

TEST_F(FilterTest, ANameMeansTheFirstThatIsShownUnderIt) {
  store_.add({{1, "", {{"app", "hidden"}}, {{"app", "field"}, {"label.app", "other"}}}});
  for (const char* pipe : {"", " | sort app"}) {
    EXPECT_EQ(run(R"(label.app:"hidden")" + std::string(pipe)).rows().at(0).at("label.app#2"),
              "other");
    EXPECT_EQ(run(R"(label.app:"other")" + std::string(pipe)).lines, Strings{});
  }
  EXPECT_EQ(run("* | stats count() as n by label.app").lines,
            (Strings{R"({"label.app":"hidden","n":1})"}));
}

TEST_F(FilterTest, BytesThatAreNotUtf8AreShownInBase64) {
  store_.add({{1, "bad \xff", {}, {{"f", "\xfe"}, {"f_base64", "taken"}}}});
  const auto row = run("*").rows().at(0);
  std::string bytes;
  ASSERT_TRUE(from_base64(row.at("_msg_base64").get<std::string>(), bytes));
  EXPECT_EQ(bytes, "bad \xff");
  EXPECT_FALSE(row.contains("_msg"));
  EXPECT_EQ(row.at("f_base64"), to_base64("\xfe"));
  EXPECT_EQ(row.at("f_base64#2"), "taken");
  EXPECT_EQ(run("f:\"\\xfe\"").lines.size(), 1U);
  EXPECT_EQ(run("bad \"\\xff\"").lines.size(), 1U);
}

TEST_F(FilterTest, ClashingNamesAreMatchedAsTheyAreShown) {
  store_.add({{1, "both", {{"app", "label"}}, {{"app", "field"}}},
              {2, "label only", {{"app", "label"}}, {}},
              {3, "built-in", {{"_seq", "l"}}, {{"_time", "soon"}, {"_msg", "m"}}}});
  const auto rows = run("*").rows();
  EXPECT_EQ(rows[0].at("app"), "field");
  EXPECT_EQ(rows[0].at("label.app"), "label");
  EXPECT_FALSE(rows[1].contains("label.app"));
  EXPECT_EQ(rows[2].at("field._time"), "soon");
  EXPECT_EQ(rows[2].at("field._msg"), "m");
  EXPECT_EQ(rows[2].at("label._seq"), "l");
  for (const std::string pipes : {"", " | parse logfmt | where "}) {
    const std::string all = pipes.empty() ? "" : "*";
    EXPECT_EQ(messages(all + pipes + "app:field"), (Strings{"both"}));
    EXPECT_EQ(messages(all + pipes + "app:label"), (Strings{"label only"}));
    EXPECT_EQ(messages(all + pipes + "label.app:label"), (Strings{"both"}));
    EXPECT_EQ(messages(all + pipes + "field._time:soon label._seq:l"), (Strings{"built-in"}));
  }
}

TEST_F(FilterTest, NoKeyComesOutTwice) {
  store_.add({{1,
               "m",
               {{"a", "1"}, {"label.a", "2"}, {"_msg", "3"}},
               {{"a", "4"},
                {"label.a", "5"},
                {"field._msg", "6"},
                {"_msg", "7"},
                {"\xff", "8"},
                {"\xfe", "9"},
                {"a#2", "10"},
                {"_msg_base64", "11"},
                {"label._msg", "12"}}}});
  for (const std::string query : {"*", "* | parse json"}) {
    const std::string line = run(query).lines.at(0);
    std::vector<std::string> keys;
    auto parsed = nlohmann::json::parse(
        line, [&](int, nlohmann::json::parse_event_t event, nlohmann::json& value) {
          if (event == nlohmann::json::parse_event_t::key) keys.push_back(value);
          return true;
        });
    EXPECT_EQ(keys.size(), parsed.size()) << line;
    EXPECT_EQ(keys.size(), 15U) << line;
  }
}

TEST_F(FilterTest, TimeRangeIncludesItsStartAndNotItsEnd) {
  store_.add(Strings{"1", "2", "3", "4"});
  QueryRequest request = oldest_first("*");
  request.start = 2 * kNsPerSecond;
  request.end = 4 * kNsPerSecond;
  EXPECT_EQ(run(request).column("_msg"), (Strings{"2", "3"}));
  store_.build();
  EXPECT_EQ(run(request).column("_msg"), (Strings{"2", "3"}));
}

TEST_F(FilterTest, DefaultsAreEverythingNewestFirstAHundred) {
  Strings lines;
  for (int i = 1; i <= 150; ++i) lines.push_back(std::to_string(i));
  store_.add(lines);
  const Answer answer = run(QueryRequest{});
  ASSERT_EQ(answer.lines.size(), 100U);
  EXPECT_EQ(answer.column("_msg").front(), "150");
  EXPECT_EQ(answer.column("_msg").back(), "51");
  EXPECT_FALSE(answer.end.cursor.empty());
}

TEST_F(FilterTest, EmptyAnswerInANarrowRangeSaysWhereMatchesAre) {
  store_.add(Strings{"a", "b", "a", "c"});
  QueryRequest request = oldest_first("a");
  request.start = 10 * kNsPerSecond;
  EXPECT_EQ(run(request).end.hint,
            "no match in the range; 2 matches between 1970-01-01T00:00:01.000000000Z and "
            "1970-01-01T00:00:03.000000000Z");
  request.q = "c | stats count() as n by app";
  EXPECT_EQ(run(request).end.hint,
            "no match in the range; 1 match at 1970-01-01T00:00:04.000000000Z");
  request.q = "d";
  EXPECT_EQ(run(request).end.hint, "no match in the range, nor at any other time");
  EXPECT_EQ(run("d").end.hint, "") << "the range was not narrowed";
  request.q = "a";
  request.start = 3 * kNsPerSecond;
  EXPECT_EQ(run(request).end.hint, "");
}

TEST_F(FilterTest, DamagedBlockIsNamedAndTheRestAnswered) {
  store_.add(Strings{"one", "two"});
  store_.build();
  store_.add(Strings{"three"});
  store_.build();
  store_.damage(1);
  const Answer answer = run("*");
  EXPECT_EQ(answer.column("_msg"), (Strings{"three"}));
  EXPECT_TRUE(answer.end.partial);
  EXPECT_EQ(answer.end.warnings,
            (Strings{"block 1 of 2026-11-21.default cannot be read, its 2 rows are missing here: "
                     "rows: frame 2: checksum mismatch"}));
}

}  // namespace
}  // namespace duramen::query
