#include "query/slow_log.h"

#include <gmock/gmock.h>

#include <utility>

#include "base/json_text.h"
#include "query/language/parser.h"
#include "tests/query/query_test_base.h"

namespace duramen::query {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class SlowLog : public QueryTest {
 protected:
  /// What is logged when the query takes `seconds`.
  std::string logged(const QueryRequest& request, int seconds, const QueryLimits& limits = {}) {
    make_engine(limits);
    store_.on_read([this, seconds, first = true]() mutable {
      if (std::exchange(first, false)) clock_.advance(seconds * kNsPerSecond);
    });
    testing::internal::CaptureStderr();
    const auto answer = try_run(request);
    return testing::internal::GetCapturedStderr();
  }
};

TEST_F(SlowLog, SaysTheCanonicalTextTheRangeAndWhatWasRead) {
  store_.add({"error one", "error two", "fine"});
  store_.build();
  QueryRequest request;
  request.q = "error   -two | head 5";
  request.start = 0;
  EXPECT_THAT(logged(request, 6),
              AllOf(HasSubstr(R"(msg="slow query")"), HasSubstr("outcome=ok took=6s"),
                    HasSubstr(R"(q="error AND NOT two | head 5")"),
                    HasSubstr("start=1970-01-01T00:00:00.000000000Z end=none"),
                    HasSubstr("scan_units=1 scan_units_total=1"),
                    HasSubstr("looked_up=\"word error\" blocks=1 candidates=1 frames="),
                    HasSubstr("scanned_rows=3 scanned_bytes=")));
}

TEST_F(SlowLog, OnlyWhatTakesAsLongAsTheLimitIsNamed) {
  store_.add({"a"});
  store_.build();
  EXPECT_EQ(logged(oldest_first("a"), 4), "");
  EXPECT_NE(logged(oldest_first("a"), 5), "");
  QueryLimits limits;
  limits.slow = 2 * kNsPerSecond;
  EXPECT_NE(logged(oldest_first("a"), 2, limits), "");
  EXPECT_EQ(logged(oldest_first("a"), 1, limits), "");
}

TEST_F(SlowLog, HowItEndedIsSaid) {
  store_.add({"a"});
  store_.build();
  EXPECT_THAT(logged(oldest_first("a"), 61), HasSubstr("outcome=timeout took=1m1s"));
}

TEST(LoggedText, IsCutBetweenCharacters) {
  std::string word;
  while (word.size() < 3 * kLoggedQueryBytes) word += "\u20ac";
  for (const std::string before : {"", "a", "ab"}) {
    const auto query = parse_query("a OR " + before + word);
    ASSERT_TRUE(query);
    const std::string text = logged_text(*query);
    EXPECT_LE(text.size(), kLoggedQueryBytes + std::string("…").size());
    EXPECT_GE(text.size(), kLoggedQueryBytes);
    EXPECT_TRUE(text.ends_with("€…")) << text;
    EXPECT_TRUE(is_utf8(text));
  }
  EXPECT_EQ(logged_text(*parse_query("a b")), "a AND b");
}

}  // namespace
}  // namespace duramen::query
