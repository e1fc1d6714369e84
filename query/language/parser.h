#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "query/language/ast.h"

namespace duramen::query {

/// docs/query.md, "Limits".
struct ParseLimits {
  std::size_t depth = 100;
  std::size_t terms = 1000;
  std::size_t regexes = 32;
  std::size_t regex_bytes = 4096;
  std::size_t pipes = 32;
  std::size_t names = 256;
  std::size_t calls = 64;
  std::size_t groups = 16;
  std::uint64_t rows = 1'000'000'000;
};

/// Reads a query. Pure; time linear in the text.
/// Errors: kInvalidArgument, `column 17: expected a value after 'status:>='`, with columns counted
/// in characters from 1.
Result<Query> parse_query(std::string_view text, const ParseLimits& limits = {});

}  // namespace duramen::query
