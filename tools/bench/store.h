#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "tools/bench/daemon.h"
#include "tools/bench/question.h"

namespace duramen::bench {

/// A question as one store is asked it.
struct StoreCall {
  std::string text;    ///< for people
  std::string target;  ///< path and parameters of a GET
  Shape shape = Shape::kRows;
};

struct StoreAnswer {
  std::uint64_t rows = 0;              ///< or groups, buckets, values
  std::optional<std::uint64_t> count;  ///< the one number, or the sum of all numbers
  std::uint64_t body_bytes = 0;
  std::uint64_t digest = 0;  ///< equal for equal rows in equal order
  std::optional<std::uint64_t> read_rows;
  std::optional<std::uint64_t> read_bytes;
};

/// What a question makes a store read, where it can say so.
struct StoreRead {
  std::uint64_t units = 0;  ///< blocks or the like
  std::uint64_t bytes = 0;
  std::uint64_t index_bytes = 0;
};

/// A store that is measured. It holds the corpus already.
/// Threading: none. Blocking: until the store has answered. Errors: kUnavailable (the store or the
/// way to it), kInternal (an answer that is not whole or not understood).
class QueryStore {
 public:
  QueryStore() = default;
  QueryStore(const QueryStore&) = delete;
  QueryStore& operator=(const QueryStore&) = delete;
  QueryStore(QueryStore&&) = delete;
  QueryStore& operator=(QueryStore&&) = delete;
  virtual ~QueryStore() = default;

  /// Not timed: may ask the store for what the call needs, such as the name of a record.
  virtual Result<StoreCall> prepare(const Question& question) = 0;
  /// The whole answer, read to its end: this is what is timed.
  virtual Result<StoreAnswer> ask(const StoreCall& call) = 0;
  /// Not timed. Nothing when the store cannot tell it of such a question.
  virtual Result<std::optional<StoreRead>> read_of(const Question& question) = 0;
  /// Stops the store, empties the page cache of its files, and starts it again. Gives the bytes of
  /// its files that stayed in memory.
  virtual Result<std::uint64_t> make_cold() = 0;
  virtual Result<ProcessUse> use() const = 0;
};

}  // namespace duramen::bench
