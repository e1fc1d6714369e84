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
#include "query/request.h"
#include "query/scan/plan_report.h"
#include "store/store.h"

namespace duramen::index {
class Index;
}

namespace duramen::query {

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
  /// A number that no query has or gets: for what is listed beside them.
  virtual std::uint64_t new_id() = 0;
  /// False when no such query runs.
  virtual bool cancel(std::uint64_t id) = 0;
  virtual void cancel_all() = 0;
};

/// Without an index every block in the time range is read.
std::unique_ptr<QueryEngine> make_query_engine(store::Store& store, const index::Index* index,
                                               QueryLimits limits, const Clock& clock,
                                               MetricRegistry& metrics);

}  // namespace duramen::query
