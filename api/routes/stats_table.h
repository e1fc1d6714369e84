#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/http.h"
#include "query/engine.h"

namespace duramen::api {

/// Gathers rows (JSON objects as the query engine writes them) into one JSON table,
/// `{"columns":[…],"rows":[[…],…],…}`. A value that a row lacks is null. Values are kept and
/// written as they stand in the rows. Threading: none.
class StatsTable {
 public:
  static constexpr std::size_t kMaxRows = 100'000;
  static constexpr std::size_t kMaxColumns = 1000;
  /// Of everything that is kept, and the nulls that are written besides.
  static constexpr std::uint64_t kMaxBytes = 64U << 20;

  /// The first columns; more come with the rows.
  explicit StatsTable(const std::vector<std::string>& columns);

  /// Errors: kOutOfRange (over a limit: says which, and what to do), kInternal (no JSON object).
  Result<void> add(std::string_view row);
  /// Writes the table piece by piece: a client that left ends it. Errors: those of `write`.
  Result<void> write(const query::QueryEnd& end,
                     const std::function<Result<void>(std::string_view)>& write) const;

 private:
  struct Row {
    std::string cells;  ///< values with commas between them
    std::size_t columns = 0;
  };

  std::size_t column(std::string_view name);
  Result<void> check() const;
  void append_columns(std::string& out) const;
  void append_row(std::string& out, const Row& row) const;

  std::vector<std::string> names_;  ///< in their quotes
  std::unordered_map<std::string, std::size_t> places_;
  std::vector<Row> rows_;
  std::uint64_t bytes_ = 0;
  std::uint64_t cells_ = 0;
  std::vector<std::string_view> values_;  ///< of the row that is being added
  std::string line_;                      ///< the same, joined
};

}  // namespace duramen::api
