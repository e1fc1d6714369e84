#include "tools/bench/queries.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "base/time_text.h"
#include "tools/bench/duramen_query.h"
#include "tools/bench/expected.h"
#include "tools/bench/query_list.h"
#include "tools/bench/records.h"
#include "tools/bench/terms.h"

namespace duramen::bench {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kRecords = 5000;
constexpr unsigned kRuns = 2;

CorpusOptions corpus_options(std::uint64_t seed = 1) {
  CorpusOptions out;
  out.seed = seed;
  out.start = *parse_rfc3339("2026-01-15T08:00:00Z");
  return out;
}

std::vector<BenchQuery> list_of(std::uint64_t seed = 1) {
  return make_query_list(*find_terms(corpus_options(seed), kRecords, kRuns + 1), kRuns + 1);
}

std::string text_of(const std::vector<BenchQuery>& list) {
  std::string out;
  for (const BenchQuery& query : list) {
    for (const Question& question : query.questions) {
      out += query.name + ": " + duramen_query(question);
      if (question.range) {
        out += " " + to_rfc3339(question.range->start) + " " + to_rfc3339(question.range->end);
      }
      out += "\n";
    }
  }
  return out;
}

TEST(BenchRecords, AreReadAsTheyWereWritten) {
  Corpus corpus(corpus_options());
  const auto read = for_each_record(corpus_options(), kRecords, [&](const CorpusRecord& record) {
    std::string line;
    corpus.append_record(line);
    const auto json = nlohmann::json::parse(line);
    ASSERT_EQ(record.message, json["log"].get<std::string>());
    ASSERT_EQ(to_rfc3339(record.time), json["time"].get<std::string>());
    ASSERT_EQ(record.label("container_name"), json["container_name"].get<std::string>());
    ASSERT_EQ(record.label("source"), json["source"].get<std::string>());
    ASSERT_EQ(record.label("tag"), json["tag"].get<std::string>());
    const auto inner = nlohmann::json::parse(record.message, nullptr, false);
    const bool has = inner.is_object() && inner.contains("duration_ms");
    ASSERT_EQ(json_member(record.message, "duration_ms"), has ? inner["duration_ms"].dump() : "");
  });
  ASSERT_TRUE(read) << read.error().message;
}

TEST(BenchRecords, PartsStandBetweenTokenBorders) {
  EXPECT_TRUE(has_between_borders("from 10.0.0.1:80", "10.0.0.1", true));
  EXPECT_FALSE(has_between_borders("from 110.0.0.1", "10.0.0.1", true));
  EXPECT_FALSE(has_between_borders("errors", "error", true));
  EXPECT_TRUE(has_between_borders("errors", "error", false));
  EXPECT_FALSE(has_between_borders("terror", "error", false));
  EXPECT_TRUE(has_between_borders("terror error", "error", true));
  EXPECT_FALSE(
      has_between_borders("\xC3\xA4"
                          "error",
                          "error", true));
}

TEST(BenchRecords, LogfmtMembersEndAtBlanks) {
  EXPECT_EQ(logfmt_member("level=info queue_ms=17 user=1", "queue_ms"), "17");
  EXPECT_EQ(logfmt_member("level=info queue_ms=17", "queue_ms"), "17");
  EXPECT_EQ(logfmt_member("level=info", "queue_ms"), "");
}

TEST(BenchQueryList, EqualSeedsGiveEqualQuestions) {
  EXPECT_EQ(text_of(list_of(1)), text_of(list_of(1)));
  EXPECT_NE(text_of(list_of(1)), text_of(list_of(2)));
}

TEST(BenchQueryList, EveryQueryAsksSomethingElseInEachRun) {
  const auto list = list_of();
  EXPECT_GE(list.size(), 20U);
  for (const BenchQuery& query : list) {
    ASSERT_EQ(query.questions.size(), kRuns + 1) << query.name;
    EXPECT_NE(text_of({{"", {query.questions[0]}}}), text_of({{"", {query.questions[1]}}}))
        << query.name;
  }
}

TEST(BenchQueryList, PatternsMeanWhatTheirRegexesSay) {
  std::vector<std::string> messages;
  ASSERT_TRUE(for_each_record(corpus_options(), 1000, [&](const CorpusRecord& record) {
    messages.push_back(record.message);
  }));
  std::size_t patterns = 0;
  for (const BenchQuery& query : list_of()) {
    const auto& pattern = query.questions[0].filter.pattern;
    if (!pattern) continue;
    ++patterns;
    const std::regex regex(pattern->regex.substr(1, pattern->regex.size() - 2));
    std::size_t held = 0;
    for (const std::string& message : messages) {
      ASSERT_EQ(pattern->holds(message), std::regex_search(message, regex)) << message;
      held += pattern->holds(message) ? 1 : 0;
    }
    EXPECT_GT(held, 0U) << query.name;
    EXPECT_LT(held, messages.size()) << query.name;
  }
  EXPECT_EQ(patterns, 3U);
}

/// Answers as the corpus would have it, question by question in the order of the list.
class FakeStore final : public QueryStore {
 public:
  FakeStore()
      : list_(list_of()),
        expected_(*Expectations::find(list_, corpus_options(), kRecords, whole())) {
    for (const BenchQuery& query : list_) {
      for (const Question& question : query.questions) answers_.push_back(expected_.of(question));
    }
  }
  Result<StoreCall> prepare(const Question& question) override {
    return StoreCall{duramen_query(question), std::to_string(prepared_++), question.shape};
  }
  Result<StoreAnswer> ask(const StoreCall& call) override {
    const Expected& expected = answers_[std::stoul(call.target)];
    StoreAnswer out;
    out.rows = expected.rows.value_or(0);
    out.count = expected.count;
    out.digest = unsteady ? ++asked_ : 0;
    return out;
  }
  Result<std::optional<StoreRead>> read_of(const Question&) override {
    return std::optional<StoreRead>();
  }
  Result<std::uint64_t> make_cold() override { return std::uint64_t{0}; }
  Result<ProcessUse> use() const override { return ProcessUse(); }

