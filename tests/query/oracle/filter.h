#pragma once

#include "query/language/ast.h"
#include "tests/query/oracle/row.h"

namespace duramen::query::oracle {

/// Whether a row passes, as docs/query.md says.
bool matches(const Filter& filter, const Row& row);

}  // namespace duramen::query::oracle
