#include "api/http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "api/server/response_head.h"

namespace duramen::api {
namespace {

using testing::Pair;
using testing::UnorderedElementsAre;

TEST(Http, FormIsDecodedInOrder) {
  const auto form = parse_form("a=1&b=x+y%2B&&c&a=%E2%82%AC=");
  ASSERT_TRUE(form);
  EXPECT_THAT(*form, testing::ElementsAre(Pair("a", "1"), Pair("b", "x y+"), Pair("c", ""),
                                          Pair("a", "\xE2\x82\xAC=")));
  EXPECT_TRUE(parse_form("")->empty());
}

TEST(Http, BadPercentEncodingIsRefused) {
  for (const auto* text : {"a=%", "a=%4", "a=%4g", "%zz=1"}) EXPECT_FALSE(parse_form(text)) << text;
  EXPECT_EQ(percent_decoded("%00%ff"), std::string("\0\xff", 2));
}

TEST(Http, FormWithTooManyParametersIsRefused) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "a=1&";
  EXPECT_TRUE(parse_form(text));
  EXPECT_FALSE(parse_form(text + "b=2"));
}

TEST(Http, ProblemIsJsonWithAllMembers) {
  Problem problem = make_problem(429, "quota", "tenant \"7\"\n\xff over");
  problem.retry_after_seconds = 3;
  problem.members = {{"errors", "[1,2]"}};
  const auto response = problem_response(problem);
  EXPECT_EQ(response.status, 429);
  EXPECT_THAT(response.headers,
              UnorderedElementsAre(Pair("Content-Type", "application/problem+json"),
                                   Pair("Retry-After", "3")));
  const auto json = nlohmann::json::parse(std::get<std::string>(response.body));
  EXPECT_EQ(json["type"], "/problems/quota");
  EXPECT_EQ(json["title"], "Too Many Requests");
  EXPECT_EQ(json["status"], 429);
  EXPECT_EQ(json["detail"], "tenant \"7\"\n\xEF\xBF\xBD over");
  EXPECT_EQ(json["retry_after_s"], 3);
  EXPECT_EQ(json["errors"], nlohmann::json({1, 2}));
}

TEST(Http, TemporaryFaultsAreNever500Or507AndSayWhenToRetry) {
  for (const auto code : {ErrorCode::kResourceExhausted, ErrorCode::kUnavailable}) {
    const auto problem = to_problem(Error{code, "x"});
    EXPECT_TRUE(problem.status == 429 || problem.status == 503);
    EXPECT_TRUE(problem.retry_after_seconds);
  }
}

TEST(Http, EveryErrorCodeHasAStatusWithAName) {
  for (int code = 1; code <= 11; ++code) {
    const auto problem = to_problem(Error{static_cast<ErrorCode>(code), "why"});
    EXPECT_GE(problem.status, 400);
    EXPECT_NE(problem.title, "Unknown") << problem.status;
    EXPECT_FALSE(problem.type.empty());
    EXPECT_EQ(problem.detail, "why");
  }
}

TEST(Http, DateIsTheOneOfTheStandard) {
  EXPECT_EQ(http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(Http, HeadSaysHowTheBodyEnds) {
  const Response response{200, {{"X", "y"}}, std::string()};
  HeadOptions options;
  options.content_length = 7;
  EXPECT_EQ(response_head(response, options, 0),
            "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nX: y\r\nContent-Length: "
            "7\r\n\r\n");
  options = HeadOptions();
  options.chunked = true;
  options.keep_alive = false;
  EXPECT_EQ(response_head(response, options, 0),
            "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nX: y\r\nTransfer-Encoding: "
            "chunked\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(chunk_size_line(0x5e1), "5e1\r\n");
}

}  // namespace
}  // namespace duramen::api
