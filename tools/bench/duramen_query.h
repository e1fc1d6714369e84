#pragma once

#include <string>

#include "tools/bench/question.h"

namespace duramen::bench {

/// The text of a question in the language of docs/query.md, pipes included.
std::string duramen_query(const Question& question);

}  // namespace duramen::bench
