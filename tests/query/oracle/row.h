#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "model/record_batch.h"

namespace duramen::query::oracle {

struct Value {
  std::string bytes;
  bool json = false;                          ///< shown as it is; else as a string
  std::optional<TimeNs> time = std::nullopt;  ///< of what is a time
  char mark = '\0';  ///< '=': one of several ways to write it; '~': rounded, as a sum of doubles is
};

/// A value under the name by which it is shown and matched.
struct Cell {
  std::string name;
  Value value;
  bool hidden = false;  ///< shown only when a pipe names it
};

/// One record, or one row that a pipe made. Names are looked for from the front.
struct Row {
  std::vector<Cell> cells;
  TimeNs time = 0;
  std::uint64_t node = 0;
  std::uint64_t seq = 0;

  const Value* find(std::string_view name) const;
  /// Replaces what has that name, be it a label, or adds it; a built-in stays as it is.
  void set_field(const std::string& name, Value value);
};

Row row_of(const model::RecordBatch& records, std::size_t row, const model::RowIdentity& identity);

/// How a field of a record is called: `field.NAME` where NAME is a built-in's.
std::string field_name(const std::string& name);

/// What a row shows: name and value, in order. A value is a `"` and the decoded text, or JSON; one
/// with a mark has it in front.
using Shown = std::vector<std::pair<std::string, std::string>>;
Shown shown(const Row& row);

}  // namespace duramen::query::oracle
