// The engine over a real store against an oracle that knows docs/query.md and nothing else.
//
// DURAMEN_TEST_SEED=N begins with that seed, as a failure names it; DURAMEN_TEST_SECONDS=N goes on
// with further seeds for so long.

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

namespace duramen::query {
namespace {

using Lines = std::vector<oracle::Shown>;

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::string in_words(const QueryRequest& request) {
  const auto time = [](std::optional<TimeNs> at) { return at ? std::to_string(*at) : "-"; };
  return "query: " + request.q + "\nrange: " + time(request.start) + " to " + time(request.end) +
         (request.order == Order::kNewestFirst ? ", newest" : ", oldest") + " first, limit " +
         (request.limit ? std::to_string(*request.limit) : "-");
}

/// Whether an answer may be continued by a cursor.
bool pages(const Query& query) {
  return std::all_of(query.pipes.begin(), query.pipes.end(), [](const Pipe& pipe) {
    return std::holds_alternative<FieldsPipe>(pipe) || std::holds_alternative<WherePipe>(pipe) ||
           std::holds_alternative<ParsePipe>(pipe);
  });
}

class Agreement {
 public:
  explicit Agreement(std::uint64_t seed) : random_(seed) {}

  void run() {
    for (std::size_t i = 4 + below(random_, world_.is_large() ? 4 : 16); i > 0; --i) world_.step();
    for (int i = 0; i < (world_.is_large() ? 15 : 60) && !testing::Test::HasFailure(); ++i) {
      if (i % 6 == 0) world_.step();
      if (world_.rows().empty()) continue;
      if (one_in(random_, 20)) {
        world_.remove(RandomQuery(random_, world_.rows()).filter_request());
        if (world_.rows().empty()) continue;
      }
      compare(RandomQuery(random_, world_.rows()).request());
    }
  }
  std::uint64_t lines() const { return lines_; }

 private:
  void compare(const QueryRequest& request) {
    SCOPED_TRACE(in_words(request));
    const auto query = parse_query(request.q);
    if (!query && query.error().message.find("two results") != std::string::npos) return;
    ASSERT_TRUE(query) << query.error().message;
    const Lines wanted = oracle::answer(*query, request, world_.rows());
    Lines got;
    const auto end = answer(request, got);
    if (!end && end.error().code == ErrorCode::kResourceExhausted && !pages(*query)) {
      EXPECT_TRUE(world_.has_little_memory()) << end.error().message;
      return;
    }
    ASSERT_TRUE(end) << end.error().message;
    expect_same(wanted, got);
    EXPECT_EQ(end->rows, got.size());
    EXPECT_FALSE(end->partial);
    QueryRequest whole = request;
    whole.limit = 0;
    const bool more = oracle::answer(*query, whole, world_.rows()).size() > wanted.size();
    EXPECT_EQ(end->cursor.empty(), !more || !pages(*query)) << "a cursor means that rows follow";
    lines_ += got.size();
    if (!testing::Test::HasFailure() && pages(*query) && one_in(random_, 4)) {
      compare_pages(request, *query);
    }
  }

  void compare_pages(QueryRequest request, const Query& query) {
    request.limit = 0;
    const Lines wanted = oracle::answer(query, request, world_.rows());
    Lines got;
    do {
      request.limit = 1 + below(random_, 60);
      const auto end = answer(request, got);
      ASSERT_TRUE(end) << end.error().message;
      request.cursor = end->cursor;
      if (one_in(random_, 8)) world_.step_without_loss();
    } while (!request.cursor.empty() && !testing::Test::HasFailure());
    SCOPED_TRACE("in pages");
    expect_same(wanted, got);
  }

  Result<QueryEnd> answer(const QueryRequest& request, Lines& lines) {
    DURAMEN_TRY(const auto query, world_.engine().start(request));
    return query->run([&](std::string_view line) -> Result<void> {
      lines.push_back(oracle::read_line(line));
      return {};
    });
  }

  static void expect_same(const Lines& wanted, const Lines& got) {
    for (std::size_t i = 0; i < std::min(wanted.size(), got.size()); ++i) {
      ASSERT_EQ(oracle::difference(wanted[i], got[i]), "") << "in line " << i + 1 << "; wanted:\n"
                                                           << oracle::to_text(wanted[i]) << "got:\n"
                                                           << oracle::to_text(got[i]);
    }
    const Lines& longer = wanted.size() > got.size() ? wanted : got;
    ASSERT_EQ(wanted.size(), got.size())
        << "the first line of one alone:\n"
        << oracle::to_text(longer[std::min(wanted.size(), got.size())]);
  }

  Random random_;
  RandomWorld world_{random_};
  std::uint64_t lines_ = 0;
};

TEST(QueryAgreement, TheEngineAnswersWhatTheDocumentationSays) {
  const auto until = std::chrono::steady_clock::now() +
                     std::chrono::seconds(number_from_environment("DURAMEN_TEST_SECONDS", 10));
  std::uint64_t seed = number_from_environment("DURAMEN_TEST_SEED", std::random_device{}());
  std::uint64_t lines = 0;
  std::uint64_t worlds = 0;
  do {
    SCOPED_TRACE("DURAMEN_TEST_SEED=" + std::to_string(seed++));
    Agreement world(seed - 1);
    world.run();
    lines += world.lines();
    ++worlds;
  } while (std::chrono::steady_clock::now() < until && !HasFailure());
  EXPECT_GT(lines, 0U);
  RecordProperty("worlds", std::to_string(worlds));
}

}  // namespace
}  // namespace duramen::query
