#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/result.h"
#include "query/ast.h"
#include "query/plan_report.h"
#include "query/record_name.h"
#include "store/store.h"

namespace duramen::index {
class Index;
}

namespace duramen::query {

enum class Order { kNewestFirst, kOldestFirst };

/// Lines around one record (query/context.h).
struct ContextRequest {
  RecordName record;
  std::uint64_t before = 10;  ///< rows of its stream
  std::uint64_t after = 10;
};

struct TimeSpan {
  TimeNs first = 0;
  TimeNs last = 0;  ///< inclusive
};

struct QueryRequest {
  std::string q;                       ///< docs/query.md; empty means `*`
  std::optional<TimeNs> start;         ///< inclusive
  std::optional<TimeNs> end;           ///< exclusive
  std::optional<std::uint64_t> limit;  ///< rows of the answer; none: the default (100), 0: no limit
  Order order = Order::kNewestFirst;
  /// From an earlier answer's end; q and order must be the same. The range is that of the first
  /// page, whatever start and end say now: relative ones have moved on.
  std::string cursor;
  std::optional<TimeNs> timeout;  ///< none: the engine's limit; never above it
  /// What the answer is made of, when that is not said in q: then q is a filter alone.
  std::vector<Pipe> pipes;
  bool explain = false;  ///< finds out what each condition does by itself
  /// Asks for this instead of q; order, limit and cursor have no part in it.
  std::optional<ContextRequest> context;
};

/// How blocks are read.
enum class ReadMode : std::uint8_t {
  kColumns,  ///< only the columns that a query needs; whole templates are decided at once
  kRows,     ///< every row is decoded and looked at: simple, slow, and what the other must equal
};

struct QueryLimits {
  std::uint32_t concurrent = 16;              ///< running at once; one more gets kResourceExhausted
  std::uint64_t memory_bytes = 256ULL << 20;  ///< state of one query (kept rows, groups)
  TimeNs timeout = 60 * kNsPerSecond;
  TimeNs slow = 5 * kNsPerSecond;  ///< a query that takes as long is named in the log
  std::uint64_t default_limit = 100;
  std::uint64_t max_query_bytes = 64 * 1024;
  ReadMode read = ReadMode::kColumns;  ///< kRows only in tests and benchmarks
};

struct QueryEnd {
  std::uint64_t rows = 0;          ///< in this answer
  std::uint64_t matched_rows = 0;  ///< of those that were looked at
  std::uint64_t scanned_rows = 0;
  std::uint64_t scanned_bytes = 0;
  std::string cursor;    ///< empty: nothing follows
  bool partial = false;  ///< something could not be read; see warnings
  std::vector<std::string> warnings;
  std::string hint;  ///< for an empty answer in a narrowed range: where matches are
};

struct QueryInfo {
  std::uint64_t id = 0;
  std::string q;
  TimeNs started = 0;
  std::uint64_t scanned_rows = 0;
  std::uint64_t scanned_bytes = 0;
  std::uint64_t scan_units = 0;  ///< blocks and open batches read
  std::uint64_t scan_units_total = 0;
  std::uint64_t memory_bytes = 0;
};

/// Takes answer lines: one complete JSON object each, without the line end. An error stops the
/// query (kCancelled when the client went away). May block: that is the backpressure.
using LineWriter = std::function<Result<void>(std::string_view json_object)>;

/// How a query ran.
struct Explanation {
  std::string query;  ///< its canonical text
  PlanReport plan;
  std::uint64_t units = 0;   ///< blocks and batches of open rows that were read, and
  std::uint64_t blocks = 0;  ///< blocks alone; one that is read twice counts twice
  std::uint64_t frames = 0;  ///< of blocks, expanded
  std::uint64_t bytes = 0;   ///< of blocks as they are stored, of open rows as text
  std::uint64_t rows = 0;    ///< looked at
  std::uint64_t matched = 0;
  TimeNs took = 0;
};

/// A parsed and admitted query, listed until it is destroyed.
/// Threading: run() once, on any thread that may block; cancel() from any thread.
class RunningQuery {
 public:
  RunningQuery() = default;
  RunningQuery(const RunningQuery&) = delete;
  RunningQuery& operator=(const RunningQuery&) = delete;
  RunningQuery(RunningQuery&&) = delete;
  RunningQuery& operator=(RunningQuery&&) = delete;
  virtual ~RunningQuery() = default;
  virtual std::uint64_t id() const = 0;
  /// Errors: kCancelled, kDeadlineExceeded, kResourceExhausted (memory limit: says which stage,
  /// how much, what to do), kInvalidArgument (found only while running, such as a bad capture),
  /// kNotFound and kDataLoss (of a context: the record).
  virtual Result<QueryEnd> run(const LineWriter& write) = 0;
  virtual void cancel() = 0;
  /// After run().
  virtual Explanation explain() const = 0;
  /// Whether it may go on, for who waits on its behalf. Errors: kCancelled, kDeadlineExceeded.
  /// Threading: any thread.
  virtual Result<void> check() const = 0;
};

/// Parses, admits, runs, lists and stops queries against one store.
/// Threading: any thread. Ownership: store, index, clock and metrics outlive it.
class QueryEngine {
 public:
  QueryEngine() = default;
  QueryEngine(const QueryEngine&) = delete;
  QueryEngine& operator=(const QueryEngine&) = delete;
  QueryEngine(QueryEngine&&) = delete;
  QueryEngine& operator=(QueryEngine&&) = delete;
  virtual ~QueryEngine() = default;

  /// Everything that can be refused is refused here, before a byte is answered.
  /// Errors: kInvalidArgument (`column 17: expected a value after 'status:>='`; a bad range; a
  /// cursor of another query or another store), kOutOfRange (the query is too long),
  /// kResourceExhausted (too many run).
  virtual Result<std::shared_ptr<RunningQuery>> start(const QueryRequest& request) = 0;
  /// Oldest and newest event time of what is stored now, nothing when the store is empty. Does not
  /// read the disk.
  virtual std::optional<TimeSpan> times() const = 0;
  virtual std::vector<QueryInfo> list() const = 0;
  /// False when no such query runs.
  virtual bool cancel(std::uint64_t id) = 0;
  virtual void cancel_all() = 0;
};

/// Without an index every block in the time range is read.
std::unique_ptr<QueryEngine> make_query_engine(store::Store& store, const index::Index* index,
                                               QueryLimits limits, const Clock& clock,
                                               MetricRegistry& metrics);

}  // namespace duramen::query
