#include "query/engine.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/mutex.h"
#include "base/time_text.h"
#include "query/context.h"
#include "query/cursor.h"
#include "query/executor.h"
#include "query/language/parser.h"
#include "query/progress.h"
#include "query/slow_log.h"

namespace duramen::query {
namespace {

struct Running {
  Running(std::uint64_t number, std::string text, const Clock& clock, TimeNs timeout,
          std::uint64_t memory)
      : id(number), q(std::move(text)), progress(clock, timeout, memory) {}
  const std::uint64_t id;
  const std::string q;
  Progress progress;
};

/// The queries that are admitted and not yet gone. Shared by the engine, its queries and the
/// metrics, whichever lives longest. Threading: any thread.
class Registry {
 public:
  explicit Registry(std::uint32_t limit) : limit_(limit) {}

  Result<std::shared_ptr<Running>> add(std::string q, const Clock& clock, TimeNs timeout,
                                       std::uint64_t memory) {
    const MutexLock lock(mutex_);
    if (running_.size() >= limit_) {
      return Error{ErrorCode::kResourceExhausted, std::to_string(running_.size()) +
                                                      " queries are running, as many as may; "
                                                      "try again, or stop one"};
    }
    auto running = std::make_shared<Running>(++last_id_, std::move(q), clock, timeout, memory);
    running_.emplace(running->id, running);
    return running;
  }
  std::uint64_t new_id() {
    const MutexLock lock(mutex_);
    return ++last_id_;
  }
  void remove(std::uint64_t id) {
    const MutexLock lock(mutex_);
    running_.erase(id);
  }
  std::shared_ptr<Running> find(std::uint64_t id) const {
    const MutexLock lock(mutex_);
    const auto found = running_.find(id);
    return found == running_.end() ? nullptr : found->second;
  }
  std::vector<std::shared_ptr<Running>> all() const {
    const MutexLock lock(mutex_);
    std::vector<std::shared_ptr<Running>> out;
    for (const auto& [id, running] : running_) out.push_back(running);
    return out;
  }

 private:
  const std::uint32_t limit_;
  mutable Mutex mutex_;
  std::uint64_t last_id_ DURAMEN_GUARDED_BY(mutex_) = 0;
  std::map<std::uint64_t, std::shared_ptr<Running>> running_ DURAMEN_GUARDED_BY(mutex_);
};

/// Its entry in the registry, for as long as the query lives.
class Admission {
 public:
  Admission(std::shared_ptr<Registry> registry, std::shared_ptr<Running> running)
      : registry_(std::move(registry)), running_(std::move(running)) {}
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;
  Admission(Admission&&) = delete;
  Admission& operator=(Admission&&) = delete;
  ~Admission() { registry_->remove(running_->id); }
  Running& running() const { return *running_; }

 private:
  const std::shared_ptr<Registry> registry_;
  const std::shared_ptr<Running> running_;
};

struct Meters {
  explicit Meters(MetricRegistry& registry)
      : metrics(registry),
        seconds(registry.histogram("duramen_query_seconds", "Time from admission to the end.")),
        rows(registry.counter("duramen_query_scanned_rows_total", "Rows looked at by queries.")),
        bytes(registry.counter("duramen_query_scanned_bytes_total",
                               "Text bytes decoded by queries.")) {}
  void count(std::string_view outcome) {
    metrics
        .counter("duramen_queries_total", "Queries by how they ended.",
                 {{"outcome", std::string(outcome)}})
        .add();
  }
  MetricRegistry& metrics;
  LatencyHistogram& seconds;
  Counter& rows;
  Counter& bytes;
};

std::string_view outcome(const Result<QueryEnd>& result) {
  if (result) return result->partial ? "partial" : "ok";
  switch (result.error().code) {
    case ErrorCode::kCancelled:
      return "cancelled";
    case ErrorCode::kDeadlineExceeded:
      return "timeout";
    case ErrorCode::kResourceExhausted:
      return "memory";
    default:
      return "error";
  }
}

class AdmittedQuery final : public RunningQuery {
 public:
  AdmittedQuery(std::unique_ptr<Admission> admission, Execution execution,
                std::shared_ptr<Meters> meters, TimeNs slow)
      : admission_(std::move(admission)),
        execution_(std::move(execution)),
        meters_(std::move(meters)),
        slow_(slow) {}

