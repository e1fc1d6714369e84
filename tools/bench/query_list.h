#pragma once

#include <vector>

#include "tools/bench/question.h"
#include "tools/bench/terms.h"

namespace duramen::bench {

/// The fixed list of what is measured, each with `variants` questions. Equal terms give equal
/// lists.
std::vector<BenchQuery> make_query_list(const Terms& terms, std::size_t variants);

}  // namespace duramen::bench
