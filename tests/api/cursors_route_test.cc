#include <gmock/gmock.h>

#include "tests/api/routes_fixture.h"

namespace duramen::api {
namespace {

using ::testing::HasSubstr;

class CursorRoutes : public RoutesTest {
 protected:
  CursorRoutes() {
    store_.status_now.durable = model::Seq(10);
    store_.incarnations_now = {{model::Seq(1), model::NodeId(0x1f)}};
  }
  static constexpr const char* kRow7 = "000000000000001f:7";
};

TEST_F(CursorRoutes, PutMakesMovesAndSaysWhenItGoesBack) {
  auto body = json(ask("PUT", "/api/v1/cursors/to-s3?seq=now"));
  EXPECT_EQ(body["name"], "to-s3");
  EXPECT_EQ(body["seq"], "000000000000001f:10");
  EXPECT_EQ(body["lag_rows"], 0);
  EXPECT_EQ(body["created"], true);
  EXPECT_EQ(body["hold"], true);
  body = json(ask("PUT", std::string("/api/v1/cursors/to-s3?hold=false&seq=") + kRow7));
  EXPECT_EQ(body["lag_rows"], 3);
  EXPECT_EQ(body["moved_back"], true);
  EXPECT_EQ(body["created"], false);
  EXPECT_EQ(body["hold"], false);
  body = json(ask("PUT", "/api/v1/cursors/to-s3", "{\"seq\":\"now\"}",
                  {{"content-type", "application/json"}}));
  EXPECT_EQ(body["moved_back"], false);
  EXPECT_EQ(body["hold"], false) << "stays as it was";
}

TEST_F(CursorRoutes, ListsShowsAndRemoves) {
  EXPECT_EQ(ask("GET", "/api/v1/cursors").text, "{\"cursors\":[]}\n");
  EXPECT_EQ(ask("GET", "/api/v1/cursors/a").status, 404);
  EXPECT_EQ(ask("DELETE", "/api/v1/cursors/a").status, 404);
  store::Cursor cursor;
  cursor.name = "a";
  cursor.position = model::Seq(7);
  add_gap(cursor, {model::Seq(8), model::Seq(9), 2, "2026-11-20.audit", 0});
  store_.status_now.cursors = {cursor};
  const auto one = json(ask("GET", "/api/v1/cursors/a"));
  EXPECT_EQ(one["seq"], kRow7);
  EXPECT_EQ(one["lost_rows"], 2);
  EXPECT_EQ(one["gaps"][0]["segment"], "2026-11-20.audit");
  EXPECT_EQ(one["gaps"][0]["last"], "000000000000001f:9");
  EXPECT_EQ(json(ask("GET", "/api/v1/cursors"))["cursors"][0], one);
  const auto status = json(ask("GET", "/api/v1/status"));
  EXPECT_EQ(status["cursors"][0]["lag_rows"], 3);
  EXPECT_EQ(status["cursors"][0]["lost_rows"], 2);
  EXPECT_EQ(ask("DELETE", "/api/v1/cursors/a").status, 200);
  EXPECT_EQ(ask("GET", "/api/v1/cursors/a").status, 404);
}

TEST_F(CursorRoutes, MistakesAreNamed) {
  EXPECT_THAT(ask("PUT", "/api/v1/cursors/a").text, HasSubstr("seq is missing"));
  EXPECT_EQ(ask("PUT", "/api/v1/cursors/a?seq=7").status, 400);
  EXPECT_EQ(ask("PUT", "/api/v1/cursors/a?seq=000000000000001f:11").status, 404);
  EXPECT_EQ(ask("PUT", "/api/v1/cursors/a?seq=0000000000000001:1").status, 404);
  EXPECT_EQ(ask("PUT", "/api/v1/cursors/a?seq=now&hold=maybe").status, 400);
  EXPECT_EQ(ask("PUT", "/api/v1/cursors/-a?seq=now").status, 400);
  EXPECT_THAT(ask("PUT", "/api/v1/cursors/a?sek=now").text, HasSubstr("sek"));
  EXPECT_EQ(ask("GET", "/api/v1/cursors?x=1").status, 400);
  EXPECT_EQ(ask("DELETE", "/api/v1/cursors/a?x=1").status, 400);
}

TEST_F(CursorRoutes, StatusShowsClassesAndWhatIsHeld) {
  store::ClassStatus audit;
  audit.name = "audit";
  audit.condition = "app=auth";
  audit.age = 365 * kNsPerDay;
  audit.rows = 5;
  audit.next = "2026-11-20.audit";
  audit.next_due = clock_.now();
  store::ClassStatus rest;
  rest.name = "default";
  store_.status_now.classes = {audit, rest};
  store_.status_now.held = {{"2026-11-20.audit", "a", clock_.now()}};
  const auto retention = json(ask("GET", "/api/v1/status"))["retention"];
  EXPECT_EQ(retention["hold_for_sinks"], false);
  EXPECT_EQ(retention["classes"][0]["when"], "app=auth");
  EXPECT_EQ(retention["classes"][0]["age"], "365d");
  EXPECT_EQ(retention["classes"][0]["rows"], 5);
  EXPECT_EQ(retention["classes"][0]["next_due"], "2026-11-21T12:00:00.000000000Z");
  EXPECT_FALSE(retention["classes"][1].contains("when"));
  EXPECT_EQ(retention["classes"][1]["age"], nullptr);
  EXPECT_EQ(retention["held"][0]["cursor"], "a");
}

}  // namespace
}  // namespace duramen::api
