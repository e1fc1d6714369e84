#include "tests/query/oracle/row.h"

#include <algorithm>
#include <cstdio>
#include <set>

#include "tests/query/oracle/text.h"

namespace duramen::query::oracle {
namespace {

bool is_builtin(std::string_view name) {
  return name == "_time" || name == "_seq" || name == "_msg" || name == "_received";
}

Cell time_cell(const std::string& name, TimeNs time) {
  return {name, {time_text(time), false, time}};
}

std::vector<Cell> fields_of(const model::RecordBatch& records, std::size_t row) {
  std::vector<Cell> out;
  for (std::size_t f = records.first_field(row); f < records.fields_end[row]; ++f) {
    const bool json = records.field_kind[f] == model::FieldKind::kJson;
    out.push_back({field_name(records.field_names[records.field_name[f]]),
                   {std::string(records.value(f)), json}});
  }
  return out;
}

bool has(const std::vector<Cell>& cells, const std::string& name) {
  return std::any_of(cells.begin(), cells.end(),
                     [&](const Cell& cell) { return cell.name == name; });
}

}  // namespace

const Value* Row::find(std::string_view name) const {
  for (const Cell& cell : cells) {
    if (cell.name == name) return &cell.value;
  }
  return nullptr;
}

void Row::set_field(const std::string& name, Value value) {
  const std::string shown_as = field_name(name);
  for (Cell& cell : cells) {
    if (cell.name != shown_as) continue;
    cell.value = std::move(value);
    return;
  }
  cells.push_back({shown_as, std::move(value)});
}

std::string field_name(const std::string& name) {
  return is_builtin(name) ? "field." + name : name;
}

Row row_of(const model::RecordBatch& records, std::size_t row, const model::RowIdentity& identity) {
  Row out;
  out.time = records.time[row];
  out.node = identity.node.value();
  out.seq = identity.origin_seq.value();
  char seq[64];
  std::snprintf(seq, sizeof seq, "%016llx:%llu", static_cast<unsigned long long>(out.node),
                static_cast<unsigned long long>(out.seq));
  out.cells = {time_cell("_time", out.time),
               {"_seq", {seq}},
               {"_msg", {std::string(records.message(row))}},
               time_cell("_received", identity.received)};
  out.cells.back().hidden = true;
  const std::vector<Cell> fields = fields_of(records, row);
  for (const auto& [name, value] : records.streams[records.stream[row]].pairs()) {
    const bool taken = is_builtin(name) || has(fields, name);
    out.cells.push_back({taken ? "label." + name : name, {value}});
  }
  out.cells.insert(out.cells.end(), fields.begin(), fields.end());
  return out;
}

Shown shown(const Row& row) {
  Shown out;
  std::set<std::string> used;
  for (const Cell& cell : row.cells) {
    if (cell.hidden) continue;
    std::string name = with_replacements(cell.name);
    std::string value = cell.value.bytes;
    if (cell.value.json) {
      std::replace(value.begin(), value.end(), '\n', ' ');
      std::replace(value.begin(), value.end(), '\r', ' ');
    } else if (is_utf8(value)) {
      value.insert(0, 1, '"');
    } else {
      name += "_base64";
      value = '"' + base64(value);
    }
    if (cell.value.mark != '\0') value.insert(0, 1, cell.value.mark);
    std::string unique = name;
    for (int i = 2; !used.insert(unique).second; ++i) unique = name + "#" + std::to_string(i);
    out.emplace_back(unique, value);
  }
  return out;
}

}  // namespace duramen::query::oracle
