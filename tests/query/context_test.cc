#include "query/context.h"

#include <algorithm>
#include <map>
#include <random>

#include "base/time_text.h"
#include "tests/query/query_test_base.h"
#include "tests/store/store_fixture.h"

namespace duramen::query {
namespace {

class Context : public QueryTest {
 protected:
  static QueryRequest around(std::uint64_t seq, std::uint64_t before, std::uint64_t after,
                             model::NodeId node = FakeStore::kNode) {
    QueryRequest request;
    request.context = {{node, model::Seq(seq)}, before, after};
    return request;
  }
  /// Records of one stream, all of one time.
  void add_stream(const std::string& app, const Strings& messages, TimeNs time = kNsPerSecond) {
    std::vector<FakeRecord> records;
    for (const std::string& message : messages) {
      records.push_back({time, message, {{"app", app}}, {}});
    }
    store_.add(records);
  }
  Error error_of(const QueryRequest& request) {
    const auto answer = try_run(request);
    EXPECT_FALSE(answer);
    return answer ? Error{ErrorCode::kInternal, "no error"} : answer.error();
  }
};

TEST_F(Context, RowsOfTheStreamAroundTheRecordComeOldestFirst) {
  add_stream("web", {"a1", "a2", "a3"});
  add_stream("db", {"x"});
  add_stream("web", {"a4", "a5"});
  store_.build();
  add_stream("web", {"a6"});
  Answer answer = run(around(3, 1, 2));
  EXPECT_EQ(answer.column("_msg"), (Strings{"a2", "a3", "a4", "a5"}));
  EXPECT_EQ(answer.column("_context"), (Strings{"-1", "0", "1", "2"}));
  EXPECT_EQ(answer.lines[1], R"({"_context":0,"_time":"1970-01-01T00:00:01.000000000Z",)"
                             R"("_seq":"00000000000000ab:3","_msg":"a3","app":"web"})");
  EXPECT_EQ(answer.end.rows, 4U);
  EXPECT_FALSE(answer.end.partial);
  EXPECT_EQ(run(around(3, 10, 10)).column("_msg"), (Strings{"a1", "a2", "a3", "a4", "a5", "a6"}));
  EXPECT_EQ(run(around(3, 0, 0)).column("_msg"), Strings{"a3"});
  EXPECT_EQ(run(around(3, 0, 1)).column("_msg"), (Strings{"a3", "a4"}));
  EXPECT_EQ(run(around(4, 9, 9)).column("_msg"), Strings{"x"});
}

TEST_F(Context, TimesHaveNoPartInTheOrder) {
  add_stream("web", {"first"}, 9 * kNsPerSecond);
  add_stream("web", {"second"}, 1 * kNsPerSecond);
  add_stream("web", {"third"}, 5 * kNsPerSecond);
  EXPECT_EQ(run(around(2, 1, 1)).column("_msg"), (Strings{"first", "second", "third"}));
}

TEST_F(Context, GoesOnIntoOtherIncarnations) {
  const model::NodeId next(0xac);
  add_stream("web", {"a1", "a2"});
  store_.set_node(next);
  add_stream("web", {"b1", "b2"});
  EXPECT_EQ(run(around(3, 9, 1, next)).column("_msg"), (Strings{"a1", "a2", "b1", "b2"}));
  EXPECT_EQ(run(around(2, 0, 9)).column("_seq"),
            (Strings{"00000000000000ab:2", "00000000000000ac:3", "00000000000000ac:4"}));
  EXPECT_EQ(error_of(around(3, 1, 1)).code, ErrorCode::kNotFound) << "another node's number";
}

TEST_F(Context, ReadsOnlyTheBlocksNearTheRecord) {
  for (int block = 0; block < 20; ++block) add_stream("web", {"a", "b", "c", "d", "e"});
  store_.build();
  int reads = 0;
  store_.on_read([&] { ++reads; });
  EXPECT_EQ(try_run(around(53, 2, 2))->lines.size(), 5U) << "all in the block of the record";
  EXPECT_EQ(reads, 1);
  reads = 0;
  EXPECT_EQ(try_run(around(53, 3, 3))->lines.size(), 7U);
  EXPECT_EQ(reads, 3);
  reads = 0;
  EXPECT_EQ(try_run(around(53, 0, 0))->lines.size(), 1U);
  EXPECT_EQ(reads, 1);
  reads = 0;
  EXPECT_EQ(try_run(around(100, 1, 100))->lines.size(), 2U);
  EXPECT_EQ(reads, 1);
}

TEST_F(Context, ARangeLeavesOutWhatIsBeyondItButNotTheRecord) {
  for (TimeNs second = 1; second <= 9; ++second) {
    add_stream("web", {"a" + std::to_string(second)}, second * kNsPerSecond);
  }
  store_.build();
  int reads = 0;
  store_.on_read([&] { ++reads; });
  QueryRequest request = around(5, 10, 10);
  request.start = 3 * kNsPerSecond;
  request.end = 7 * kNsPerSecond;
  EXPECT_EQ(try_run(request)->column("_msg"), (Strings{"a3", "a4", "a5", "a6"}));
  EXPECT_EQ(reads, 1 + 3) << "the record's own block has no other row that could come";
  request.start = 8 * kNsPerSecond;
  request.end.reset();
  EXPECT_EQ(try_run(request)->column("_msg"), (Strings{"a5", "a8", "a9"}));
}

TEST_F(Context, AnUnknownRecordIsNotFound) {
  add_stream("web", {"a", "b"});
  store_.build();
  const std::uint64_t most = ~std::uint64_t{0};
  for (const std::uint64_t seq : {std::uint64_t{0}, std::uint64_t{3}, most}) {
    const Error error = error_of(around(seq, 1, 1));
    EXPECT_EQ(error.code, ErrorCode::kNotFound) << seq;
    EXPECT_EQ(error.message, "there is no record 00000000000000ab:" + std::to_string(seq) +
                                 " here; retention may have dropped it");
  }
}

TEST_F(Context, DamageBesideTheRecordMakesTheAnswerPartial) {
  add_stream("web", {"a", "b"});
  add_stream("web", {"c", "d"});
  add_stream("web", {"e", "f"});
  store_.build();
  store_.damage(3);
  const Answer answer = run(around(3, 5, 5));
  EXPECT_EQ(answer.column("_msg"), (Strings{"a", "b", "c", "d"}));
  EXPECT_TRUE(answer.end.partial);
  ASSERT_EQ(answer.end.warnings.size(), 1U);
  EXPECT_NE(answer.end.warnings[0].find("block 3 of "), std::string::npos);
  EXPECT_FALSE(run(around(3, 1, 1)).end.partial) << "the damaged block was not needed";
  const Error error = error_of(around(5, 1, 1));
  EXPECT_EQ(error.code, ErrorCode::kDataLoss);
  EXPECT_NE(error.message.find("block 3 of "), std::string::npos) << error.message;
}

TEST_F(Context, ARecordsOwnFieldOfThatNameIsShownToo) {
  store_.add({{0, "a", {}, {{"_context", "own", model::FieldKind::kText}}}});
  EXPECT_EQ(run(around(1, 1, 1)).lines[0].substr(0, 14), R"({"_context":0,)");
  EXPECT_EQ(run(around(1, 1, 1)).column("_context#2"), Strings{"own"});
}

TEST_F(Context, MemoryTimeAndCancellationAreLimits) {
  const std::string kibibyte(1024, 'x');
  for (int batch = 0; batch < 4; ++batch) add_stream("web", Strings(1000, kibibyte));
  store_.build();
  QueryLimits limits;
  limits.memory_bytes = 1 << 20;
  make_engine(limits);
  const Error memory = error_of(around(2000, 1000, 1000));
  EXPECT_EQ(memory.code, ErrorCode::kResourceExhausted);
  EXPECT_TRUE(memory.message.starts_with("context: ")) << memory.message;
  EXPECT_EQ(run(around(2000, 100, 100)).lines.size(), 201U);
  store_.on_read([this] { clock_.advance(61 * kNsPerSecond); });
  EXPECT_EQ(error_of(around(2000, 1, 1)).code, ErrorCode::kDeadlineExceeded);
  store_.on_read([this] { engine_->cancel_all(); });
  EXPECT_EQ(error_of(around(2000, 1, 1)).code, ErrorCode::kCancelled);
}

TEST_F(Context, IsListedUnderTheRecordsName) {
  add_stream("web", {"a"});
  const auto query = engine_->start(around(1, 1, 1));
  ASSERT_TRUE(query) << query.error().message;
  ASSERT_EQ(engine_->list().size(), 1U);
  EXPECT_EQ(engine_->list()[0].q, R"(_seq:"00000000000000ab:1")");
}

TEST(RecordNameText, ReadsWhatRowsShowAndNothingElse) {
  const auto name = parse_record_name("00000000000000aB:17");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->node, model::NodeId(0xab));
  EXPECT_EQ(name->seq, model::Seq(17));
  EXPECT_EQ(to_text(*name), "00000000000000ab:17");
  EXPECT_TRUE(parse_record_name("ffffffffffffffff:18446744073709551615"));
  for (const char* bad :
       {"", ":", "17", "ab:17", "00000000000000ab", "00000000000000ab:", "00000000000000ab:x",
        "00000000000000ab:-1", "00000000000000ab:+1", "00000000000000ab: 1", "00000000000000ag:1",
        "0x000000000000ab:1", "-0000000000000ab:1", "00000000000000ab:18446744073709551616",
        "000000000000000ab:1", "00000000000000ab:1 "}) {
    const auto wrong = parse_record_name(bad);
    ASSERT_FALSE(wrong) << bad;
    EXPECT_EQ(wrong.error().code, ErrorCode::kInvalidArgument);
  }
}

/// A real store that lives through epochs, seals and restarts, and a list of what was appended.
class StoreContext : public ::testing::Test {
 protected:
  struct Line {
    std::string name;
    std::string app;
    std::string message;
  };

