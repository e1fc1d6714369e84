#include "api/router.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "tests/api/handler_client.h"

namespace duramen::api {
namespace {

Handler says(std::string text) {
  return [text](const Request& request, const Responder& respond) {
    std::string body = text;
    for (const auto& [name, value] : request.parameters) body += " " + name + "=" + value;
    respond(text_response(200, body));
  };
}

Router example() {
  Router router;
  router.add({"GET", "/api/v1/queries", "", says("list"), ""});
  router.add({"GET", "/api/v1/queries/{id}", "", says("one"), ""});
  router.add({"DELETE", "/api/v1/queries/{id}", "", says("stop"), ""});
  router.add({"POST", "/api/v1/query", "", says("query"), ""});
  return router;
}

Request request_for(std::string method, std::string path) {
  Request request;
  request.method = std::move(method);
  request.path = std::move(path);
  return request;
}

TEST(Router, SegmentsBecomeParameters) {
  const auto router = example();
  EXPECT_EQ(call(router, request_for("GET", "/api/v1/queries")).text, "list");
  EXPECT_EQ(call(router, request_for("GET", "/api/v1/queries/7")).text, "one id=7");
  EXPECT_EQ(call(router, request_for("DELETE", "/api/v1/queries/a%2Fb%20c")).text, "stop id=a/b c");
}

TEST(Router, PathParameterComesBeforeOneOfTheSameNameInTheUrl) {
  const auto router = example();
  auto request = request_for("GET", "/api/v1/queries/7");
  request.parameters = {{"id", "8"}};
  EXPECT_EQ(call(router, request).text, "one id=7 id=8");
}

TEST(Router, HeadIsAnsweredByGet) {
  EXPECT_EQ(call(example(), request_for("HEAD", "/api/v1/queries")).status, 200);
}

TEST(Router, AnotherMethodIs405WithAllow) {
  const auto answer = call(example(), request_for("POST", "/api/v1/queries/7"));
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.header("Allow"), "GET, HEAD, DELETE, OPTIONS");
}

TEST(Router, OptionsNamesTheMethods) {
  const auto answer = call(example(), request_for("OPTIONS", "/api/v1/query"));
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.header("Allow"), "POST, OPTIONS");
  EXPECT_EQ(call(example(), request_for("OPTIONS", "*")).status, 204);
}

TEST(Router, UnknownPathNamesNearRoutes) {
  for (const auto* path : {"/api/v1/qery", "/api/v1/query/", "/api/query"}) {
    const auto answer = call(example(), request_for("GET", path));
    EXPECT_EQ(answer.status, 404);
    const auto json = nlohmann::json::parse(answer.text);
    EXPECT_EQ(json["near"][0], "/api/v1/query") << path;
    EXPECT_NE(json["detail"].get<std::string>().find("/api/v1/query"), std::string::npos);
  }
  EXPECT_EQ(call(example(), request_for("GET", "/api/v1/queries/")).status, 404);
  EXPECT_EQ(call(example(), request_for("GET", "/api/v1/queries/%zz")).status, 404);
  EXPECT_EQ(call(example(), request_for("GET", "")).status, 404);
}

TEST(Router, ThrowingHandlerIs500AndAnswersOnce) {
  Router router;
  router.add({"GET", "/before", "",
              [](const Request&, const Responder&) { throw std::runtime_error("bug"); }, ""});
  router.add({"GET", "/after", "",
              [](const Request&, const Responder& respond) {
                respond(text_response(200, "fine"));
                throw std::runtime_error("bug");
              },
              ""});
  EXPECT_EQ(call(router, request_for("GET", "/before")).status, 500);
  const auto answer = call(router, request_for("GET", "/after"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.answers, 1);
}

TEST(Router, ElsewhereReplacesNotFoundOnly) {
  auto router = example();
  router.set_elsewhere([] { return problem_response(make_problem(503, "closed", "come later")); });
  EXPECT_EQ(call(router, request_for("GET", "/nowhere")).status, 503);
  EXPECT_EQ(call(router, request_for("GET", "/api/v1/queries")).status, 200);
  EXPECT_EQ(call(router, request_for("POST", "/api/v1/queries")).status, 405);
}

}  // namespace
}  // namespace duramen::api
