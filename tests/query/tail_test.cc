// Tails over a real store.

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "query/tail/origins.h"
#include "query/tail/tail_hub.h"
#include "query/tail/tails.h"
#include "tests/query/fake_store.h"
#include "tests/query/tail_client.h"
#include "tests/store/store_fixture.h"

namespace duramen::query {
namespace {

using Strings = std::vector<std::string>;

class TailTest : public testing::Test {
 protected:
  void SetUp() override { restart(); }
  void restart() {
    tails_.reset();
    store_.reopen();
    open();
  }
  void open() {
    tails_.reset();
    TailOptions options;
    options.limits = limits_;
    options.next_id = [this] { return ++ids_; };
    options.threads = threads_;
    tails_ = make_tails(*store_.store, nullptr, std::move(options), store_.clock, *store_.metrics);
  }
  void append(const Strings& lines, const std::string& app = "web") {
    const auto ack =
        store::append_and_wait(*store_.store, store::batch_of(lines, store::kNoon, app));
    ASSERT_TRUE(ack) << ack.error().message;
  }
  /// `line 7`, … one batch.
  void append_lines(std::size_t count, const std::string& app = "web") {
    Strings lines;
    for (; count > 0; --count) lines.push_back("line " + std::to_string(++appended_));
    append(lines, app);
  }
  Result<std::shared_ptr<Tail>> try_start(const TailRequest& request) {
    return tails_->start(request);
  }
  TailClient start(const TailRequest& request) {
    auto tail = tails_->start(request);
    EXPECT_TRUE(tail) << tail.error().message;
    return TailClient(*std::move(tail));
  }
  TailClient start(const std::string& q, std::uint64_t recent = 0) {
    TailRequest request;
    request.q = q;
    request.recent = recent;
    return start(request);
  }
  TailClient resume(const std::string& q, RecordName after) {
    TailRequest request;
    request.q = q;
    request.after = after;
    return start(request);
  }
  /// What comes now.
  Strings next(TailClient& client) {
    tails_->step();
    client.lines.clear();
    while (client.take()) tails_->step();
    return client.messages();
  }
  std::uint64_t metric(const std::string& name) {
    const std::string text = "\n" + store_.metrics->render();
    const auto at = text.find("\n" + name + " ");
    return at == std::string::npos ? 0 : std::stoull(text.substr(at + name.size() + 2));
  }

