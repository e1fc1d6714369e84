#include "query/filter/matcher.h"

#include <algorithm>
#include <compare>
#include <utility>

#include "model/tokens.h"

namespace duramen::query {
namespace {

using Kind = Filter::Kind;

bool holds(CompareOp op, std::strong_ordering order) {
  switch (op) {
    case CompareOp::kEqual:
      return order == 0;
    case CompareOp::kLess:
      return order < 0;
    case CompareOp::kLessEqual:
      return order <= 0;
    case CompareOp::kGreater:
      return order > 0;
    case CompareOp::kGreaterEqual:
      return order >= 0;
  }
  return false;
}

}  // namespace

Result<Matcher> Matcher::compile(const Filter& filter, NameTable& names) {
  Matcher matcher;
  DURAMEN_TRY(matcher.root_, matcher.make(filter, names));
  return matcher;
}

Result<Matcher::Node> Matcher::make(const Filter& filter, NameTable& names) {
  Node node;
  node.kind = filter.kind;
  node.op = filter.op;
  node.time = filter.time;
  node.text = filter.text;
  if (!filter.field.empty()) node.slot = names.add(filter.field);
  if (node.is_leaf()) node.leaf = leaves_++;
  if (filter.kind == Kind::kWords || filter.kind == Kind::kWordPrefix) {
    node.text = model::folded(filter.text);
  }
  if (filter.kind == Kind::kCompareNumber) node.number = Number::parse(filter.text);
  if (filter.kind == Kind::kRegex) {
    DURAMEN_TRY(node.regex, Regex::compile(filter.text));
    node.atoms = RegexAtoms::of(filter.text);
  }
  for (const Filter& child : filter.children) {
    DURAMEN_TRY(auto made, make(child, names));
    node.children.push_back(std::move(made));
  }
  return node;
}

bool Matcher::matches(const Node& node, const RowView& row) {
  const auto child_matches = [&](const Node& child) { return matches(child, row); };
  switch (node.kind) {
    case Kind::kAll:
      return true;
    case Kind::kAnd:
      return std::all_of(node.children.begin(), node.children.end(), child_matches);
    case Kind::kOr:
      return std::any_of(node.children.begin(), node.children.end(), child_matches);
    case Kind::kNot:
      return !matches(node.children[0], row);
    case Kind::kCompareTime: {
      const auto time = row.time(node.slot);
      return time && matches_time(node, *time);
    }
    default:
      break;
  }
  const auto value = row.get(node.slot);
  return value && matches_value(node, value->bytes);
}

bool Matcher::matches_value(const Node& leaf, std::string_view value) {
  switch (leaf.kind) {
    case Kind::kWords:
      return model::contains_phrase(value, leaf.text);
    case Kind::kWordPrefix:
      return model::contains_word_prefix(value, leaf.text);
    case Kind::kEquals:
      return value == leaf.text;
    case Kind::kStartsWith:
      return value.starts_with(leaf.text);
    case Kind::kRegex:
      return leaf.regex->search(value);
    case Kind::kExists:
      return true;
    case Kind::kCompareNumber: {
      const auto number = Number::parse(value);
      return number && holds(leaf.op, *number <=> *leaf.number);
    }
    case Kind::kCompareBytes:
      return holds(leaf.op, value <=> leaf.text);
    default:
      return false;
  }
}

bool Matcher::matches_time(const Node& leaf, TimeNs time) {
  return holds(leaf.op, time <=> leaf.time);
}

}  // namespace duramen::query
