#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "query/ast.h"
#include "query/number.h"
#include "query/regex.h"
#include "query/row.h"

namespace duramen::query {

/// A filter made ready: words folded, numbers read, regexes compiled, names resolved to slots.
/// Threading: const methods from any thread.
class Matcher {
 public:
  /// Adds the filter's names to `names`. Errors: kInvalidArgument for a regex that RE2 refuses.
  static Result<Matcher> compile(const Filter& filter, NameTable& names);
  bool matches(const RowView& row) const { return matches(root_, row); }

 private:
  struct Node {
    Filter::Kind kind = Filter::Kind::kAll;
    CompareOp op = CompareOp::kEqual;
    Slot slot = 0;
    std::string text;
    TimeNs time = 0;
    std::optional<Number> number;
    std::optional<Regex> regex;
    std::vector<Node> children;
  };

  explicit Matcher(Node root) : root_(std::move(root)) {}
  static Result<Node> make(const Filter& filter, NameTable& names);
  static bool matches(const Node& node, const RowView& row);
  static bool matches_value(const Node& node, std::string_view value);
  static bool matches_time(const Node& node, const RowView& row);

  Node root_;
};

}  // namespace duramen::query
