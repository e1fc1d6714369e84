#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "query/language/ast.h"
#include "query/rows/row.h"
#include "query/scan/unit_reader.h"

namespace duramen::query {

/// Puts rows of a unit together that a `stats` cannot tell apart: of one stream, in one step of
/// time. For a stats that only counts rows, by labels and steps of time.
/// Threading: none; keeps its memory.
class GroupedRows {
 public:
  /// Nothing when the pipe asks for more than that. `by`: the slots of its groups.
  static std::optional<GroupedRows> of(const StatsPipe& pipe, const NameTable& names,
                                       const std::vector<Slot>& by);

  /// False when in this unit a name of a group may be a field: then every row is looked at.
  bool fits(const UnitReader& reader) const;
  /// Calls `take(row, n)` for one row of each group and the size of the group.
  Result<void> group(UnitReader& reader, std::span<const std::uint32_t> rows,
                     const std::function<Result<void>(std::uint32_t, std::uint64_t)>& take);

 private:
  GroupedRows() = default;
  struct Key {
    std::uint32_t stream = 0;
    TimeNs step_begin = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };
  struct Group {
    std::uint32_t row = 0;
    std::uint64_t rows = 0;
  };

  std::vector<Slot> names_;
  TimeNs step_ = 0;  ///< 0: not by time
  std::unordered_map<Key, Group, KeyHash> groups_;
  std::vector<std::uint32_t> streams_;  ///< of the rows
  std::vector<TimeNs> times_;
};

/// True when all functions are count() of rows.
bool only_counts_rows(const StatsPipe& pipe);

}  // namespace duramen::query
