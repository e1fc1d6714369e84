#include "tests/query/oracle/filter.h"

#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>

#include "tests/query/oracle/number.h"
#include "tests/query/oracle/text.h"

namespace duramen::query::oracle {
namespace {

/// Compiled once a process: the tests ask for one pattern on many rows.
const re2::RE2& regex(const std::string& pattern) {
  static std::map<std::string, std::unique_ptr<re2::RE2>> known;
  std::unique_ptr<re2::RE2>& entry = known[pattern];
  if (entry == nullptr) entry = std::make_unique<re2::RE2>(pattern, re2::RE2::Quiet);
  return *entry;
}

/// `order` is below, equal or above 0.
bool holds(CompareOp op, int order) {
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

bool number_holds(const Filter& filter, const Value& value) {
  const auto left = number_of(value.bytes);
  const auto right = number_of(filter.text);
  return left && right && holds(filter.op, compare(*left, *right));
}

bool time_holds(const Filter& filter, const Value& value) {
  if (!value.time) return false;
  return holds(filter.op, *value.time < filter.time ? -1 : *value.time > filter.time ? 1 : 0);
}

bool value_matches(const Filter& filter, const Value& value) {
  using Kind = Filter::Kind;
  switch (filter.kind) {
    case Kind::kWords:
      return has_phrase(value.bytes, filter.text);
    case Kind::kWordPrefix:
      return has_prefix(value.bytes, filter.text);
    case Kind::kEquals:
      return value.bytes == filter.text;
    case Kind::kStartsWith:
      return value.bytes.rfind(filter.text, 0) == 0;
    case Kind::kRegex:
      return re2::RE2::PartialMatch(value.bytes, regex(filter.text));
    case Kind::kExists:
      return true;
    case Kind::kCompareNumber:
      return number_holds(filter, value);
    case Kind::kCompareBytes:
      return holds(filter.op, value.bytes.compare(filter.text));
    case Kind::kCompareTime:
      return time_holds(filter, value);
    case Kind::kAll:
    case Kind::kAnd:
    case Kind::kOr:
    case Kind::kNot:
      break;
  }
  return false;
}

}  // namespace

bool matches(const Filter& filter, const Row& row) {
  const auto child = [&](const Filter& part) { return matches(part, row); };
  const auto& parts = filter.children;
  switch (filter.kind) {
    case Filter::Kind::kAll:
      return true;
    case Filter::Kind::kAnd:
      return std::all_of(parts.begin(), parts.end(), child);
    case Filter::Kind::kOr:
      return std::any_of(parts.begin(), parts.end(), child);
    case Filter::Kind::kNot:
      return !child(parts.at(0));
    default:
      break;
  }
  const Value* value = row.find(filter.field);
  return value != nullptr && value_matches(filter, *value);
}

}  // namespace duramen::query::oracle
