#include "query/slow_log.h"

#include <gmock/gmock.h>

#include "query/context.h"
#include "tests/query/query_test_base.h"

namespace duramen::query {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class SlowLog : public QueryTest {
 protected:
  /// What is logged when the query takes `seconds`.
  std::string logged(const QueryRequest& request, int seconds, const QueryLimits& limits = {}) {
    make_engine(limits);
    store_.on_read([this, seconds] { clock_.advance(seconds * kNsPerSecond); });
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
                    HasSubstr("scanned_rows=3 scanned_bytes=22 scan_units=1 scan_units_total=1")));
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

TEST_F(SlowLog, WhatARouteAskedForIsSaidInWords) {
  store_.add({"a"});
  store_.build();
  QueryRequest names = oldest_first("a");
  names.pipes = {NamesPipe{NamesPipe::Of::kLabelValues, "app"}};
  EXPECT_THAT(logged(names, 5), HasSubstr(R"(q="a | label_values app")"));
  QueryRequest context;
  context.context = {{FakeStore::kNode, model::Seq(1)}, 1, 1};
  EXPECT_THAT(logged(context, 5), HasSubstr(R"(q="_seq:\"00000000000000ab:1\"")"));
}

TEST_F(SlowLog, ALongQueryIsCutBetweenCharacters) {
  store_.add({"a"});
  store_.build();
  std::string word;
  while (word.size() < 3 * kLoggedQueryBytes) word += "\u20ac";
  for (const std::string before : {"", "a", "ab"}) {
    const std::string line = logged(oldest_first("a OR " + before + word), 5);
    const auto begin = line.find("q=\"") + 3;
    const std::string text = line.substr(begin, line.find('"', begin) - begin);
    EXPECT_LE(text.size(), kLoggedQueryBytes + std::string("…").size());
    EXPECT_GE(text.size(), kLoggedQueryBytes - 3);
    EXPECT_TRUE(text.ends_with("€…")) << line;
    EXPECT_THAT(line, Not(HasSubstr("\xef\xbf\xbd")));
  }
}

}  // namespace
}  // namespace duramen::query