  store::TemporaryStore store_;
  TailLimits limits_;
  bool threads_ = false;
  std::uint64_t ids_ = 0;
  std::size_t appended_ = 0;
  std::unique_ptr<Tails> tails_;
};

TEST_F(TailTest, RecentRowsComeFirstThenWhatIsStoredLater) {
  append_lines(5);
  TailClient client = start("line", 2);
  append_lines(2);
  EXPECT_EQ(next(client), (Strings{"line 4", "line 5", "line 6", "line 7"}));
  append_lines(1);
  append({"else"});
  append_lines(1);
  EXPECT_EQ(next(client), (Strings{"line 8", "line 9"}));
  EXPECT_EQ(next(client), Strings{});
}

TEST(TailHandOver, ARowThatIsInABlockBeforeTheFollowerCameIsGivenOnce) {
  FakeStore store;
  MetricRegistry metrics;
  const ManualClock clock{store::kNoon};
  TailOptions options;
  options.next_id = [] { return 1; };
  options.threads = false;
  const auto tails = make_tails(store, nullptr, std::move(options), clock, metrics);
  store.add(Strings{"one"});
  TailRequest request;
  request.recent = 5;
  TailClient client(tails->start(request).value());
  // Stored while the tail reads what there is, behind what the follower has handled.
  store.on_open_rows([&store] { store.add(Strings{"two"}); });
  tails->step();
  store.build();
  store.add(Strings{"three"});
  tails->step();
  while (client.take()) tails->step();
  EXPECT_EQ(client.messages(), (Strings{"one", "two", "three"}));
}

TEST_F(TailTest, WithoutRecentRowsATailBeginsWithWhatIsStoredAfterIt) {
  append_lines(3);
  TailClient client = start("*");
  EXPECT_EQ(next(client), Strings{});
  append_lines(1);
  EXPECT_EQ(next(client), Strings{"line 4"});
}

TEST_F(TailTest, RecentRowsAreFoundInBlocksAndInOpenRows) {
  append_lines(10);
  ASSERT_TRUE(store_.store->seal());
  append_lines(2, "mail");
  ASSERT_TRUE(store_.store->seal());
  append_lines(2);
  TailClient client = start("app:web", 4);
  EXPECT_EQ(next(client), (Strings{"line 9", "line 10", "line 13", "line 14"}));
  TailClient all = start("app:web", 100);
  EXPECT_EQ(next(all).size(), 12U);
  TailClient none = start("absent", 100);
  EXPECT_EQ(next(none), Strings{});
}

TEST_F(TailTest, RowsThatATailDropsDoNotCountAsRecent) {
  append({"a=1", "a=2", "a=1", "b=1"});
  TailClient client = start("* | parse logfmt | where a:=1 | fields _msg", 2);
  EXPECT_EQ(next(client), (Strings{"a=1", "a=1"}));
  EXPECT_EQ(client.lines[0], R"({"_msg":"a=1"})");
}

TEST_F(TailTest, WithoutFollowingATailEndsWithTheRowsThatWereThere) {
  append_lines(5);
  TailRequest request;
  request.recent = 3;
  request.follow = false;
  TailClient client = start(request);
  append_lines(1);
  EXPECT_EQ(next(client), (Strings{"line 3", "line 4", "line 5"}));
  EXPECT_EQ(client.ended, "");
}

TEST_F(TailTest, AClientGoesOnBehindItsLastRowOverRestartsAndSeals) {
  TailClient first = start("line");
  append_lines(4);
  EXPECT_EQ(next(first).size(), 4U);
  const RecordName last = first.last();
  append_lines(3);
  ASSERT_TRUE(store_.store->seal());
  restart();
  append_lines(2);
  restart();
  TailClient second = resume("line", last);
  EXPECT_EQ(next(second), (Strings{"line 5", "line 6", "line 7", "line 8", "line 9"}));
  append_lines(1);
  EXPECT_EQ(next(second), Strings{"line 10"});
}

TEST_F(TailTest, WhoGotNoRowYetGoesOnFromItsStart) {
  TailClient first = start("line");
  append_lines(2);
  TailClient second = resume("line", first.last());
  EXPECT_EQ(next(second), (Strings{"line 1", "line 2"}));
}

TEST_F(TailTest, ARowOfAnotherStoreOrOfTheFutureIsRefused) {
  append_lines(2);
  TailRequest request;
  request.after = RecordName{model::NodeId(1), model::Seq(1)};
  const auto foreign = try_start(request);
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().code, ErrorCode::kNotFound);
  EXPECT_NE(foreign.error().message.find("another store"), std::string::npos);
  request.after = RecordName{store_.store->status().node, model::Seq(3)};
  const auto future = try_start(request);
  ASSERT_FALSE(future);
  EXPECT_EQ(future.error().code, ErrorCode::kNotFound);
  EXPECT_NE(future.error().message.find(":2"), std::string::npos) << future.error().message;
}

TEST_F(TailTest, ARowThatAnEarlierStateHadLeadsToWhatCameAfterThatState) {
  const Origins origins({{model::Seq(1), model::NodeId(7)}, {model::Seq(5), model::NodeId(8)}});
  EXPECT_EQ(*origins.local_seq({model::NodeId(7), model::Seq(3)}, model::Seq(9)), model::Seq(3));
  EXPECT_EQ(*origins.local_seq({model::NodeId(7), model::Seq(6)}, model::Seq(9)), model::Seq(4));
  EXPECT_EQ(*origins.local_seq({model::NodeId(8), model::Seq(6)}, model::Seq(9)), model::Seq(6));
  EXPECT_EQ(to_text(origins.name_of(model::Seq(4))), "0000000000000007:4");
  EXPECT_EQ(to_text(origins.name_of(model::Seq(5))), "0000000000000008:5");
  EXPECT_EQ(to_text(origins.name_of(model::Seq(0))), "0000000000000007:0");
}

TEST_F(TailTest, PipesThatNeedAllRowsAreRefusedByName) {
  for (const auto* pipe : {"stats count()", "top 3 by app", "sort app", "head 3"}) {
    TailRequest request;
    request.q = std::string("* | ") + pipe;
    const auto refused = try_start(request);
    ASSERT_FALSE(refused) << pipe;
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
    const std::string word = std::string(pipe).substr(0, std::string(pipe).find(' '));
    EXPECT_NE(refused.error().message.find("'| " + word + "'"), std::string::npos)
        << refused.error().message;
  }
  TailRequest request;
  request.q = "status:>=";
  EXPECT_NE(try_start(request).error().message.find("column 10"), std::string::npos);
}

TEST_F(TailTest, TailsOfOneQueryShareTheirLines) {
  const auto one = tails_->start({"app:web  line", 0, {}, true});
  const auto other = tails_->start({"(app:web AND line)", 0, {}, true});
  ASSERT_TRUE(one && other);
  tails_->step();
  append_lines(3);
  tails_->step();
  const TailTaken of_one = (*one)->take(1000);
  const TailTaken of_other = (*other)->take(1000);
  ASSERT_EQ(of_one.pieces.size(), 1U);
  ASSERT_EQ(of_other.pieces.size(), 1U);
  EXPECT_EQ(of_one.pieces[0].chunk, of_other.pieces[0].chunk);
}

TEST_F(TailTest, ASlowClientGoesOnFromWhatIsStoredAndMissesNothing) {
  limits_.queue_bytes = 1;
  open();
  TailClient slow = start("*");
  TailClient quick = start("*");
  EXPECT_EQ(next(slow), Strings{});
  for (int i = 0; i < 20; ++i) {
    append_lines(3);
    tails_->step();
    quick.take();
    if (i == 10) {
      ASSERT_TRUE(store_.store->seal());
    }
  }
  EXPECT_EQ(quick.lines.size(), 60U);
  EXPECT_EQ(next(slow).size(), 60U);
  EXPECT_EQ(slow.messages().back(), "line 60");
  EXPECT_GT(metric("duramen_tail_behind_total"), 0U);
}

TEST_F(TailTest, AClientThatIsTooFarBehindIsToldExactlyWhatItMissed) {
  limits_.queue_bytes = 1;
  limits_.behind_rows = 10;
  open();
  TailClient slow = start("line");
  EXPECT_EQ(next(slow), Strings{});
  append_lines(2);
  tails_->step();  // these wait, and fill the queue
  append_lines(4);
  append({"else", "else"});
  ASSERT_TRUE(store_.store->seal());
  append_lines(7);
  tails_->step();
  slow.take();
  tails_->step();
  append_lines(1);
  EXPECT_EQ(slow.messages(), (Strings{"line 1", "line 2"}));
  EXPECT_EQ(next(slow), (Strings{"gap of 11", "line 14"}));
  const auto gap = nlohmann::json::parse(slow.lines[0]);
  const std::string node = to_text(slow.last()).substr(0, 17);
  EXPECT_EQ(gap["_gap"]["first"], node + "3");
  EXPECT_EQ(gap["_gap"]["last"], node + "15");
  EXPECT_EQ(gap["_seq"], gap["_gap"]["last"]);
  EXPECT_EQ(metric("duramen_tail_missed_rows_total"), 11U);
  EXPECT_EQ(tails_->list().at(0).missed_rows, 11U);
}

TEST_F(TailTest, AResumedClientJumpsOnlyAfterItHasCaughtUpOnce) {
  limits_.behind_rows = 5;
  open();
  TailClient first = start("*");
  append_lines(50);
  TailClient second = resume("*", first.tail().start());
  EXPECT_EQ(next(second).size(), 50U);
}

TEST_F(TailTest, RowsThatWereBuiltIntoBlocksBeforeAnybodyLookedAreRead) {
  TailClient client = start("*");
  tails_->step();
  append_lines(3);
  ASSERT_TRUE(store_.store->seal());
  append_lines(1);
  EXPECT_EQ(next(client), (Strings{"line 1", "line 2", "line 3", "line 4"}));
}

TEST_F(TailTest, ABlockThatCannotBeReadIsToldAsAGap) {
  FakeStore store;
  store.add(Strings{"one", "two"});
  store.add(Strings{"three"});
  store.build();
  store.damage(1);
  store.add(Strings{"four"});
  MetricRegistry metrics;
  TailOptions options;
  options.next_id = [] { return 1; };
  options.threads = false;
  const auto tails = make_tails(store, nullptr, std::move(options), store_.clock, metrics);
  auto tail = tails->start({"*", 10, {}, true});
  ASSERT_TRUE(tail);
  TailClient client(*std::move(tail));
  tails->step();
  client.take();
  ASSERT_EQ(client.lines.size(), 3U);
  const auto gap = nlohmann::json::parse(client.lines[0]);
  EXPECT_EQ(gap["_seq"], "00000000000000ab:0");
  EXPECT_NE(gap["_gap"]["reason"].get<std::string>().find("cannot be read"), std::string::npos);
  EXPECT_FALSE(gap["_gap"].contains("rows"));
  EXPECT_EQ(client.messages()[1], "three");
  EXPECT_EQ(client.messages()[2], "four");
}

TEST_F(TailTest, WhoReadFurtherThanTheOthersWereGivenGetsNoRowTwice) {
  TailOptions options;
  options.next_id = [this] { return ++ids_; };
  const auto hub = std::make_shared<TailHub>(*store_.store, nullptr, std::move(options),
                                             store_.clock, *store_.metrics);
  RecordName start;
  const auto entry = hub->add({"line", 0, {}, true}, start);
  ASSERT_TRUE(entry);
  append_lines(2);
  EXPECT_TRUE(hub->read_one());  // and joins, before anybody was told of these rows
  append_lines(1);
  hub->follow();
  const TailTaken taken = (*entry)->queue->take(1000);
  ASSERT_EQ(taken.pieces.size(), 2U);
  EXPECT_EQ(taken.pieces[0].end - taken.pieces[0].begin, 2U);
  EXPECT_EQ(taken.pieces[1].end - taken.pieces[1].begin, 1U);
}

TEST_F(TailTest, WhatRetentionTookMeanwhileIsToldAsAGap) {
  TailClient first = start("line");
  const auto old = store::batch_of({"line a", "line b"}, store::kNoon - 3 * kNsPerDay);
  ASSERT_TRUE(store::append_and_wait(*store_.store, old));
  append_lines(1);
  ASSERT_TRUE(store_.store->seal());
  store_.store->set_retention({kNsPerDay, {}});
  ASSERT_TRUE(store_.store->enforce_retention());
  TailClient second = resume("line", first.tail().start());
  EXPECT_EQ(next(second), (Strings{"gap of ?", "line 1"}));
  const auto gap = nlohmann::json::parse(second.lines[0])["_gap"];
  EXPECT_EQ(gap["reason"], "dropped by retention");
  EXPECT_TRUE(gap["last"].get<std::string>().ends_with(":2")) << gap;
}

TEST_F(TailTest, AClientThatLeavesWhileItWaitsToBeReadForKeepsNothingOfTheStore) {
  limits_.queue_bytes = 1;
  open();
  for (int i = 0; i < 2; ++i) append_lines(600);
  ASSERT_TRUE(store_.store->seal());
  TailClient stays = start("*");
  {
    TailClient leaves = start("*", 1200);
    tails_->step();  // its queue is full, and it keeps its place in the blocks
    leaves.take();   // now it waits to be read for
  }
  restart();
}

TEST_F(TailTest, MoreTailsThanMayBeAreRefused) {
  limits_.concurrent = 2;
  open();
  auto one = try_start({});
  auto two = try_start({});
  const auto three = try_start({});
  ASSERT_FALSE(three);
  EXPECT_EQ(three.error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(metric("duramen_tails"), 2U);
  EXPECT_EQ(metric("duramen_tails_refused_total"), 1U);
  one->reset();
  EXPECT_TRUE(try_start({}));
}

TEST_F(TailTest, ATailCanBeStoppedByItsNumber) {
  TailClient client = start("error OR warn");
  tails_->step();
  const auto list = tails_->list();
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].q, "error OR warn");
  EXPECT_FALSE(list[0].behind);
  EXPECT_FALSE(tails_->stop(list[0].id + 1));
  EXPECT_TRUE(tails_->stop(list[0].id));
  client.take();
  EXPECT_EQ(client.ended, "stopped");
}