  std::uint64_t id() const override { return admission_->running().id; }
  Explanation explain() const override {
    const Progress& progress = admission_->running().progress;
    return {to_text(execution_.query), report_,         progress.units,
            progress.blocks,           progress.frames, progress.scanned_bytes,
            progress.scanned_rows,     matched_,        took_};
  }
  void cancel() override { admission_->running().progress.cancel(); }
  Result<void> check() const override { return admission_->running().progress.check(); }

  Result<QueryEnd> run(const LineWriter& write) override {
    if (ran_.exchange(true)) return Error{ErrorCode::kInternal, "a query runs only once"};
    Progress& progress = admission_->running().progress;
    auto result = execution_.request.context ? execute_context(execution_, progress, write)
                                             : execute(execution_, progress, write, report_);
    took_ = progress.elapsed();
    if (result) matched_ = result->matched_rows;
    meters_->count(outcome(result));
    meters_->seconds.observe(static_cast<double>(took_) / static_cast<double>(kNsPerSecond));
    meters_->rows.add(progress.scanned_rows);
    meters_->bytes.add(progress.scanned_bytes);
    if (took_ >= slow_) log_slow(execution_, report_, progress, id(), outcome(result));
    return result;
  }

 private:
  const std::unique_ptr<Admission> admission_;
  const Execution execution_;
  const std::shared_ptr<Meters> meters_;
  PlanReport report_;
  std::uint64_t matched_ = 0;
  TimeNs took_ = 0;
  const TimeNs slow_;
  std::atomic<bool> ran_{false};
};

Result<void> check_range(const QueryRequest& request) {
  if (request.start && request.end && *request.start >= *request.end) {
    return Error{ErrorCode::kInvalidArgument,
                 "the range is empty: its start " + to_rfc3339(*request.start) +
                     " is not before its end " + to_rfc3339(*request.end)};
  }
  if (request.timeout && *request.timeout <= 0) {
    return Error{ErrorCode::kInvalidArgument, "the timeout must be longer than nothing"};
  }
  return {};
}

/// What stands for a context among queries: the list of running ones, the log.
std::string context_query(const ContextRequest& context) {
  return "_seq:\"" + to_text(context.record) + "\"";
}

Result<void> add_pipes(Query& query, const std::vector<Pipe>& pipes) {
  if (pipes.empty()) return {};
  if (!query.pipes.empty()) {
    return Error{ErrorCode::kInvalidArgument,
                 "only a filter can be asked for here; leave out the pipes, from the first '|' on"};
  }
  query.pipes = pipes;
  return {};
}

Result<void> check_cursor(const Cursor& cursor, const Execution& execution) {
  const auto refuse = [](std::string_view why) {
    return Error{ErrorCode::kInvalidArgument, "cursor: " + std::string(why)};
  };
  if (!is_pageable(execution.query)) {
    return refuse("a query with head, sort, stats or top has no pages");
  }
  if (cursor.store_id != execution.store_id) {
    return refuse("it belongs to another store (" + cursor.store_id + ", this is " +
                  execution.store_id + ")");
  }
  if (cursor.query != hash_request(execution.request)) {
    return refuse("it belongs to another query: text and order must be the same");
  }
  if (cursor.snapshot > execution.snapshot->seq()) {
    return refuse("it belongs to a later state of this store");
  }
  return {};
}

std::optional<TimeSpan> times_of(const store::Snapshot& snapshot) {
  std::optional<TimeSpan> out;
  const auto widen = [&out](TimeNs first, TimeNs last) {
    out = out ? TimeSpan{std::min(out->first, first), std::max(out->last, last)}
              : TimeSpan{first, last};
  };
  for (const store::BlockRef& block : snapshot.blocks()) {
    widen(block.summary.min_time, block.summary.max_time);
  }
  for (const model::RowSet& rows : snapshot.open_rows()) {
    for (const TimeNs time : rows.records().time) widen(time, time);
  }
  return out;
}

class Engine final : public QueryEngine {
 public:
  Engine(store::Store& store, const index::Index* index, const QueryLimits& limits,
         const Clock& clock, MetricRegistry& metrics)
      : store_(store),
        index_(index),
        limits_(limits),
        clock_(clock),
        meters_(std::make_shared<Meters>(metrics)),
        registry_(std::make_shared<Registry>(limits.concurrent)) {
    metrics.gauge("duramen_queries_running", "Queries admitted and not ended.", {},
                  [registry = registry_] { return static_cast<double>(registry->all().size()); });
  }

