#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "query/engine.h"
#include "query/language/ast.h"
#include "tests/query/oracle/row.h"

namespace duramen::query::oracle {

/// All lines of the answer to `query` over these records, whatever their order. Obeys the range,
/// order and limit of the request; knows no cursor: the answer is whole.
std::vector<Shown> answer(const Query& query, const QueryRequest& request,
                          const std::vector<Row>& records);

/// An answer line of the engine as the oracle writes one. The order of keys is kept.
Shown read_line(std::string_view json_object);

/// Empty when the two have the same keys in the same order, and the same values.
std::string difference(const Shown& wanted, const Shown& got);

std::string to_text(const Shown& line);

}  // namespace duramen::query::oracle
