#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "query/filter/regex_atoms.h"
#include "query/language/ast.h"
#include "query/language/number.h"
#include "query/language/regex.h"
#include "query/rows/row.h"

namespace duramen::query {

/// A filter made ready: words folded, numbers read, regexes compiled, names resolved to slots.
/// Threading: const methods from any thread.
class Matcher {
 public:
  /// Adds the filter's names to `names`. Errors: kInvalidArgument for a regex that RE2 refuses.
  static Result<Matcher> compile(const Filter& filter, NameTable& names);
  bool matches(const RowView& row) const { return matches(root_, row); }

  struct Node {
    Filter::Kind kind = Filter::Kind::kAll;
    CompareOp op = CompareOp::kEqual;
    Slot slot = 0;
    std::uint32_t leaf = 0;  ///< of one that tests a value: its number, from 0 up to leaves()
    std::string text;        ///< of words and prefixes folded
    TimeNs time = 0;
    std::optional<Number> number;
    std::optional<Regex> regex;
    std::shared_ptr<const RegexAtoms> atoms;  ///< of regex; may be none
    std::vector<Node> children;

    bool is_leaf() const { return kind >= Filter::Kind::kWords; }
  };
  const Node& root() const { return root_; }
  std::uint32_t leaves() const { return leaves_; }
  /// One leaf that tests the bytes of a value (not kCompareTime).
  static bool matches_value(const Node& leaf, std::string_view value);
  static bool matches_time(const Node& leaf, TimeNs time);

 private:
  Matcher() = default;
  Result<Node> make(const Filter& filter, NameTable& names);
  static bool matches(const Node& node, const RowView& row);

  Node root_;
  std::uint32_t leaves_ = 0;
};

}  // namespace duramen::query
