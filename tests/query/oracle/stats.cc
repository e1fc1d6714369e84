#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <set>

#include "tests/query/oracle/number.h"
#include "tests/query/oracle/pipes.h"
#include "tests/query/oracle/text.h"

namespace duramen::query::oracle {
namespace {

/// The bytes of the values that a group has in common; absent ones are nothing.
using Key = std::vector<std::optional<std::string>>;

struct Group {
  std::vector<std::optional<Value>> values;
  std::vector<const Row*> rows;
};

Value json(std::string text) { return {std::move(text), true}; }
Value null() { return json("null"); }

std::vector<Value> values_of(const std::string& name, const Group& group) {
  std::vector<Value> out;
  for (const Row* row : group.rows) {
    if (const Value* value = row->find(name)) out.push_back(*value);
  }
  return out;
}

std::vector<Number> numbers_of(const std::string& name, const Group& group) {
  std::vector<Number> out;
  for (const Value& value : values_of(name, group)) {
    if (const auto number = number_of(value.bytes)) out.push_back(*number);
  }
  return out;
}

std::size_t combinations(const std::vector<std::string>& names, const Group& group) {
  std::set<std::vector<std::string>> different;
  for (const Row* row : group.rows) {
    std::vector<std::string> values;
    for (const std::string& name : names) {
      if (const Value* value = row->find(name)) values.push_back(value->bytes);
    }
    if (values.size() == names.size()) different.insert(values);
  }
  return different.size();
}

/// Exact while all are whole and the sum is from -2^63 to 2^64 - 1.
Number sum_of(const std::vector<Number>& numbers) {
  Whole whole = 0;
  double real = 0;
  bool all_whole = true;
  for (const Number& number : numbers) {
    if (const auto* exact = std::get_if<Whole>(&number)) {
      whole += *exact;
    } else {
      all_whole = false;
      real += std::get<double>(number);
    }
  }
  if (!all_whole) return real + static_cast<double>(whole);
  constexpr Whole kLeast = std::numeric_limits<std::int64_t>::min();
  constexpr Whole kMost = std::numeric_limits<std::uint64_t>::max();
  if (whole > kMost || whole < kLeast) return static_cast<double>(whole);
  return whole;
}

Value shown_number(const Number& number) {
  if (const auto* whole = std::get_if<Whole>(&number)) return json(to_text(*whole));
  const double real = std::get<double>(number);
  return std::isfinite(real) ? Value{to_text(real), true, {}, '~'} : null();
}

Value least(const std::string& name, const Group& group, int sign) {
  std::vector<Value> values = values_of(name, group);
  const auto is_text = [](const Value& value) { return !number_of(value.bytes); };
  const bool numbers = !std::all_of(values.begin(), values.end(), is_text);
  if (numbers) std::erase_if(values, is_text);
  if (values.empty()) return null();
  const auto first = std::min_element(
      values.begin(), values.end(),
      [&](const Value& a, const Value& b) { return sign * sort_order(&a, &b, false) < 0; });
  if (numbers) return {first->bytes, true, {}, '='};
  return {first->bytes, false, first->time};
}

/// The least rank so that `part` of `count` is not above it; by the decimal digits of `part`.
std::size_t nearest_rank(double part, std::size_t count) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.15f", part);
  const Whole numerator =
      static_cast<Whole>(std::strtoull(digits, nullptr, 10)) * 1'000'000'000'000'000 +
      std::strtoll(digits + 2, nullptr, 10);
  constexpr Whole kOne = 1'000'000'000'000'000;
  const Whole rank = (numerator * static_cast<Whole>(count) + kOne - 1) / kOne;
  return std::max<std::size_t>(1, static_cast<std::size_t>(rank));
}

Value quantile(double part, const std::string& name, const Group& group) {
  std::vector<double> values;
  for (const Number& number : numbers_of(name, group)) values.push_back(to_double(number));
  if (values.empty()) return null();
  std::sort(values.begin(), values.end());
  return {to_text(values[nearest_rank(part, values.size()) - 1]), true, {}, '='};
}

Value mean(const std::vector<Number>& numbers) {
  if (numbers.empty()) return null();
  const double value = to_double(sum_of(numbers)) / static_cast<double>(numbers.size());
  return shown_number(value);
}

Value result(const StatsPipe::Call& call, const Group& group) {
  using Function = StatsPipe::Function;
  const std::string name = call.names.empty() ? "" : call.names[0];
  const auto count = [](std::size_t n) { return json(std::to_string(n)); };
  switch (call.function) {
    case Function::kCount:
      return count(call.names.empty() ? group.rows.size() : values_of(name, group).size());
    case Function::kCountUniq:
      return count(combinations(call.names, group));
    case Function::kSum: {
      const auto numbers = numbers_of(name, group);
      return numbers.empty() ? null() : shown_number(sum_of(numbers));
    }
    case Function::kAvg:
      return mean(numbers_of(name, group));
    case Function::kMin:
      return least(name, group, 1);
    case Function::kMax:
      return least(name, group, -1);
    case Function::kQuantile:
      return quantile(call.quantile, name, group);
  }
  return null();
}

std::optional<Value> group_value(const StatsPipe::Group& by, const Row& row) {
  const Value* value = row.find(by.name);
  if (value == nullptr) return std::nullopt;
  if (by.step == 0) return *value;
  if (!value->time) return std::nullopt;
  TimeNs begin = *value->time / by.step * by.step;
  if (begin > *value->time) begin -= by.step;
  return Value{time_text(begin), false, begin};
}

/// Ascending as `sort` does; what is equal to it, by its bytes.
bool before(const Group& a, const Group& b) {
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    const Value* left = a.values[i] ? &*a.values[i] : nullptr;
    const Value* right = b.values[i] ? &*b.values[i] : nullptr;
    const int order = sort_order(left, right, false);
    if (order != 0) return order < 0;
  }
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    if (a.values[i] && a.values[i]->bytes != b.values[i]->bytes) {
      return a.values[i]->bytes < b.values[i]->bytes;
    }
  }
  return false;
}

