#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "query/language/ast.h"
#include "query/rows/row.h"

namespace duramen::query {

/// The state of one `stats` function in one group.
class Aggregate {
 public:
  Aggregate() = default;
  Aggregate(const Aggregate&) = delete;
  Aggregate& operator=(const Aggregate&) = delete;
  Aggregate(Aggregate&&) = delete;
  Aggregate& operator=(Aggregate&&) = delete;
  virtual ~Aggregate() = default;

  /// Takes a row, `times` over; gives how many more bytes the state takes now. More than one time
  /// only of count().
  virtual std::size_t add(const RowView& row, std::span<const Slot> fields,
                          std::uint64_t times) = 0;
  struct Value {
    std::string bytes;
    model::FieldKind kind = model::FieldKind::kJson;
  };
  virtual Value result() = 0;
};

std::unique_ptr<Aggregate> make_aggregate(const StatsPipe::Call& call);

}  // namespace duramen::query
