#include "tools/bench/queries.h"

#include <algorithm>
#include <chrono>

#include "tools/bench/expected.h"
#include "tools/bench/query_list.h"
#include "tools/bench/terms.h"

namespace duramen::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

struct TimedAnswer {
  StoreAnswer answer;
  double seconds = 0;
};

Result<TimedAnswer> ask(QueryStore& store, const StoreCall& call) {
  const auto begin = SteadyClock::now();
  DURAMEN_TRY(StoreAnswer answer, store.ask(call));
  const std::chrono::duration<double> took = SteadyClock::now() - begin;
  return TimedAnswer{answer, took.count()};
}

Error wrong(const std::string& what, std::uint64_t answered, std::uint64_t expected) {
  return {ErrorCode::kInternal, "the answer has " + what + " " + std::to_string(answered) +
                                    ", the corpus " + std::to_string(expected)};
}

Result<void> check(const StoreAnswer& answer, const Expected& expected) {
  if (expected.rows && answer.rows != *expected.rows) {
    return wrong("rows:", answer.rows, *expected.rows);
  }
  if (expected.count && answer.count != expected.count) {
    return wrong("count:", answer.count.value_or(0), *expected.count);
  }
  return {};
}

/// Measures one query of the list.
class QueryRun {
 public:
  QueryRun(QueryStore& store, const BenchQuery& query, const Expectations& expected)
      : store_(store), query_(query), expected_(expected) {
    figures_.name = query.name;
  }

  Result<QueryFigures> run() && {
    auto done = measure();
    if (done) return std::move(figures_);
    return std::move(done).error().with("query '" + query_.name + "', " + asked_);
  }

 private:
  Result<void> measure() {
    std::vector<StoreCall> calls;
    for (const Question& question : query_.questions) {
      DURAMEN_TRY(StoreCall call, store_.prepare(question));
      calls.push_back(std::move(call));
    }
    figures_.text = calls[0].text;
    figures_.target = calls[0].target;
    DURAMEN_TRY_VOID(run_cold(calls[0]));
    DURAMEN_TRY_VOID(run_warm(calls));
    DURAMEN_TRY(figures_.read, store_.read_of(query_.questions[0]));
    return {};
  }

  Result<void> run_cold(const StoreCall& call) {
    DURAMEN_TRY(figures_.cached_bytes, store_.make_cold());
    DURAMEN_TRY(const TimedAnswer cold, ask_checked(call, query_.questions[0]));
    figures_.cold_seconds = cold.seconds;
    figures_.answer = cold.answer;
    DURAMEN_TRY(const TimedAnswer again, ask_checked(call, query_.questions[0]));
    if (again.answer.digest == cold.answer.digest) return {};
    return Error{ErrorCode::kInternal, "the answer is another one when it is asked again"};
  }

  Result<void> run_warm(const std::vector<StoreCall>& calls) {
    DURAMEN_TRY(const ProcessUse before, store_.use());
    for (std::size_t i = 1; i < calls.size(); ++i) {
      DURAMEN_TRY(const TimedAnswer warm, ask_checked(calls[i], query_.questions[i]));
      figures_.warm_seconds.push_back(warm.seconds);
    }
    DURAMEN_TRY(const ProcessUse after, store_.use());
    const auto runs = static_cast<double>(calls.size() - 1);
    figures_.cpu_seconds = (after.cpu_seconds - before.cpu_seconds) / runs;
    figures_.peak_memory_bytes = after.peak_memory_bytes;
    std::sort(figures_.warm_seconds.begin(), figures_.warm_seconds.end());
    return {};
  }

  Result<TimedAnswer> ask_checked(const StoreCall& call, const Question& question) {
    asked_ = call.text;
    DURAMEN_TRY(TimedAnswer timed, ask(store_, call));
    DURAMEN_TRY_VOID(check(timed.answer, expected_.of(question)));
    return timed;
  }

  QueryStore& store_;
  const BenchQuery& query_;
  const Expectations& expected_;
  QueryFigures figures_;
  std::string asked_;  ///< last
};

}  // namespace

double QueryFigures::warm_median_seconds() const {
  const std::size_t size = warm_seconds.size();
  if (size == 0) return 0;
  return (warm_seconds[(size - 1) / 2] + warm_seconds[size / 2]) / 2;
}

Result<std::vector<QueryFigures>> run_queries(QueryStore& store, const CorpusOptions& corpus,
                                              std::uint64_t records, unsigned runs) {
  const std::size_t variants = runs + std::size_t{1};
  DURAMEN_TRY(const Terms terms, find_terms(corpus, records, variants));
  const std::vector<BenchQuery> list = make_query_list(terms, variants);
  DURAMEN_TRY(const Expectations expected,
              Expectations::find(list, corpus, records, {terms.first, terms.last + 1}));
  std::vector<QueryFigures> out;
  for (const BenchQuery& query : list) {
    DURAMEN_TRY(QueryFigures figures, QueryRun(store, query, expected).run());
    out.push_back(std::move(figures));
  }
  return out;
}

}  // namespace duramen::bench
