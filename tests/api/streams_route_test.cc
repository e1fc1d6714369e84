#include "tests/api/routes_fixture.h"

namespace duramen::api {
namespace {

class StreamsRoute : public RoutesTest {
 protected:
  /// `rows` records of an app, each with a message of `bytes`.
  void send(const std::string& app, int rows, std::size_t bytes) {
    std::string body;
    for (int i = 0; i < rows; ++i) {
      body += R"({"app":")" + app + R"(","log":")" + std::string(bytes, 'x') + "\"}\n";
    }
    ASSERT_EQ(ask("POST", "/api/v1/ingest", body).status, 200);
  }
  static std::vector<std::string> apps(const nlohmann::json& body) {
    std::vector<std::string> out;
    for (const auto& stream : body["streams"]) out.push_back(stream["labels"].value("app", ""));
    return out;
  }
};

using Apps = std::vector<std::string>;

TEST_F(StreamsRoute, TheBusiestComeFirst) {
  send("web", 3, 10);
  send("db", 1, 500);
  send("mail", 2, 10);
  const auto answer = ask("GET", "/api/v1/streams");
  EXPECT_EQ(answer.header("Cache-Control"), "no-store");
  const auto body = json(answer);
  EXPECT_EQ(apps(body), (Apps{"web", "mail", "db"}));
  EXPECT_EQ(apps(json(ask("GET", "/api/v1/streams?order=bytes"))), (Apps{"db", "web", "mail"}));
  EXPECT_EQ(body["followed"], 3);
  EXPECT_EQ(body["monotonic_ns"], clock_.monotonic());
  const auto& web = body["streams"][0];
  EXPECT_EQ(web["records"], 3);
  EXPECT_EQ(web["bytes"], 30);
  EXPECT_EQ(web["records_per_second"], 0.3);
  EXPECT_EQ(web["bytes_per_second"], 3.0);
  EXPECT_EQ(web["since_ns"], clock_.monotonic());
  EXPECT_EQ(web["id"].get<std::string>().size(), 32U);
  EXPECT_EQ(body["total"]["records"], 6);
  EXPECT_EQ(body["others"]["records"], 0);
}

TEST_F(StreamsRoute, WhatIsNotListedIsSummedUp) {
  send("web", 3, 10);
  send("db", 1, 500);
  const auto body = json(ask("GET", "/api/v1/streams?limit=1"));
  EXPECT_EQ(apps(body), (Apps{"web"}));
  EXPECT_EQ(body["followed"], 2);
  EXPECT_EQ(body["others"]["records"], 1);
  EXPECT_EQ(body["others"]["bytes"], 500);
  EXPECT_EQ(body["others"]["records_per_second"], 0.1);
  EXPECT_EQ(apps(json(ask("GET", "/api/v1/streams?limit=0"))), Apps{});
}

TEST_F(StreamsRoute, WhatIsRefusedIsNoTraffic) {
  store_.append_error = Error{ErrorCode::kUnavailable, "disk full"};
  EXPECT_EQ(ask("POST", "/api/v1/ingest", "{\"log\":\"a\"}\n").status, 503);
  EXPECT_EQ(json(ask("GET", "/api/v1/streams"))["total"]["records"], 0);
}

TEST_F(StreamsRoute, BadParametersAreNamed) {
  for (const auto* target : {"/api/v1/streams?limit=1001", "/api/v1/streams?limit=x",
                             "/api/v1/streams?order=lag", "/api/v1/streams?limt=1"}) {
    EXPECT_EQ(ask("GET", target).status, 400) << target;
  }
  EXPECT_EQ(json(ask("GET", "/api/v1/streams?limit=1001"))["detail"],
            "'limit' is 1001, and at most 1000 streams are listed");
}

TEST_F(StreamsRoute, LabelsThatAreNoTextAreStillJson) {
  auto batch = std::make_shared<model::RecordBatch>();
  batch->add_row(
      batch->intern_stream(model::Labels(std::vector<model::Labels::Pair>{{"a\x1b", "\xff\"\n"}})),
      0, "m");
  rates_.add(ingest::BatchTally(batch, 256));
  const auto body = json(ask("GET", "/api/v1/streams"));
  EXPECT_EQ(body["streams"][0]["labels"]["a\x1b"], "\xef\xbf\xbd\"\n");
}

}  // namespace
}  // namespace duramen::api
