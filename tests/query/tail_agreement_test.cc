// Tails over a real store that grows, is sealed and restarted, against a plain look at all rows by
// seq. DURAMEN_TEST_SEED and DURAMEN_TEST_SECONDS as in agreement_test.cc.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include "query/language/parser.h"
#include "tests/query/oracle/answer.h"
#include "tests/query/random_query.h"
#include "tests/query/random_world.h"
#include "tests/query/tail_client.h"

namespace duramen::query {
namespace {

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// One client over all lives of the store.
struct Followed {
  std::string q;
  Query query;
  std::uint64_t recent = 0;
  std::size_t begin = 0;  ///< rows that were there when it began
  std::size_t life = 0;
  std::unique_ptr<TailClient> client;
};

class TailWorld {
 public:
  explicit TailWorld(std::uint64_t seed) : random_(seed) {
    limits_.queue_bytes = 1 + below(random_, 20'000);
    // In some worlds slow clients jump.
    if (one_in(random_, 3)) limits_.behind_rows = below(random_, 400);
    world_.set_tail_limits(limits_);
  }

  void run() {
    for (std::size_t i = 1 + below(random_, 8); i > 0; --i) world_.step_without_loss();
    const std::size_t steps = world_.is_large() ? 15 : 50;
    for (std::size_t i = 0; i < steps && !testing::Test::HasFailure(); ++i) {
      if (followed_.size() < 8 && one_in(random_, 3)) begin_one();
      world_.step_without_loss();
      resume();
      if (!one_in(random_, 3)) world_.tails().step();
      for (Followed& one : followed_) {
        if (!one_in(random_, 3)) one.client->take(below(random_, 10'000));
      }
    }
    finish();
    for (const Followed& one : followed_) compare(one);
  }
  std::uint64_t lines() const { return lines_; }
  std::uint64_t gaps() const { return gaps_; }

 private:
  void begin_one() {
    if (world_.rows().empty()) return;
    Followed one;
    one.q = RandomQuery(random_, world_.rows()).request().q;
    if (one_in(random_, 4)) one.q = "*";
    const auto query = parse_query(one.q);
    if (!query) return;
    one.query = *query;
    const bool follows = std::all_of(one.query.pipes.begin(), one.query.pipes.end(), [](auto& p) {
      return std::holds_alternative<FieldsPipe>(p) || std::holds_alternative<WherePipe>(p) ||
             std::holds_alternative<ParsePipe>(p);
    });
    one.recent = one_in(random_, 2) ? 0 : below(random_, 100);
    TailRequest request;
    request.q = one.q;
    request.recent = one.recent;
    auto tail = world_.tails().start(request);
    ASSERT_EQ(tail.has_value(), follows) << one.q;
    if (!tail) return;
    one.begin = world_.rows().size();
    one.life = world_.life();
    one.client = std::make_unique<TailClient>(*std::move(tail));
    followed_.push_back(std::move(one));
  }

  /// The tails of an earlier life are gone: clients go on behind the last row they have.
  void resume() {
    for (Followed& one : followed_) {
      const bool gone = one.life != world_.life();
      // Until the first row has come, whoever wants recent ones asks for them again.
      if ((!gone && !one_in(random_, 10)) || (one.client->lines.empty() && one.recent > 0)) {
        if (!gone) continue;
      }
      TailRequest request;
      request.q = one.q;
      if (one.client->lines.empty() && one.recent > 0) {
        request.recent = one.recent;
        one.begin = world_.rows().size();
      } else {
        request.after = one.client->last();
      }
      auto tail = world_.tails().start(request);
      ASSERT_TRUE(tail) << tail.error().message;
      one.client->replace(*std::move(tail));
      one.life = world_.life();
    }
  }

  /// Until nothing comes any more.
  void finish() {
    bool more = true;
    while (more) {
      world_.tails().step();
      more = false;
      for (Followed& one : followed_) more = one.client->take() || more;
    }
  }

  std::vector<oracle::Shown> wanted(const Followed& one) const {
    QueryRequest each;
    each.limit = 0;
    std::vector<oracle::Shown> before;
    std::vector<oracle::Shown> out;
    for (std::size_t row = 0; row < world_.rows().size(); ++row) {
      auto line = oracle::answer(one.query, each, {world_.rows()[row]});
      auto& to = row < one.begin ? before : out;
      to.insert(to.end(), line.begin(), line.end());
    }
    const auto recent = std::min<std::size_t>(one.recent, before.size());
    out.insert(out.begin(), before.end() - static_cast<std::ptrdiff_t>(recent), before.end());
    return out;
  }

  void compare(const Followed& one) {
    SCOPED_TRACE("query: " + one.q + "\nrecent: " + std::to_string(one.recent) + ", of " +
                 std::to_string(one.begin) + " rows");
    EXPECT_FALSE(one.client->ended);
    const auto rows = wanted(one);
    std::size_t at = 0;
    for (const std::string& line : one.client->lines) {
      const auto gap = line.find("\"_gap\":{\"first\"");
      if (gap != std::string::npos && line.starts_with("{\"_time\"")) {
        at += nlohmann::json::parse(line)["_gap"]["rows"].get<std::size_t>();
        ++gaps_;
        continue;
      }
      ASSERT_LT(at, rows.size()) << line;
      ASSERT_EQ(oracle::difference(rows[at], oracle::read_line(line)), "")
          << "in row " << at << "; wanted:\n"
          << oracle::to_text(rows[at]) << "got:\n"
          << line;
      ++at;
    }
    EXPECT_EQ(at, rows.size());
    lines_ += one.client->lines.size();
  }

  Random random_;
  RandomWorld world_{random_};
  TailLimits limits_;
  std::vector<Followed> followed_;
  std::uint64_t lines_ = 0;
  std::uint64_t gaps_ = 0;
};

TEST(TailAgreement, TailsGiveEveryMatchingRowOnceInTheOrderOfSeqs) {
  const auto until = std::chrono::steady_clock::now() +
                     std::chrono::seconds(number_from_environment("DURAMEN_TEST_SECONDS", 10));
  std::uint64_t seed = number_from_environment("DURAMEN_TEST_SEED", std::random_device{}());
  std::uint64_t lines = 0;
  std::uint64_t gaps = 0;
  std::uint64_t worlds = 0;
  do {
    SCOPED_TRACE("DURAMEN_TEST_SEED=" + std::to_string(seed++));
    TailWorld world(seed - 1);
    world.run();
    lines += world.lines();
    gaps += world.gaps();
    ++worlds;
  } while (std::chrono::steady_clock::now() < until && !HasFailure());
  EXPECT_GT(lines, 0U);
  RecordProperty("worlds", std::to_string(worlds));
  RecordProperty("gaps", std::to_string(gaps));
}

}  // namespace
}  // namespace duramen::query
