// Tails over sockets: lines, server-sent events, WebSockets; a real store behind them.

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "api/routes.h"
#include "api/server.h"
#include "tests/api/fake_services.h"
#include "tests/api/raw_client.h"
#include "tests/store/store_fixture.h"

namespace duramen::api {
namespace {

using store::eventually;

class TailRouteTest : public testing::Test {
 protected:
  void SetUp() override {
    store_.reopen();
    readiness_.set("");
    options_.listen = {"127.0.0.1:0"};
  }
  void TearDown() override {
    if (server_) server_->stop(0);
  }
  void start() {
    query::TailOptions options;
    options.limits = limits_;
    options.next_id = [this] { return engine_.new_id(); };
    tails_ = query::make_tails(*store_.store, nullptr, std::move(options), store_.clock,
                               *store_.metrics);
    ingest_ = std::make_unique<ingest::Ingest>(*store_.store, store_.clock, *store_.metrics,
                                               ingest::IngestLimits(), std::nullopt);
    router_ = make_router({*store_.store,
                           engine_,
                           *ingest_,
                           store_.clock,
                           *store_.metrics,
                           readiness_,
                           "0.1.0-test",
                           {},
                           nullptr,
                           tails_.get()});
    auto started = HttpServer::start(options_, router_, *store_.metrics);
    ASSERT_TRUE(started) << started.error().message;
    server_ = *std::move(started);
  }
  void append(const std::vector<std::string>& lines, const std::string& app = "web") {
    const auto ack =
        store::append_and_wait(*store_.store, store::batch_of(lines, store::kNoon, app));
    ASSERT_TRUE(ack) << ack.error().message;
  }
  static std::string get(const std::string& target, const std::string& headers = "") {
    return "GET " + target + " HTTP/1.1\r\nHost: here\r\n" + headers + "\r\n";
  }
  static std::string upgrade(const std::string& target, const std::string& headers = "") {
    return get(target,
               "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Key: "
               "dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
                   headers);
  }
  RawClient open(const std::string& request, int receive_buffer = 0) {
    RawClient client(server_->addresses().at(0), receive_buffer);
    client.send(request);
    return client;
  }
  RawResponse ask(const std::string& request) { return open(request).read_response(); }
  /// What comes until it has `text`; what lies behind that may be in it, too.
  static std::string read_until(RawClient& client, const std::string& text) {
    std::string out;
    while (out.find(text) == std::string::npos) {
      const std::string more = client.read_some();
      if (more.empty()) return out + "<the end>";
      out += more;
    }
    return out;
  }
  bool all_live(std::size_t tails) {
    return eventually([&] {
      std::size_t live = 0;
      for (const auto& tail : tails_->list()) live += tail.behind ? 0 : 1;
      return live == tails;
    });
  }
  std::string node() {
    return query::to_text({store_.store->status().node, model::Seq(0)}).substr(0, 17);
  }
  static bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  store::TemporaryStore store_;
  FakeEngine engine_;
  Readiness readiness_;
  ServerOptions options_;
  query::TailLimits limits_;
  std::unique_ptr<query::Tails> tails_;
  std::unique_ptr<ingest::Ingest> ingest_;
  Router router_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(TailRouteTest, TheHeadComesAtOnceAndRowsWhenTheyAreStored) {
  start();
  RawClient client = open(get("/api/v1/tail?q=app:web"));
  const std::string head = read_until(client, "\r\n\r\n");
  EXPECT_TRUE(has(head, "HTTP/1.1 200 OK")) << head;
  EXPECT_TRUE(has(head, "Content-Type: application/x-ndjson")) << head;
  EXPECT_TRUE(has(head, "Duramen-After: " + node() + "0")) << head;
  append({"other"}, "mail");
  append({"one"});
  const std::string rows = read_until(client, "\n\r\n");
  EXPECT_TRUE(has(rows, "\"_msg\":\"one\",\"app\":\"web\"}\n")) << rows;
  EXPECT_FALSE(has(rows, "other")) << rows;
}

TEST_F(TailRouteTest, RecentRowsComeFirst) {
  start();
  append({"one", "two", "three"});
  RawClient client = open(get("/api/v1/tail?recent=2"));
  const std::string first = read_until(client, "three");
  EXPECT_TRUE(has(first, "two")) << first;
  EXPECT_FALSE(has(first, "\"one\"")) << first;
  EXPECT_FALSE(has(first, "Duramen-After")) << first;
  append({"four"});
  EXPECT_TRUE(has(read_until(client, "\n\r\n"), "four"));
}

TEST_F(TailRouteTest, EventsHaveIdsByWhichABrowserGoesOn) {
  start();
  append({"one"});
  RawClient client = open(get("/api/v1/tail", "Accept: text/event-stream\r\n"));
  const std::string head = read_until(client, "id: ");
  EXPECT_TRUE(has(head, "Content-Type: text/event-stream")) << head;
  EXPECT_TRUE(has(head, "retry: 1000\nid: " + node() + "1\n\n")) << head;
  append({"two", "three"});
  const std::string rows = read_until(client, "three");
  EXPECT_TRUE(has(rows, "id: " + node() + "2\ndata: {\"_time\"")) << rows;

  RawClient again = open(get("/api/v1/tail?recent=50",
                             "Accept: text/event-stream\r\nLast-Event-ID: " + node() + "2\r\n"));
  const std::string more = read_until(again, "three");
  EXPECT_TRUE(has(more, "id: " + node() + "2\n\n")) << more;
  EXPECT_FALSE(has(more, "\"two\"")) << more;
}

TEST_F(TailRouteTest, AfterARowComesEverythingBehindIt) {
  start();
  append({"one", "two"});
  append({"three"});
  RawClient client = open(get("/api/v1/tail?after=" + node() + "1"));
  const std::string rows = read_until(client, "three");
  EXPECT_TRUE(has(rows, "two")) << rows;
  EXPECT_FALSE(has(rows, "\"one\"")) << rows;
}

TEST_F(TailRouteTest, TextIsForEyes) {
  start();
  append({"one"});
  RawClient client = open(get("/api/v1/tail?recent=1", "Accept: text/plain\r\n"));
  EXPECT_TRUE(has(read_until(client, "one\n"), "Z one\n"));
}

TEST_F(TailRouteTest, AWebSocketGetsWholeLinesInMessages) {
  start();
  append({"one"});
  RawClient client = open(upgrade("/api/v1/tail?recent=1", "Origin: http://here\r\n"));
  const std::string head = read_until(client, "\r\n\r\n");
  EXPECT_TRUE(has(head, "HTTP/1.1 101")) << head;
  EXPECT_TRUE(has(head, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")) << head;
  append({"two"});
  const std::string rows = read_until(client, "\"two\",\"app\":\"web\"}\n");
  EXPECT_TRUE(has(rows, "\x81")) << "a text message";
  tails_->end_all("the daemon is stopping");
  const std::string end = read_until(client, std::string("\x88\x02\x03\xe9", 4));
  EXPECT_TRUE(has(end, "{\"_end\":{\"reason\":\"the daemon is stopping\"}}\n")) << end;
}

TEST_F(TailRouteTest, AWebSocketOfAnotherOriginOrVersionIsRefused) {
  start();
  const RawResponse foreign = ask(upgrade("/api/v1/tail", "Origin: http://evil.example\r\n"));
  EXPECT_EQ(foreign.status, 403);
  EXPECT_TRUE(has(foreign.body, "/problems/cross-origin")) << foreign.body;
  const RawResponse old =
      ask(get("/api/v1/tail",
              "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\n"
              "Sec-WebSocket-Version: 8\r\n"));
  EXPECT_EQ(old.status, 426);
  EXPECT_EQ(old.headers.at("sec-websocket-version"), "13");
  const RawResponse bad = ask(upgrade("/api/v1/tail?q=status:%3E%3D"));
  EXPECT_EQ(bad.status, 400);
  EXPECT_TRUE(has(bad.body, "column 10")) << bad.body;
  EXPECT_TRUE(tails_->list().empty());
}

TEST_F(TailRouteTest, WhatCannotBeFollowedIsAProblem) {
  limits_.concurrent = 1;
  start();
  const auto problem = [&](const std::string& target, int status, const std::string& type) {
    const RawResponse answer = ask(get(target));
    EXPECT_EQ(answer.status, status) << target << ": " << answer.body;
    EXPECT_TRUE(has(answer.body, "/problems/" + type)) << target << ": " << answer.body;
    EXPECT_EQ(answer.headers.at("content-type"), "application/problem+json");
  };
  problem("/api/v1/tail?q=*%20%7C%20stats%20count()", 400, "bad-query");
  problem("/api/v1/tail?q=status:%3E%3D", 400, "bad-query");
  problem("/api/v1/tail?recent=some", 400, "bad-parameter");
  problem("/api/v1/tail?limit=3", 400, "bad-parameter");
  problem("/api/v1/tail?q=a&q=b", 400, "bad-parameter");
  problem("/api/v1/tail?after=7", 400, "bad-parameter");
  problem("/api/v1/tail?after=00000000000000ff:7", 404, "no-such-record");
  problem("/api/v1/tail?recent=1&after=" + node() + "0", 400, "bad-query");
  problem("/api/v1/recent?n=x", 400, "bad-parameter");
  RawClient one = open(get("/api/v1/tail"));
  read_until(one, "\r\n\r\n");
  problem("/api/v1/tail", 429, "resource-exhausted");
}

TEST_F(TailRouteTest, RecentIsAWholeAnswerOldestFirst) {
  start();
  append({"one", "two", "three"});
  const RawResponse answer = ask(get("/api/v1/recent?n=2&q=app:web"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.complete);
  const auto two = answer.body.find("two");
  const auto three = answer.body.find("three");
  EXPECT_TRUE(two != std::string::npos && two < three) << answer.body;
  EXPECT_FALSE(has(answer.body, "\"one\"")) << answer.body;
  const RawResponse none = ask(get("/api/v1/recent?q=absent"));
  EXPECT_EQ(none.status, 200);
  EXPECT_EQ(none.body, "");
  EXPECT_TRUE(none.complete);
}

TEST_F(TailRouteTest, AClientThatLeavesEndsItsTail) {
  start();
  RawClient client = open(get("/api/v1/tail"));
  RawClient socket = open(upgrade("/api/v1/tail"));
  read_until(client, "\r\n\r\n");
  read_until(socket, "\r\n\r\n");
  EXPECT_TRUE(all_live(2));
  client.close();
  socket.close();
  EXPECT_TRUE(eventually([&] { return tails_->list().empty(); }));
}

TEST_F(TailRouteTest, ATailWithoutRowsGivesSignsOfLife) {
  options_.heartbeat_seconds = 1;
  start();
  RawClient lines = open(get("/api/v1/tail"));
  RawClient events = open(get("/api/v1/tail", "Accept: text/event-stream\r\n"));
  RawClient socket = open(upgrade("/api/v1/tail"));
  EXPECT_TRUE(has(read_until(lines, "1\r\n\n\r\n"), "200 OK"));
  EXPECT_TRUE(has(read_until(events, "3\r\n:\n\n\r\n"), "200 OK"));
  EXPECT_TRUE(has(read_until(socket, "\x89"), "101")) << "a ping";
}

TEST_F(TailRouteTest, WhenTheServerStopsTailsEndWhole) {
  start();
  RawClient lines = open(get("/api/v1/tail"));
  read_until(lines, "\r\n\r\n");
  ASSERT_TRUE(all_live(1));
  append({"last"});
  ASSERT_TRUE(eventually([&] { return tails_->list().at(0).rows == 1; }));
  tails_->end_all("the daemon is stopping");
  server_->stop(10 * kNsPerSecond);
  const std::string rest = read_until(lines, "\r\n0\r\n\r\n");
  EXPECT_TRUE(has(rest, "\"last\"")) << rest;
  EXPECT_TRUE(has(rest, "{\"_end\":{\"reason\":\"the daemon is stopping\"}}")) << rest;
}

TEST_F(TailRouteTest, TailsAreListedAndStoppedAmongQueries) {
  start();
  RawClient client = open(get("/api/v1/tail?q=error"));
  read_until(client, "\r\n\r\n");
  const auto list = nlohmann::json::parse(ask(get("/api/v1/queries")).body);
  ASSERT_EQ(list["queries"].size(), 1U) << list;
  EXPECT_EQ(list["queries"][0]["q"], "error");
  EXPECT_TRUE(list["queries"][0].contains("tail"));
  const std::string path = "/api/v1/queries/" + list["queries"][0]["id"].dump();
  EXPECT_EQ(nlohmann::json::parse(ask(get(path)).body)["q"], "error");
  EXPECT_EQ(ask("DELETE " + path + " HTTP/1.1\r\nHost: x\r\n\r\n").status, 204);
  EXPECT_TRUE(has(read_until(client, "0\r\n\r\n"), "\"reason\":\"stopped\""));
}

TEST_F(TailRouteTest, ManyTailsNeedNoThreadEach) {
  options_.stream_threads = 1;
  options_.worker_threads = 1;
  options_.io_threads = 1;
  start();
  std::vector<RawClient> clients;
  for (int i = 0; i < 500; ++i) clients.push_back(open(get("/api/v1/tail?q=app:web")));
  ASSERT_TRUE(all_live(500));
  append({"for all"});
  for (RawClient& client : clients) ASSERT_TRUE(has(read_until(client, "for all"), "200 OK"));
}

TEST_F(TailRouteTest, HttpOneZeroIsRefusedBecauseItHasNoChunks) {
  start();
  EXPECT_EQ(ask("GET /api/v1/tail HTTP/1.0\r\n\r\n").status, 505);
}

/// Reads rows until `last`; counts them and what gaps say.
struct Counted {
  std::uint64_t rows = 0;
  std::uint64_t missed = 0;
};

Counted count_until(RawClient& client, const std::string& last) {
  Counted out;
  std::string text;
  bool done = false;
  while (!done) {
    const std::string more = client.read_some();
    if (more.empty()) break;
    text += more;
    std::size_t end = 0;
    while (!done && (end = text.find('\n')) != std::string::npos) {
      const std::string line = text.substr(0, end);
      text.erase(0, end + 1);
      if (!line.starts_with("data: ")) continue;
      const auto row = nlohmann::json::parse(line.substr(6), nullptr, false);
      if (!row.is_object()) continue;
      if (row.contains("_gap")) {
        out.missed += row["_gap"]["rows"].get<std::uint64_t>();
      } else {
        ++out.rows;
        done = row["_msg"] == last;
      }
    }
  }
  return out;
}

TEST_F(TailRouteTest, ASlowClientIsToldHowManyRowsItMissedAndOthersGetThemAll) {
  limits_.queue_bytes = 64 * 1024;
  limits_.behind_rows = 100;
  start();
  // Events: a chunk's size may stand within a line.
  const std::string request = get("/api/v1/tail", "Accept: text/event-stream\r\n");
  RawClient slow = open(request, 4096);
  RawClient quick = open(request);
  ASSERT_TRUE(all_live(2));
  std::uint64_t appended = 0;
  Counted of_quick;
  // Until the slow one's socket, and then its queue, are full.
  const auto behind = [&] {
    const auto list = tails_->list();
    return std::any_of(list.begin(), list.end(), [](const auto& tail) { return tail.behind; }) &&
           appended > 4'000;
  };
  while (!behind()) {
    std::vector<std::string> lines(99, std::string(2000, 'x'));
    const std::string last = "number " + std::to_string(appended);
    lines.push_back(last);
    append(lines);
    appended += lines.size();
    const Counted some = count_until(quick, last);
    of_quick.rows += some.rows;
    of_quick.missed += some.missed;
  }
  EXPECT_EQ(of_quick.rows + of_quick.missed, appended);
  append({"the last"});
  const Counted of_slow = count_until(slow, "the last");
  EXPECT_GT(of_slow.missed, 0U);
  EXPECT_EQ(of_slow.rows + of_slow.missed, appended + 1);
}

}  // namespace
}  // namespace duramen::api