TEST_F(TailTest, TheLagIsWhatIsStoredFromTheFirstRowNotYetGiven) {
  append_lines(5);
  TailClient whole = start("", 3);
  TailClient some = start("absentword");
  const auto lag = [&](std::size_t i) { return tails_->list().at(i).lag_rows; };
  EXPECT_EQ(lag(1), 0U);
  tails_->step();
  EXPECT_EQ(lag(0), 3U) << "three rows wait";
  whole.take();
  EXPECT_EQ(lag(0), 0U);
  append_lines(4);
  EXPECT_EQ(lag(0), 4U) << "nobody has looked at them yet";
  EXPECT_EQ(lag(1), 4U);
  tails_->step();
  EXPECT_EQ(lag(0), 4U) << "they wait";
  EXPECT_EQ(lag(1), 0U) << "none of them is for this one";
  whole.take();
  EXPECT_EQ(lag(0), 0U);
}

TEST_F(TailTest, WhenAllEndWhatWaitsIsStillGivenAndNoneBegins) {
  TailClient client = start("*");
  tails_->step();
  append_lines(2);
  tails_->step();
  tails_->end_all("draining");
  client.take();
  EXPECT_EQ(client.lines.size(), 2U);
  EXPECT_EQ(client.ended, "draining");
  EXPECT_EQ(try_start({}).error().code, ErrorCode::kUnavailable);
}

