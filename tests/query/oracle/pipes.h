#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "query/language/ast.h"
#include "tests/query/oracle/row.h"

namespace duramen::query::oracle {

/// What a pipe makes of all rows before it, in their order.
std::vector<Row> through(const Pipe& pipe, std::vector<Row> rows);

// The larger ones, each in a file of its own.
std::vector<Row> stats(const StatsPipe& pipe, const std::vector<Row>& rows);
std::vector<Row> top(const TopPipe& pipe, const std::vector<Row>& rows);
std::vector<Row> parse(const ParsePipe& pipe, std::vector<Row> rows);

/// The order of `sort` between two values, either absent (null): below, equal or above 0.
int sort_order(const Value* a, const Value* b, bool descending);

}  // namespace duramen::query::oracle