  Result<std::shared_ptr<RunningQuery>> start(const QueryRequest& request) override {
    auto started = admit(request);
    if (!started) meters_->count("refused");
    return started;
  }

  std::optional<TimeSpan> times() const override { return times_of(*store_.snapshot()); }

  std::uint64_t new_id() override { return registry_->new_id(); }

  std::vector<QueryInfo> list() const override {
    std::vector<QueryInfo> out;
    for (const auto& running : registry_->all()) {
      const Progress& progress = running->progress;
      out.push_back({running->id, running->q, progress.started(), progress.scanned_rows,
                     progress.scanned_bytes, progress.units, progress.units_total,
                     progress.memory()});
    }
    return out;
  }

  bool cancel(std::uint64_t id) override {
    const auto running = registry_->find(id);
    if (running == nullptr) return false;
    running->progress.cancel();
    return true;
  }

  void cancel_all() override {
    for (const auto& running : registry_->all()) running->progress.cancel();
  }

 private:
  Result<std::shared_ptr<RunningQuery>> admit(const QueryRequest& request) {
    if (request.q.size() > limits_.max_query_bytes) {
      return Error{ErrorCode::kOutOfRange, "the query has " + std::to_string(request.q.size()) +
                                               " bytes, the limit is " +
                                               std::to_string(limits_.max_query_bytes)};
    }
    Execution execution;
    const std::string q = request.context ? context_query(*request.context) : request.q;
    DURAMEN_TRY(execution.query, parse_query(q));
    DURAMEN_TRY_VOID(add_pipes(execution.query, request.pipes));
    DURAMEN_TRY_VOID(check_range(request));
    execution.request = request;
    execution.limit = request.limit.value_or(limits_.default_limit);
    execution.store_id = store_.store_id();
    execution.read = limits_.read;
    execution.index = index_;
    const TimeNs timeout = std::min(request.timeout.value_or(limits_.timeout), limits_.timeout);
    DURAMEN_TRY(auto running, registry_->add(q, clock_, timeout, limits_.memory_bytes));
    auto admission = std::make_unique<Admission>(registry_, std::move(running));
    execution.snapshot = store_.snapshot();
    if (!request.cursor.empty()) {
      DURAMEN_TRY(execution.after, Cursor::from_text(request.cursor));
      DURAMEN_TRY_VOID(check_cursor(*execution.after, execution));
      execution.request.start = execution.after->start;
      execution.request.end = execution.after->end;
    }
    return std::shared_ptr<RunningQuery>(std::make_shared<AdmittedQuery>(
        std::move(admission), std::move(execution), meters_, limits_.slow));
  }

  store::Store& store_;
  const index::Index* const index_;
  const QueryLimits limits_;
  const Clock& clock_;
  const std::shared_ptr<Meters> meters_;
  const std::shared_ptr<Registry> registry_;
};

}  // namespace

std::unique_ptr<QueryEngine> make_query_engine(store::Store& store, const index::Index* index,
                                               QueryLimits limits, const Clock& clock,
                                               MetricRegistry& metrics) {
  return std::make_unique<Engine>(store, index, limits, clock, metrics);
}

}  // namespace duramen::query