  /// Answers of the first query with this name.
  std::vector<Expected*> answers(const std::string& name) {
    std::vector<Expected*> out;
    std::size_t i = 0;
    for (const BenchQuery& query : list_) {
      for (std::size_t k = 0; k < query.questions.size(); ++k, ++i) {
        if (query.name == name) out.push_back(&answers_[i]);
      }
    }
    return out;
  }
  bool unsteady = false;

 private:
  static TimeRange whole() {
    const Terms terms = *find_terms(corpus_options(), kRecords, kRuns + 1);
    return {terms.first, terms.last + 1};
  }
  std::vector<BenchQuery> list_;
  Expectations expected_;
  std::vector<Expected> answers_;
  std::size_t prepared_ = 0;
  std::uint64_t asked_ = 0;
};

Result<std::vector<QueryFigures>> run(FakeStore& store) {
  return run_queries(store, corpus_options(), kRecords, kRuns);
}

TEST(BenchQueries, TakeAnswersThatTheCorpusKnows) {
  FakeStore store;
  EXPECT_EQ(store.answers("absent word")[0]->rows, 0U);
  EXPECT_EQ(store.answers("absent token")[0]->rows, 0U);
  EXPECT_GE(store.answers("trace id")[0]->rows.value(), 1U);
  EXPECT_GE(store.answers("uuid")[1]->rows.value(), 1U);
  EXPECT_EQ(store.answers("count")[2]->count, kRecords);
  EXPECT_EQ(store.answers("export")[0]->rows, kRecords);
  EXPECT_EQ(store.answers("count by label")[0]->rows, 16U);
  EXPECT_EQ(store.answers("json top values")[0]->rows, 10U);
  const auto figures = run(store);
  ASSERT_TRUE(figures) << figures.error().message;
  EXPECT_EQ(figures->size(), list_of().size());
  EXPECT_EQ(figures->front().warm_seconds.size(), kRuns);
  EXPECT_THAT(queries_table(*figures), HasSubstr("json quantiles"));
  EXPECT_EQ(queries_json(*figures).size(), figures->size());
}

TEST(BenchQueries, RefuseAWrongCountOfAWarmRun) {
  FakeStore store;
  ++*store.answers("phrase")[1]->count;
  const auto figures = run(store);
  ASSERT_FALSE(figures);
  EXPECT_EQ(figures.error().code, ErrorCode::kInternal);
  EXPECT_THAT(figures.error().message, HasSubstr("query 'phrase'"));
  EXPECT_THAT(figures.error().message, HasSubstr("count"));
}

TEST(BenchQueries, RefuseAMissingRowOfAColdRun) {
  FakeStore store;
  --*store.answers("export")[0]->rows;
  const auto figures = run(store);
  ASSERT_FALSE(figures);
  EXPECT_THAT(figures.error().message, HasSubstr("the answer has rows: 4999, the corpus 5000"));
}

TEST(BenchQueries, RefuseAnAnswerThatIsAnotherOneWhenAskedAgain) {
  FakeStore store;
  store.unsteady = true;
  const auto figures = run(store);
  ASSERT_FALSE(figures);
  EXPECT_THAT(figures.error().message, HasSubstr("asked again"));
}

TEST(BenchQueries, RefuseACorpusWithoutTerms) {
  FakeStore store;
  const auto figures = run_queries(store, corpus_options(), 3, kRuns);
  ASSERT_FALSE(figures);
  EXPECT_EQ(figures.error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace duramen::bench
