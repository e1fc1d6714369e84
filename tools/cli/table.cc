#include "tools/cli/table.h"

#include <algorithm>
#include <utility>

#include "base/time_text.h"
#include "tools/cli/zone.h"

namespace duramen::cli {
namespace {

constexpr std::size_t kHeldRows = 1000;

bool is_number(const RowField& field) {
  return !field.is_text && !field.value.empty() &&
         (field.value[0] == '-' || (field.value[0] >= '0' && field.value[0] <= '9'));
}

std::string cell_text(const RowField& field, const RenderOptions& options) {
  const bool is_time = field.is_text && (field.name == "_time" || field.name == "time");
  if (is_time) {
    if (const auto at = parse_rfc3339(field.value)) return local_time_text(*at);
  }
  if (!field.is_text && field.value == "null") return "-";
  return options.visible ? visible_on_one_line(field.value) : field.value;
}

}  // namespace

std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

std::vector<std::string> Table::cells_of(const Row& row) const {
  std::vector<std::string> cells;
  cells.reserve(columns_.size());
  for (const std::string& column : columns_) {
    const RowField* field = row.find(column);
    cells.push_back(field != nullptr ? cell_text(*field, options_) : "-");
  }
  // A row may bring a field that no earlier one had: shown as name=value behind the columns.
  std::string further;
  for (const RowField& field : row.fields) {
    if (std::find(columns_.begin(), columns_.end(), field.name) != columns_.end()) continue;
    further += (further.empty() ? "" : " ") + field.name + "=" + cell_text(field, options_);
  }
  if (!further.empty()) cells.push_back(std::move(further));
  return cells;
}

Result<void> Table::write_row(const std::vector<std::string>& cells, bool header) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i != 0) line += "  ";
    const std::size_t width = display_width(cells[i]);
    const std::size_t wanted = i < widths_.size() ? widths_[i] : 0;
    const std::size_t padding = wanted > width ? wanted - width : 0;
    const bool right = i < numeric_.size() && numeric_[i];
    if (right) line.append(padding, ' ');
    line += cells[i];
    if (!right && i + 1 != cells.size()) line.append(padding, ' ');
  }
  if (header && options_.color) line = "\x1b[1m" + line + "\x1b[0m";
  return out_->write(line + "\n");
}

Result<void> Table::add(Row row) {
  if (started_) return write_row(cells_of(row), false);
  held_.push_back(std::move(row));
  return held_.size() < kHeldRows ? Result<void>() : finish();
}

Result<void> Table::finish() {
  if (started_ || held_.empty()) return {};
  started_ = true;
  for (const Row& row : held_) {
    for (const RowField& field : row.fields) {
      const auto at = std::find(columns_.begin(), columns_.end(), field.name);
      const auto column = static_cast<std::size_t>(at - columns_.begin());
      if (at == columns_.end()) {
        columns_.push_back(field.name);
        numeric_.push_back(true);
      }
      if (!is_number(field) && field.value != "null") numeric_[column] = false;
    }
  }
  std::vector<std::string> names;
  for (const std::string& column : columns_) {
    names.push_back(options_.visible ? visible_on_one_line(column) : column);
    widths_.push_back(display_width(names.back()));
  }
  std::vector<std::vector<std::string>> lines;
  for (const Row& row : held_) {
    lines.push_back(cells_of(row));
    for (std::size_t i = 0; i < widths_.size(); ++i) {
      widths_[i] = std::max(widths_[i], display_width(lines.back()[i]));
    }
  }
  held_.clear();
  DURAMEN_TRY_VOID(write_row(names, true));
  for (const auto& cells : lines) DURAMEN_TRY_VOID(write_row(cells, false));
  return {};
}

std::string aligned_pairs(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::size_t width = 0;
  for (const auto& [name, value] : pairs) width = std::max(width, display_width(name));
  std::string out;
  for (const auto& [name, value] : pairs) {
    out += name;
    out.append(width - display_width(name) + 2, ' ');
    out += value + "\n";
  }
  return out;
}

std::string grouped_digits(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

}  // namespace duramen::cli
