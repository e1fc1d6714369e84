#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace duramen::query {

/// The code of each cell (the first piece of it) in a row of a table whose first column is `query`,
/// in docs/query.md; a cell without code is empty. `section`: only below this heading, or "" for
/// the whole document.
inline std::vector<std::vector<std::string>> documented_rows(std::string_view section) {
  std::ifstream file(DURAMEN_QUERY_DOC);
  EXPECT_TRUE(file.is_open()) << DURAMEN_QUERY_DOC;
  std::vector<std::vector<std::string>> out;
  bool inside = section.empty();
  bool in_table = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("## ") && !section.empty()) inside = line.substr(3) == section;
    if (!line.starts_with("|")) in_table = false;
    const bool is_row = in_table && inside && line.starts_with("| `");
    if (line.starts_with("| query |")) in_table = true;
    if (!is_row) continue;
    std::vector<std::string>& cells = out.emplace_back(1);
    bool in_code = false;
    int codes = 0;
    for (std::size_t i = 2; i < line.size(); ++i) {
      const bool escaped = line[i] == '\\' && i + 1 < line.size() && line[i + 1] == '|';
      if (escaped) ++i;
      if (line[i] == '`') {
        in_code = !in_code;
        if (in_code) ++codes;
      } else if (line[i] == '|' && !escaped && !in_code) {
        cells.emplace_back();
        codes = 0;
      } else if (in_code && codes == 1) {
        cells.back() += line[i];
      }
    }
  }
  return out;
}

/// The queries of the tables.
inline std::vector<std::string> documented_queries(std::string_view section = "") {
  std::vector<std::string> out;
  for (const auto& cells : documented_rows(section)) out.push_back(cells[0]);
  return out;
}

}  // namespace duramen::query
