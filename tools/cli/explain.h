#pragma once

#include <chrono>

#include "base/result.h"
#include "tools/cli/answer.h"
#include "tools/cli/context.h"

namespace duramen::cli {

/// Has the daemon run a query without its rows, and prints how it went: `query --explain`.
/// `parameters` as for /api/v1/query, without a cursor. Gives the exit code of `query`.
/// Blocking: until the query has run. Errors: as print_answer().
Result<int> explain_query(const Context& context, const Parameters& parameters,
                          std::chrono::seconds timeout);

}  // namespace duramen::cli
