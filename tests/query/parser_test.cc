#include "query/language/parser.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "query/language/ast.h"
#include "tests/query/documented_tables.h"

namespace duramen::query {
namespace {

std::string canonical(std::string_view text) {
  const auto query = parse_query(text);
  return query ? to_text(*query) : query.error().message;
}

struct Sample {
  const char* text;
  const char* canonical;
};

class Canonical : public testing::TestWithParam<Sample> {};

TEST_P(Canonical, TextIsPrintedAsExpectedAndReadBackEqual) {
  const Sample& sample = GetParam();
  EXPECT_EQ(canonical(sample.text), sample.canonical) << sample.text;
  EXPECT_EQ(canonical(sample.canonical), sample.canonical);
}

INSTANTIATE_TEST_SUITE_P(
    Filters, Canonical,
    testing::Values(
        Sample{"", "*"}, Sample{"  *  ", "*"}, Sample{"| head 3", "* | head 3"},
        Sample{"error", "error"}, Sample{"a b c", "a AND b AND c"}, Sample{"a AND b", "a AND b"},
        Sample{"a OR b c", "a OR b AND c"}, Sample{"(a OR b) c", "(a OR b) AND c"},
        Sample{"(a b) c", "a AND b AND c"}, Sample{"-a", "NOT a"}, Sample{"NOT a b", "NOT a AND b"},
        Sample{"NOT (a b)", "NOT (a AND b)"}, Sample{"NOT NOT a", "NOT NOT a"},
        Sample{"--a", "NOT NOT a"}, Sample{"-(a OR b)", "NOT (a OR b)"},
        Sample{"\"AND\"", "\"AND\""}, Sample{"AND*", "\"AND\"*"}, Sample{"\"NOT\":x", "\"NOT\":x"},
        Sample{"NOT:x", "\"NOT\":x"}, Sample{"by as stats", "by AND as AND stats"},
        Sample{"and or not", "and AND or AND not"}, Sample{"\"a b\"", "\"a b\""},
        Sample{"\"a\"", "a"}, Sample{"10.0.0.1", "10.0.0.1"}, Sample{"time*", "time*"},
        Sample{"\"GET /\"*", "\"GET /\"*"}, Sample{"/a|b/", "/a|b/"}, Sample{"/a\\/b/", "/a\\/b/"},
        Sample{"/\\d+\\\\/", "/\\d+\\\\/"}, Sample{"user=bob", "user=bob"},
        Sample{"\"\\x00\\xff\\\"\\\\\\n\"", "\"\\x00\\xff\\\"\\\\\\x0a\""}));

INSTANTIATE_TEST_SUITE_P(
    Fields, Canonical,
    testing::Values(
        Sample{"app:web", "app:web"}, Sample{"_msg:web", "web"}, Sample{"app:web*", "app:web*"},
        Sample{"app:\"web\"", "app:\"web\""}, Sample{"app:\"web\"*", "app:\"web\"*"},
        Sample{"app:*", "app:*"}, Sample{"app:\"\"", "app:\"\""}, Sample{"app:/w/", "app:/w/"},
        Sample{"_msg:/w/", "/w/"}, Sample{"_msg:\"w\"", "_msg:\"w\""},
        Sample{"app:~\"a b\"", "app:~\"a b\""}, Sample{"app:~web", "app:web"},
        Sample{"app:~\"a b\"*", "app:~\"a b\"*"}, Sample{"t:12:30", "t:12:30"},
        Sample{"s:>=500", "s:>=500"}, Sample{"s:>500", "s:>500"}, Sample{"s:<5.5", "s:<5.5"},
        Sample{"s:<=-1", "s:<=-1"}, Sample{"s:=5", "s:=5"}, Sample{"s:=abc", "s:\"abc\""},
        Sample{"s:=\"5\"", "s:\"5\""}, Sample{"s:>=abc", "s:>=\"abc\""},
        Sample{"s:>=\"5\"", "s:>=\"5\""}, Sample{"s:[1,2]", "s:>=1 AND s:<=2"},
        Sample{"s:[ 1 , 2 )", "s:>=1 AND s:<2"}, Sample{"-s:[1,2]", "NOT (s:>=1 AND s:<=2)"},
        Sample{"s:-5", "s:-5"}, Sample{"app:(a OR b*)", "app:a OR app:b*"},
        Sample{"app:(\"a\" NOT /b/)", "app:\"a\" AND NOT app:/b/"},
        Sample{"n:(>=1 <5)", "n:>=1 AND n:<5"}, Sample{"\"a b\":c", "\"a b\":c"},
        Sample{"_time:>=2026-11-21", "_time:>=2026-11-21T00:00:00.000000000Z"},
        Sample{"_time:\"2026-11-21T10:00:00+01:00\"", "_time:=2026-11-21T09:00:00.000000000Z"},
        Sample{"_received:<1700000000", "_received:<2023-11-14T22:13:20.000000000Z"},
        Sample{"_seq:ab:1", "_seq:ab:1"}, Sample{"_seq:=ab:1", "_seq:\"ab:1\""}));

INSTANTIATE_TEST_SUITE_P(
    Pipes, Canonical,
    testing::Values(
        Sample{"a|fields a,b , \"c d\",a", "a | fields a, b, \"c d\""},
        Sample{"a | sort x desc, y asc, z", "a | sort x desc, y, z"},
        Sample{"a | sort by x", "a | sort x"}, Sample{"a | sort by", "a | sort \"by\""},
        Sample{"a | sort by desc", "a | sort \"by\" desc"},
        Sample{"a | sort \"desc\" desc", "a | sort \"desc\" desc"},
        Sample{"a | top 5 by x", "a | top 5 by x"}, Sample{"a | top 5 x, y", "a | top 5 by x, y"},
        Sample{"a | top 5 by", "a | top 5 by by"},
        Sample{"a | where b:>1 OR c", "a | where b:>1 OR c"},
        Sample{"a | stats count()", "a | stats count() as count"},
        Sample{"a | stats count(x), p99(y)",
               "a | stats count(x) as count_x, quantile(0.99, y) as p99_y"},
        Sample{"a | stats count() as n by x, time(90s), \"time\"",
               "a | stats count() as n by x, time(1m30s), time"},
        Sample{"a | stats count_uniq(x, y) by by",
               "a | stats count_uniq(x, y) as count_uniq_x_y by by"},
        Sample{"a | stats quantile(0.5, x) as m", "a | stats quantile(0.5, x) as m"},
        Sample{"a | parse json", "a | parse json"},
        Sample{"a | parse logfmt from x prefix p_", "a | parse logfmt from x prefix p_"},
        Sample{"a | parse regex \"u=(?P<u>\\w+)/\\\"\"", "a | parse regex /u=(?P<u>\\w+)\\/\"/"},
        Sample{"a | parse regex /(?P<u>x)/ | head 1", "a | parse regex /(?P<u>x)/ | head 1"}));

struct Broken {
  const char* text;
  const char* message;  ///< its beginning
};

class Errors : public testing::TestWithParam<Broken> {};

TEST_P(Errors, PointAtThePlace) {
  const auto query = parse_query(GetParam().text);
  ASSERT_FALSE(query) << GetParam().text << " was read as " << to_text(*query);
  EXPECT_EQ(query.error().code, ErrorCode::kInvalidArgument);
  EXPECT_TRUE(query.error().message.starts_with(GetParam().message))
      << GetParam().text << "\n is:       " << query.error().message
      << "\n expected: " << GetParam().message;
}

INSTANTIATE_TEST_SUITE_P(
    Filters, Errors,
    testing::Values(Broken{"error status:>=", "column 16: expected a value after 'status:>='"},
                    Broken{"a bcde status:>=", "column 17: expected a value after 'status:>='"},
                    Broken{"status:", "column 8: expected a value after 'status:'"},
                    Broken{"status: 5", "column 8: expected a value after 'status:'"},
                    Broken{"\u00e4\u00f6 status:", "column 11: expected a value after 'status:'"},
                    Broken{"a AND", "column 6: expected a term after 'AND'"},
                    Broken{"a OR OR b", "column 6: expected a term after 'OR'"},
                    Broken{"OR a", "column 1: expected a term, found 'OR'"},
                    Broken{"NOT", "column 4: expected a term after 'NOT'"},
                    Broken{"a - b", "column 4: expected a term after '-'"},
                    Broken{"()", "column 2: expected a term after '('"},
                    Broken{"(a", "column 1: this '(' is never closed"},
                    Broken{"a (b (c) d", "column 3: this '(' is never closed"},
                    Broken{"a)", "column 2: this ')' has no '('"},
                    Broken{")", "column 1: expected a term, found ')'"},
                    Broken{"\"abc", "column 1: this '\"' is never closed"},
                    Broken{"\"abc\\\"", "column 1: this '\"' is never closed"},
                    Broken{"\"a\\q\"", "column 3: unknown escape"},
                    Broken{"\"a\\x4\"", "column 3: unknown escape"},
                    Broken{"\"\"", "column 1: an empty phrase"},
                    Broken{"\"\":x", "column 1: an empty field name"},
                    Broken{"/abc", "column 1: this '/' is never closed"},
                    Broken{"a /b\\", "column 3: this '/' is never closed"},
                    Broken{"a \"b\\", "column 3: this '\"' is never closed"},
                    Broken{"a | parse regex \"b\\", "column 17: this '\"' is never closed"},
                    Broken{"x //", "column 3: an empty regex"},
                    Broken{"a /(/", "column 3: bad regex: missing ): ("},
                    Broken{"app:/a**/", "column 5: bad regex: bad repetition operator: **"},
                    Broken{"fo*o", "column 4: a '*' may stand only at the end"},
                    Broken{"*foo", "column 2: a '*' may stand only at the end"},
                    Broken{"a:b\"c\"", "column 4: expected a blank or the end, found '\"c\"'"},
                    Broken{"foo(bar)", "column 4: expected a blank or the end, found '(bar)'"},
                    Broken{"a ! b", "column 3: expected a term, found '!'"},
                    Broken{"s:[1 2]", "column 6: expected ',' between"},
                    Broken{"s:[1,2", "column 3: this '[' is never closed"},
                    Broken{"s:[,2]", "column 4: expected a value after 's:['"},
                    Broken{"_time:>=yesterday", "column 9: expected a time"},
                    Broken{"_time:\"soon\"", "column 7: expected a time"},
                    Broken{"_seq:>=ab:1", "column 8: '_seq' is compared as text"}));

INSTANTIATE_TEST_SUITE_P(
    Pipes, Errors,
    testing::Values(
        Broken{"a |", "column 4: expected a pipe after '|'"},
        Broken{"a | hed 5", "column 5: there is no pipe 'hed', only fields, head"},
        Broken{"a | head", "column 9: expected a number from 1 to 1000000000 after 'head'"},
        Broken{"a | head 0", "column 10: expected a number"},
        Broken{"a | head -1", "column 10: expected a number"},
        Broken{"a | head 99999999999999999999", "column 10: expected a number"},
        Broken{"a | head 5 6", "column 12: expected '|' or the end, found '6'"},
        Broken{"a | fields", "column 11: expected a name after 'fields'"},
        Broken{"a | fields a,", "column 14: expected a name after ','"},
        Broken{"a | fields \"\"", "column 12: an empty name"},
        Broken{"a | sort", "column 9: expected a name after 'sort'"},
        Broken{"a | top by x", "column 9: expected a number"},
        Broken{"a | top 5 by count", "column 14: two results are called 'count'"},
        Broken{"a | where", "column 10: expected a term after 'where'"},
        Broken{"a | where b)", "column 12: this ')' has no '('"},
        Broken{"a | stats", "column 10: expected a function"},
        Broken{"a | stats sum()", "column 15: expected a name after 'sum('"},
        Broken{"a | stats sum(x", "column 16: expected ')' after 'sum(x'"},
        Broken{"a | stats sum x", "column 15: expected '(' after 'sum'"},
        Broken{"a | stats sum(x, y)", "column 17: 'sum' takes no more than 1 field"},
        Broken{"a | stats quantile(2, x)", "column 20: expected a number from 0 to 1"},
        Broken{"a | stats quantile(0.5)", "column 23: expected ','"},
        Broken{"a | stats count() by", "column 21: expected a name after 'by'"},
        Broken{"a | stats count() by time(0)", "column 27: expected a duration"},
        Broken{"a | stats count() by time(5 parsecs)", "column 27: expected a duration"},
        Broken{"a | stats count() by x, x", "column 11: two results are called 'x'"},
        Broken{"a | stats count(), count()", "column 11: two results are called 'count'"},
        Broken{"a | parse xml", "column 11: expected json, logfmt or regex"},
        Broken{"a | parse regex x", "column 17: expected \"…\" or /…/"},
        Broken{"a | parse regex /x/", "column 17: the regex has no named group"},
        Broken{"a | parse json from", "column 20: expected a name after 'from'"}));

TEST(Parser, RefusesHostileQueriesWithAPlace) {
  const auto message = [](const std::string& text) {
    const auto query = parse_query(text);
    return query ? "accepted" : query.error().message;
  };
  EXPECT_EQ(message(std::string(1'000'000, '(')), "column 101: nested deeper than 100");
  EXPECT_EQ(message(std::string(1'000'000, '-') + "a"), "column 101: nested deeper than 100");
  std::string terms;
  for (int i = 0; i < 1'000'000; ++i) terms += "a ";
  EXPECT_EQ(message(terms), "column 2001: more than 1000 terms");
  EXPECT_EQ(message("/" + std::string(5000, 'a') + "/"),
            "column 1: a regex of more than 4096 bytes");
  EXPECT_TRUE(message("/((a{100}){100}){100}/").starts_with("column 1: bad regex: "));
  std::string regexes;
  for (int i = 0; i < 33; ++i) regexes += "/a/ ";
  EXPECT_EQ(message(regexes), "column 129: more than 32 regexes");
  std::string pipes = "a";
  for (int i = 0; i < 33; ++i) pipes += "|head 1";
  EXPECT_EQ(message(pipes), "column 226: more than 32 pipes");
  std::string names;
  for (int i = 0; i < 300; ++i) names += "f" + std::to_string(i) + ":x ";
  EXPECT_EQ(message(names), "column 1: the query names more than 256 different fields");
  EXPECT_EQ(message("a \"\xff\""),
            "column 4: the query is not UTF-8; write other bytes as \\xHH in quotes");
}

TEST(Parser, ReadsEveryQueryOfTheDocumentation) {
  const std::vector<std::string> queries = documented_queries();
  EXPECT_GT(queries.size(), 40U);
  for (const std::string& text : queries) {
    const auto query = parse_query(text);
    EXPECT_TRUE(query) << text << ": " << query.error().message;
  }
}

/// Texts of pieces of the language, mostly nonsense.
std::string random_text(std::mt19937& random) {
  static const std::vector<std::string> kPieces{"a",
                                                "error",
                                                "AND",
                                                "OR",
                                                "NOT",
                                                "-",
                                                "(",
                                                ")",
                                                " ",
                                                " ",
                                                " ",
                                                "*",
                                                ":",
                                                "app:",
                                                "\"",
                                                "\"x y\"",
                                                "/",
                                                "/a+/",
                                                "|",
                                                " | head 5",
                                                " | stats count() by ",
                                                " | sort ",
                                                " | parse json ",
                                                "time(5m)",
                                                ">=",
                                                "5",
                                                "<",
                                                "=",
                                                "[1,2]",
                                                "[",
                                                ",",
                                                "~",
                                                "_time:>=",
                                                "2026-11-21",
                                                "\\",
                                                "\u00e4",
                                                "#",
                                                "1e3",
                                                "by",
                                                "as n",
                                                " | where ",
                                                " | fields a, b",
                                                " | top 3 ",
                                                "desc",
                                                "\n",
                                                "\t",
                                                "'",
                                                "{",
                                                " | stats p99(x) as p, sum(y)",
                                                "\"\\xff\"",
                                                "prefix",
                                                "from",
                                                " | parse regex /(?P<n>.)/"};
  std::string out;
  for (auto n = random() % 14; n-- > 0;) out += kPieces[random() % kPieces.size()];
  if (random() % 8 == 0 && !out.empty()) out[random() % out.size()] = static_cast<char>(random());
  return out;
}

TEST(Parser, WhateverItAcceptsItPrintsAndReadsBackEqual) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  int accepted = 0;
  for (int i = 0; i < 200'000; ++i) {
    const std::string text = random_text(random);
    // A copy without an end mark, so that a sanitizer sees a look behind the text.
    const std::vector<char> bytes(text.begin(), text.end());
    const auto query = parse_query({bytes.data(), bytes.size()});
    if (!query) {
      ASSERT_TRUE(query.error().message.starts_with("column ")) << query.error().message;
      continue;
    }
    ++accepted;
    const std::string printed = to_text(*query);
    const auto again = parse_query(printed);
    ASSERT_TRUE(again) << text << "\n -> " << printed << "\n -> " << again.error().message;
    ASSERT_EQ(*again, *query) << text << "\n -> " << printed << "\n -> " << to_text(*again);
    ASSERT_EQ(to_text(*again), printed);
  }
  EXPECT_GT(accepted, 1000);
}

}  // namespace
}  // namespace duramen::query