  void SetUp() override {
    store_.options.epoch_raw_bytes = 3'000;
    store_.options.block_raw_bytes = 500;
    restart();
  }
  void restart() {
    engine_.reset();
    store_.reopen();
    engine_ = make_query_engine(*store_.store, nullptr, {}, store_.clock, *store_.metrics);
  }
  void append() {
    const std::string app = random_() % 5 == 0 ? "rare" : "app" + std::to_string(random_() % 3);
    std::vector<std::string> lines;
    for (auto n = 1 + random_() % 15; n-- > 0;) {
      lines.push_back("line " + std::to_string(appended_.size() + lines.size()));
    }
    const TimeNs time = store::kNoon - static_cast<TimeNs>(random_() % 3) * kNsPerDay;
    const auto ack = store::append_and_wait(*store_.store, store::batch_of(lines, time, app));
    ASSERT_TRUE(ack) << ack.error().message;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      appended_.push_back({to_text({ack->node, ack->first.plus(i)}), app, lines[i]});
    }
  }
  void disturb() {
    switch (random_() % 8) {
      case 0:
        ASSERT_TRUE(store_.store->seal());
        break;
      case 1:
        restart();
        break;
      default:
        append();
        break;
    }
  }
  std::vector<std::pair<std::int64_t, std::string>> ask(const std::string& name,
                                                        std::uint64_t before, std::uint64_t after) {
    std::vector<std::pair<std::int64_t, std::string>> out;
    QueryRequest request;
    request.context = {*parse_record_name(name), before, after};
    const auto query = engine_->start(request);
    EXPECT_TRUE(query) << query.error().message;
    if (!query) return out;
    const auto end = (*query)->run([&](std::string_view line) -> Result<void> {
      const auto row = nlohmann::json::parse(line);
      out.emplace_back(row["_context"].get<std::int64_t>(), row["_seq"].get<std::string>());
      return {};
    });
    EXPECT_TRUE(end) << end.error().message;
    EXPECT_FALSE(end && end->partial);
    return out;
  }
  std::vector<std::pair<std::int64_t, std::string>> naive(std::size_t at, std::uint64_t before,
                                                          std::uint64_t after) const {
    std::vector<std::pair<std::int64_t, std::string>> out{{0, appended_[at].name}};
    for (std::size_t i = at; i-- > 0 && out.size() <= before;) {
      if (appended_[i].app != appended_[at].app) continue;
      out.insert(out.begin(), {out.front().first - 1, appended_[i].name});
    }
    for (std::size_t i = at + 1; i < appended_.size(); ++i) {
      if (appended_[i].app != appended_[at].app) continue;
      if (static_cast<std::uint64_t>(out.back().first) == after) break;
      out.emplace_back(out.back().first + 1, appended_[i].name);
    }
    return out;
  }

  std::uint64_t seed_ = std::random_device{}();
  ::testing::ScopedTrace trace_{__FILE__, __LINE__, "seed " + std::to_string(seed_)};
  std::mt19937_64 random_{seed_};
  store::TemporaryStore store_;
  std::unique_ptr<QueryEngine> engine_;
  std::vector<Line> appended_;
};

TEST_F(StoreContext, AgreesWithTheOrderOfAppendingAcrossEpochsSealsAndRestarts) {
  append();
  for (int round = 0; round < 150 && !HasFailure(); ++round) {
    disturb();
    const std::size_t at = random_() % appended_.size();
    const std::uint64_t before = random_() % 3 == 0 ? 1000 : random_() % 12;
    const std::uint64_t after = random_() % 3 == 0 ? 1000 : random_() % 12;
    ASSERT_EQ(ask(appended_[at].name, before, after), naive(at, before, after))
        << "around " << appended_[at].name << ", " << before << " and " << after;
  }
}

}  // namespace
}  // namespace duramen::query
