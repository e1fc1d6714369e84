#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "query/engine.h"
#include "tests/query/oracle/row.h"
#include "tests/query/random_world.h"

namespace duramen::query {

/// Queries made of pieces of rows, so that they often match.
class RandomQuery {
 public:
  RandomQuery(Random& random, const std::vector<oracle::Row>& rows)
      : random_(random), rows_(rows) {}

  QueryRequest request();
  /// A filter and perhaps a range.
  QueryRequest filter_request();

 private:
  void add_range(QueryRequest& request);
  std::string filter(int depth);
  std::string leaf();
  std::string field_leaf();
  std::string comparison();
  std::string time_leaf(const std::string& name);
  std::string pipe();
  std::string stats();
  std::string by();
  std::string parse();
  std::string regex();
  std::string pattern_of(const std::string& text);

  const oracle::Row& row() { return one_of(random_, rows_); }
  std::string value();
  std::string piece(const std::string& text);
  std::string in_any_case(std::string text);
  std::string name();
  std::string some_number();
  std::string number();
  TimeNs time();

  Random& random_;
  const std::vector<oracle::Row>& rows_;
};

/// The text in quotes, every byte exactly.
std::string in_quotes(std::string_view text);

}  // namespace duramen::query