TEST_F(TailTest, RowsThatDoNotMatchWakeNobody) {
  TailClient client = start("app:mail");
  int wakes = 0;
  client.tail().open([&] { ++wakes; });
  tails_->step();
  append_lines(5);
  tails_->step();
  EXPECT_EQ(wakes, 0);
  append_lines(1, "mail");
  tails_->step();
  EXPECT_EQ(wakes, 1);
}

TEST_F(TailTest, FiveHundredTailsGetTheirRowsByThreads) {
  threads_ = true;
  open();
  constexpr std::size_t kTails = 500;
  constexpr std::size_t kApps = 50;
  std::vector<TailClient> clients;
  for (std::size_t i = 0; i < kTails; ++i) {
    clients.push_back(start("app:\"app-" + std::to_string(i % kApps) + "\""));
  }
  for (std::size_t app = 0; app < kApps; ++app) {
    append_lines(4, "app-" + std::to_string(app));
  }
  for (std::size_t i = 0; i < kTails; ++i) {
    ASSERT_TRUE(store::eventually([&] {
      clients[i].take();
      return clients[i].lines.size() >= 4;
    })) << i;
    EXPECT_EQ(clients[i].messages()[0], "line " + std::to_string(4 * (i % kApps) + 1));
  }
}

}  // namespace
}  // namespace duramen::query
