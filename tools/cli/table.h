#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "tools/cli/output.h"
#include "tools/cli/render.h"
#include "tools/cli/row.h"

namespace duramen::cli {

/// Rows that are no log records (answers of `stats`, `top`, `fields`) as an aligned table.
///
/// Widths come from the first 1,000 rows, which are held back; later rows are written as they come
/// and may stand out of line. Numbers go to the right. Threading: one thread.
class Table {
 public:
  Table(Output& out, const RenderOptions& options) : out_(&out), options_(options) {}
  Result<void> add(Row row);
  /// Writes what is held back. Call at the end.
  Result<void> finish();

 private:
  Result<void> write_row(const std::vector<std::string>& cells, bool header);
  std::vector<std::string> cells_of(const Row& row) const;

  Output* out_;
  RenderOptions options_;
  bool started_ = false;
  std::vector<Row> held_;
  std::vector<std::string> columns_;
  std::vector<std::size_t> widths_;
  std::vector<bool> numeric_;
};

/// Columns that `text` takes on a terminal, one a code point.
std::size_t display_width(std::string_view text);

/// Name and value, aligned: what `status` prints. `pairs` may hold an empty name for a heading.
std::string aligned_pairs(const std::vector<std::pair<std::string, std::string>>& pairs);

/// `1234567` as `1,234,567`.
std::string grouped_digits(std::uint64_t number);

}  // namespace duramen::cli
