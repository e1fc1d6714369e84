#include "tests/query/oracle/pipes.h"

#include <algorithm>
#include <cstdlib>

#include "tests/query/oracle/filter.h"
#include "tests/query/oracle/number.h"

namespace duramen::query::oracle {
namespace {

std::vector<Row> fields(const FieldsPipe& pipe, std::vector<Row> rows) {
  for (Row& row : rows) {
    std::vector<Cell> kept;
    for (const std::string& name : pipe.names) {
      const bool again = std::any_of(kept.begin(), kept.end(),
                                     [&](const Cell& cell) { return cell.name == name; });
      const Value* value = row.find(name);
      if (value != nullptr && !again) kept.push_back({name, *value});
    }
    row.cells = std::move(kept);
  }
  return rows;
}

std::vector<Row> where(const WherePipe& pipe, std::vector<Row> rows) {
  std::erase_if(rows, [&](const Row& row) { return !matches(pipe.filter, row); });
  return rows;
}

std::vector<Row> head(const HeadPipe& pipe, std::vector<Row> rows) {
  if (rows.size() > pipe.rows) rows.resize(pipe.rows);
  return rows;
}

bool before(const SortPipe& pipe, const Row& a, const Row& b) {
  for (const SortPipe::Key& key : pipe.keys) {
    const int order = sort_order(a.find(key.name), b.find(key.name), key.descending);
    if (order != 0) return order < 0;
  }
  return false;
}

std::vector<Row> sort(const SortPipe& pipe, std::vector<Row> rows) {
  std::stable_sort(rows.begin(), rows.end(),
                   [&](const Row& a, const Row& b) { return before(pipe, a, b); });
  return rows;
}

int ascending(const Value& a, const Value& b) {
  const auto left = number_of(a.bytes);
  const auto right = number_of(b.bytes);
  if (left && right) return compare(*left, *right);
  if (left.has_value() != right.has_value()) return left ? -1 : 1;
  return a.bytes.compare(b.bytes);
}

}  // namespace

int sort_order(const Value* a, const Value* b, bool descending) {
  if (a == nullptr || b == nullptr) return a == b ? 0 : a == nullptr ? 1 : -1;
  return descending ? ascending(*b, *a) : ascending(*a, *b);
}

std::vector<Row> through(const Pipe& pipe, std::vector<Row> rows) {
  struct Visitor {
    std::vector<Row>& rows;
    std::vector<Row> operator()(const FieldsPipe& p) { return fields(p, std::move(rows)); }
    std::vector<Row> operator()(const HeadPipe& p) { return head(p, std::move(rows)); }
    std::vector<Row> operator()(const SortPipe& p) { return sort(p, std::move(rows)); }
    std::vector<Row> operator()(const WherePipe& p) { return where(p, std::move(rows)); }
    std::vector<Row> operator()(const TopPipe& p) { return top(p, rows); }
    std::vector<Row> operator()(const StatsPipe& p) { return stats(p, rows); }
    std::vector<Row> operator()(const ParsePipe& p) { return parse(p, std::move(rows)); }
    std::vector<Row> operator()(const NamesPipe&) { std::abort(); }  // no text means it
  };
  return std::visit(Visitor{rows}, pipe);
}

}  // namespace duramen::query::oracle
