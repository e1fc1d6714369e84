#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "query/engine.h"
#include "tests/query/fake_store.h"

namespace duramen::query {

struct Answer {
  std::vector<std::string> lines;
  QueryEnd end;

  std::vector<nlohmann::json> rows() const {
    std::vector<nlohmann::json> out;
    for (const std::string& line : lines) out.push_back(nlohmann::json::parse(line));
    return out;
  }
  /// The values of one key, `-` where it is absent; strings as they are, all else as JSON.
  std::vector<std::string> column(std::string_view key) const {
    std::vector<std::string> out;
    for (const nlohmann::json& row : rows()) {
      const auto found = row.find(key);
      if (found == row.end()) {
        out.emplace_back("-");
      } else {
        out.push_back(found->is_string() ? found->get<std::string>() : found->dump());
      }
    }
    return out;
  }
};

class QueryTest : public testing::Test {
 protected:
  QueryTest() { make_engine({}); }

  void make_engine(const QueryLimits& limits) { make_engine(store_, limits); }
  void make_engine(store::Store& store, QueryLimits limits) {
    engine_ = make_query_engine(store, nullptr, limits, clock_, metrics_);
    limits.read = ReadMode::kRows;
    plain_engine_ = make_query_engine(store, nullptr, limits, clock_, plain_metrics_);
  }

  Result<Answer> try_run(const QueryRequest& request) { return try_run(*engine_, request); }
  static Result<Answer> try_run(QueryEngine& engine, const QueryRequest& request) {
    DURAMEN_TRY(const auto query, engine.start(request));
    Answer answer;
    DURAMEN_TRY(answer.end, query->run([&](std::string_view line) -> Result<void> {
      answer.lines.emplace_back(line);
      return {};
    }));
    return answer;
  }
  static QueryRequest oldest_first(std::string q) {
    QueryRequest request;
    request.q = std::move(q);
    request.order = Order::kOldestFirst;
    request.limit = 0;
    return request;
  }
  /// Also asks the engine that decodes and looks at every row: it must answer the same.
  Answer run(const QueryRequest& request) {
    auto answer = try_run(request);
    EXPECT_TRUE(answer) << request.q << ": " << answer.error().message;
    const auto plain = try_run(*plain_engine_, request);
    EXPECT_EQ(plain.has_value(), answer.has_value()) << request.q;
    if (plain && answer) {
      EXPECT_EQ(answer->lines, plain->lines) << request.q;
      EXPECT_EQ(answer->end.cursor, plain->end.cursor) << request.q;
      EXPECT_EQ(answer->end.warnings, plain->end.warnings) << request.q;
      EXPECT_EQ(answer->end.hint, plain->end.hint) << request.q;
    }
    return answer ? *std::move(answer) : Answer{};
  }
  /// Everything, oldest first.
  Answer run(std::string q) { return run(oldest_first(std::move(q))); }
  std::vector<std::string> messages(std::string q) { return run(std::move(q)).column("_msg"); }

  ManualClock clock_{FakeStore::kReceived};
  MetricRegistry metrics_;
  FakeStore store_;
  std::unique_ptr<QueryEngine> engine_;
  MetricRegistry plain_metrics_;
  std::unique_ptr<QueryEngine> plain_engine_;
};

using Strings = std::vector<std::string>;

}  // namespace duramen::query
