#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "query/language/ast.h"
#include "query/language/lexer.h"
#include "query/language/parser.h"

namespace duramen::query {

/// Reads a filter out of a query: recursive descent, or < and < not < term.
/// Counts terms, regexes and depth over the life of the object, so that all filters of a query
/// share the limits. Ownership: lexer and limits outlive it.
class FilterParser {
 public:
  FilterParser(Lexer& lexer, const ParseLimits& limits) : lexer_(lexer), limits_(limits) {}

  /// Up to a `|` or the end. `after` is what stands before, for the error when nothing follows.
  Result<Filter> parse(std::string_view after);
  /// At `/` or `"`: a pattern that compiles.
  Result<std::string> pattern();

 private:
  /// `field` is set within `field:( … )`.
  Result<Filter> any(const std::string* field, std::string_view after);
  Result<Filter> all(const std::string* field, std::string_view after);
  Result<Filter> negated(const std::string* field, std::string_view after);
  Result<Filter> primary(const std::string* field, std::string_view after);
  Result<Filter> group(const std::string* field);
  Result<Filter> term(std::string_view after);
  Result<Filter> phrase(std::size_t begin);
  Result<Filter> fielded(const std::string& field, std::size_t begin);
  Result<Filter> value(const std::string& field, std::size_t begin);
  Result<Filter> quoted_value(const std::string& field);
  Result<Filter> words(const std::string& field, std::size_t begin);
  Result<Filter> comparison(const std::string& field, std::size_t begin);
  Result<Filter> range(const std::string& field, std::size_t begin);
  Result<Filter> compare(const std::string& field, CompareOp op, std::size_t at);
  Result<Filter> regex(const std::string& field);

  /// The keyword that stands here, not taken; empty when none does.
  std::string_view keyword(const std::string* field);
  Result<void> count_term();
  Result<void> border();
  Error expected_term(std::string_view after);

  Lexer& lexer_;
  const ParseLimits& limits_;
  std::size_t depth_ = 0;
  std::size_t terms_ = 0;
  std::size_t regexes_ = 0;
};

}  // namespace duramen::query
