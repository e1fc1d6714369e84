#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "query/language/ast.h"
#include "query/rows/record_name.h"

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

/// Takes answer lines: one complete JSON object each, without the line end. An error stops the
/// query (kCancelled when the client went away). May block: that is the backpressure.
using LineWriter = std::function<Result<void>(std::string_view json_object)>;

}  // namespace duramen::query
