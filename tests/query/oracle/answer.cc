#include "tests/query/oracle/answer.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <tuple>

#include "tests/query/oracle/filter.h"
#include "tests/query/oracle/json_members.h"
#include "tests/query/oracle/number.h"
#include "tests/query/oracle/pipes.h"

namespace duramen::query::oracle {
namespace {

bool earlier(const Row& a, const Row& b) {
  return std::tie(a.time, a.node, a.seq) < std::tie(b.time, b.node, b.seq);
}

bool in_range(const QueryRequest& request, const Row& row) {
  return (!request.start || row.time >= *request.start) &&
         (!request.end || row.time < *request.end);
}

bool same_value(const std::string& wanted, const std::string& got) {
  if (wanted == got) return true;
  if (wanted[0] != '~' && wanted[0] != '=') return false;
  const auto left = number_of(wanted.substr(1));
  const auto right = number_of(got);
  if (!left || !right) return false;
  if (wanted[0] == '=') return compare(*left, *right) == 0;
  const double expected = to_double(*left);
  return std::fabs(expected - to_double(*right)) <= 1e-12 * std::fabs(expected);
}

}  // namespace

std::vector<Shown> answer(const Query& query, const QueryRequest& request,
                          const std::vector<Row>& records) {
  std::vector<Row> rows;
  for (const Row& row : records) {
    if (in_range(request, row) && matches(query.filter, row)) rows.push_back(row);
  }
  std::sort(rows.begin(), rows.end(), earlier);
  if (request.order == Order::kNewestFirst) std::reverse(rows.begin(), rows.end());
  for (const Pipe& pipe : query.pipes) rows = through(pipe, std::move(rows));
  const std::uint64_t limit = request.limit.value_or(100);
  if (limit != 0 && rows.size() > limit) rows.resize(limit);
  std::vector<Shown> out;
  for (const Row& row : rows) out.push_back(shown(row));
  return out;
}

Shown read_line(std::string_view json_object) {
  Shown out;
  const auto members = json_members(json_object);
  if (!members) return {{"not a JSON object", std::string(json_object)}};
  for (const auto& [name, literal] : *members) {
    out.emplace_back(name, literal[0] == '"' ? '"' + json_string(literal) : literal);
  }
  return out;
}

std::string difference(const Shown& wanted, const Shown& got) {
  if (wanted.size() != got.size()) return "the numbers of keys differ";
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i].first != got[i].first) {
      return "key " + wanted[i].first + " against " + got[i].first;
    }
    if (!same_value(wanted[i].second, got[i].second)) return "the values of " + wanted[i].first;
  }
  return "";
}

std::string to_text(const Shown& line) {
  std::string out;
  for (const auto& [name, value] : line) out += name + ": " + value + "\n";
  return out;
}

}  // namespace duramen::query::oracle
