#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "query/engine.h"
#include "tests/store/store_without_deletions.h"

namespace duramen::api {

/// A store whose answers the test sets.
class FakeStore final : public store::StoreWithoutDeletions {
 public:
  void append(model::AppendRequest request, Done done) override {
    appended_rows += request.records->rows();
    if (append_error) {
      done(*append_error);
      return;
    }
    done(model::AppendAck{model::Seq(1), model::Seq(request.records->rows()), model::NodeId(0xabc),
                          false});
  }
  std::shared_ptr<const store::Snapshot> snapshot() override { return nullptr; }
  model::Seq durable() const override { return status_now.durable; }
  store::OpenRows open_rows_after(model::Seq) const override { return {}; }
  void set_durable_listener(std::function<void()>) override {}
  std::vector<store::Incarnation> incarnations() const override { return incarnations_now; }
  Result<void> seal() override {
    ++seals;
    if (seal_error) return *seal_error;
    return {};
  }
  Result<model::Seq> checkpoint(const std::string& directory) override {
    return on_checkpoint ? on_checkpoint(directory) : model::Seq(0);
  }
  store::StoreStatus status() override {
    ++statuses;
    return status_now;
  }
  std::optional<std::string> writes_refused() const override { return status_now.writes_refused; }
  std::string store_id() const override { return "5709e1d"; }
  model::BlockId block_end() const override { return model::BlockId(1); }
  Result<store::VerifyReport> verify(
      const std::function<void(std::uint64_t, std::uint64_t)>& progress) override {
    progress(1, 2);
    progress(2, 2);
    return report;
  }
  void set_retention(store::Retention) override {}
  Result<std::vector<std::string>> enforce_retention() override {
    return std::vector<std::string>();
  }
  std::vector<store::Cursor> cursors() const override { return status_now.cursors; }
  Result<store::Cursor> put_cursor(const std::string& name, model::Seq position,
                                   std::optional<bool> hold) override {
    if (!store::is_cursor_name(name)) return Error{ErrorCode::kInvalidArgument, "a bad name"};
    store::Cursor cursor;
    cursor.name = name;
    for (const store::Cursor& before : status_now.cursors) {
      if (before.name == name) cursor = before;
    }
    cursor.position = position;
    cursor.hold = hold.value_or(cursor.hold);
    (void)remove_cursor(name).has_value();
    return status_now.cursors.emplace_back(cursor);
  }
  Result<void> remove_cursor(const std::string& name) override {
    if (std::erase_if(status_now.cursors, [&](const auto& c) { return c.name == name; }) == 0) {
      return Error{ErrorCode::kNotFound, "there is no cursor " + name};
    }
    return {};
  }
  void interrupt() override {}
  void close() override {}

  std::vector<store::Incarnation> incarnations_now;
  std::function<Result<model::Seq>(const std::string&)> on_checkpoint;
  std::optional<Error> append_error;
  std::optional<Error> seal_error;
  std::size_t appended_rows = 0;
  int seals = 0;
  int statuses = 0;
  store::StoreStatus status_now;
  store::VerifyReport report;
};

/// Gives set rows, then ends as the test says. Remembers what it was asked.
class FakeEngine final : public query::QueryEngine {
 public:
  class Query final : public query::RunningQuery {
   public:
    explicit Query(FakeEngine& engine) : engine_(engine) {}
    std::uint64_t id() const override { return 7; }
    Result<query::QueryEnd> run(const query::LineWriter& write) override {
      for (const auto& row : engine_.rows) {
        if (engine_.cancelled) return Error{ErrorCode::kCancelled, "cancelled"};
        DURAMEN_TRY_VOID(write(row));
      }
      if (engine_.run_error) return *engine_.run_error;
      query::QueryEnd answered = engine_.end;
      answered.rows = engine_.rows.size();
      return answered;
    }
    void cancel() override { engine_.cancelled = true; }
    query::Explanation explain() const override { return engine_.explanation; }
    Result<void> check() const override {
      if (engine_.cancelled) return Error{ErrorCode::kCancelled, "cancelled"};
      return {};
    }

   private:
    FakeEngine& engine_;
  };

  Result<std::shared_ptr<query::RunningQuery>> start(const query::QueryRequest& request) override {
    asked = request;
    if (start_error) return *start_error;
    return std::shared_ptr<query::RunningQuery>(std::make_shared<Query>(*this));
  }
  std::optional<query::TimeSpan> times() const override { return stored_times; }
  std::vector<query::QueryInfo> list() const override { return running; }
  std::uint64_t new_id() override { return ++last_id; }
  bool cancel(std::uint64_t id) override {
    stopped.push_back(id);
    return std::any_of(running.begin(), running.end(),
                       [&](const query::QueryInfo& info) { return info.id == id; });
  }
  void cancel_all() override { cancelled = true; }

  query::QueryRequest asked;
  std::vector<std::string> rows;
  query::QueryEnd end;
  query::Explanation explanation;
  std::optional<Error> start_error;
  std::optional<Error> run_error;
  std::optional<query::TimeSpan> stored_times;
  std::vector<query::QueryInfo> running;
  std::vector<std::uint64_t> stopped;
  bool cancelled = false;
  std::uint64_t last_id = 1000;
};

}  // namespace duramen::api