std::vector<Group> groups_of(const std::vector<StatsPipe::Group>& by,
                             const std::vector<Row>& rows) {
  std::map<Key, Group> groups;
  for (const Row& row : rows) {
    Key key;
    std::vector<std::optional<Value>> values;
    for (const StatsPipe::Group& part : by) {
      values.push_back(group_value(part, row));
      key.push_back(values.back() ? std::optional(values.back()->bytes) : std::nullopt);
    }
    Group& group = groups.try_emplace(key, Group{values, {}}).first->second;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i] && !values[i]->json) group.values[i]->json = false;
    }
    group.rows.push_back(&row);
  }
  if (by.empty() && groups.empty()) groups[{}] = {};
  std::vector<Group> out;
  for (auto& [unused, group] : groups) out.push_back(std::move(group));
  std::stable_sort(out.begin(), out.end(), before);
  return out;
}

template <class Names>
Row row_of_group(const Group& group, const Names& by) {
  Row out;
  for (std::size_t i = 0; i < by.size(); ++i) {
    if (group.values[i]) out.cells.push_back({by[i].name, *group.values[i]});
  }
  return out;
}

}  // namespace

std::vector<Row> stats(const StatsPipe& pipe, const std::vector<Row>& rows) {
  std::vector<Row> out;
  for (const Group& group : groups_of(pipe.by, rows)) {
    Row row = row_of_group(group, pipe.by);
    for (const StatsPipe::Call& call : pipe.calls)
      row.cells.push_back({call.as, result(call, group)});
    out.push_back(std::move(row));
  }
  return out;
}

std::vector<Row> top(const TopPipe& pipe, const std::vector<Row>& rows) {
  std::vector<StatsPipe::Group> by;
  for (const std::string& name : pipe.names) by.push_back({name, 0});
  std::vector<Group> groups = groups_of(by, rows);
  std::stable_sort(groups.begin(), groups.end(),
                   [](const Group& a, const Group& b) { return a.rows.size() > b.rows.size(); });
  if (groups.size() > pipe.rows) groups.resize(pipe.rows);
  std::vector<Row> out;
  for (const Group& group : groups) {
    out.push_back(row_of_group(group, by));
    out.back().cells.push_back({"count", json(std::to_string(group.rows.size()))});
  }
  return out;
}

}  // namespace duramen::query::oracle
