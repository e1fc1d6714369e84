// Queries that would take the daemon down if nothing were limited.

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "tests/query/query_test_base.h"

namespace duramen::query {
namespace {

using testing::HasSubstr;

class HostileQueries : public QueryTest {
 protected:
  static constexpr int kBlocks = 4;
  static constexpr int kRows = 2000;  // of a block

  void SetUp() override {
    for (int block = 0; block < kBlocks; ++block) {
      std::vector<FakeRecord> records;
      for (int row = 0; row < kRows; ++row) {
        const int n = block * kRows + row;
        records.push_back({n,
                           "word" + in_letters(n) + " took " + std::to_string(n) + " ms",
                           {{"app", "web"}},
                           {{"n", std::to_string(n), model::FieldKind::kJson}}});
      }
      store_.add(records);
    }
    store_.build();
  }
  static std::string in_letters(int n) {
    std::string out;
    for (int i = 0; i < 4; ++i, n /= 26) out += static_cast<char>('a' + n % 26);
    return out;
  }
  static std::string any_of(int terms) {
    std::string q = "word" + in_letters(7);
    for (int i = 1; i < terms; ++i) q += " OR absent" + in_letters(i);
    return q;
  }
  std::string count(const std::string& q) { return run(q + " | stats count()").lines.at(0); }
  Error error_of(const std::string& q) {
    const auto answer = try_run(oldest_first(q));
    EXPECT_FALSE(answer) << q;
    return answer ? Error{ErrorCode::kInternal, "no error"} : answer.error();
  }
};

TEST_F(HostileQueries, AMegabyteOfTextIsRefusedBeforeItIsParsed) {
  const Error error = error_of(std::string(1U << 20U, 'a'));
  EXPECT_EQ(error.code, ErrorCode::kOutOfRange);
  EXPECT_THAT(error.message, HasSubstr("1048576 bytes, the limit is 65536"));
}

TEST_F(HostileQueries, AsManyTermsAsMayBeAreAnsweredAndMoreAreRefused) {
  EXPECT_EQ(count(any_of(1000)), R"({"count":1})");
  EXPECT_THAT(error_of(any_of(1001)).message, HasSubstr("more than 1000 terms"));
}

TEST_F(HostileQueries, APrefixOfEveryWordFindsEveryRow) {
  EXPECT_EQ(count("word*"), R"({"count":8000})");
}

TEST_F(HostileQueries, ARegexThatWouldBacktrackForEverIsLinear) {
  EXPECT_EQ(count(R"(/(a|aa)+$(x+x+)+y/)"), R"({"count":0})");
  EXPECT_EQ(count(R"(/^(([a-z])+.)+[A-Z]([a-z])+$/)"), R"({"count":0})");
}

TEST_F(HostileQueries, ARegexThatMatchesNothingAtAllMatchesEveryRow) {
  EXPECT_EQ(count("/x*/"), R"({"count":8000})");
  EXPECT_EQ(count("/()/"), R"({"count":8000})");
}

TEST_F(HostileQueries, AsManyGroupsAsRowsAreLimitedByMemory) {
  QueryLimits limits;
  limits.memory_bytes = 1U << 20U;
  make_engine(limits);
  const Error error = error_of("* | stats count() by _seq, n");
  EXPECT_EQ(error.code, ErrorCode::kResourceExhausted);
  EXPECT_THAT(error.message, HasSubstr("groups need more than the query's memory limit of 1MiB"));
  EXPECT_EQ(count("*"), R"({"count":8000})") << "others are served";
}

TEST_F(HostileQueries, ALimitOfABillionIsAnsweredInBoundedMemory) {
  QueryLimits limits;
  limits.memory_bytes = 256U << 10U;
  make_engine(limits);
  QueryRequest request = oldest_first("*");
  request.limit = 1'000'000'000;
  const auto query = *engine_->start(request);
  std::uint64_t rows = 0;
  std::uint64_t most = 0;
  const auto end = query->run([&](std::string_view) -> Result<void> {
    ++rows;
    most = std::max(most, engine_->list().at(0).memory_bytes);
    return {};
  });
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(rows, 8000U);
  EXPECT_LE(most, limits.memory_bytes);
}

}  // namespace
}  // namespace duramen::query
