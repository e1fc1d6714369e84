#include "query/rows/block_columns.h"

#include <algorithm>
#include <utility>

namespace duramen::query {

using store::RowColumn;

BlockColumns::BlockColumns(std::unique_ptr<store::BlockReader> block)
    : block_(std::move(block)), templates_(block_->templates().size()) {}

Result<std::unique_ptr<BlockColumns>> BlockColumns::open(
    std::unique_ptr<store::BlockReader> block) {
  // After damage every index is taken for 0, so that there must be something there.
  if (block->streams().empty() || block->nodes().empty() || block->field_sets().empty()) {
    return Error{ErrorCode::kDataLoss, "block head: no streams, nodes or field sets"};
  }
  return std::unique_ptr<BlockColumns>(new BlockColumns(std::move(block)));
}

void BlockColumns::fail(Error error) {
  if (!error_) error_ = std::move(error);
}

store::BlockCost BlockColumns::take_cost() {
  const store::BlockCost now = block_->cost();
  const store::BlockCost more{now.value_bytes - told_.value_bytes, now.frames - told_.frames};
  told_ = now;
  return more;
}

BlockColumns::Numbers BlockColumns::numbers(RowColumn column) {
  Numbers& known = numbers_[static_cast<std::size_t>(column)];
  if (!known.empty()) return known;
  auto read = block_->numbers(column);
  if (read) return known = *read;
  fail(std::move(read).error());
  zeros_.resize(rows());
  return known = zeros_;
}

std::uint64_t BlockColumns::number(RowColumn column, std::size_t row) {
  const Numbers known = numbers_[static_cast<std::size_t>(column)];
  if (!known.empty()) return known[row];
  for (const RowNumber& some : some_numbers_[static_cast<std::size_t>(column)]) {
    if (some.row == row) return some.number;
  }
  return numbers(column)[row];
}

void BlockColumns::load_numbers(RowColumn column, std::span<const std::uint32_t> rows) {
  constexpr std::size_t kFew = 8;
  if (!numbers_[static_cast<std::size_t>(column)].empty()) return;
  auto& some = some_numbers_[static_cast<std::size_t>(column)];
  if (rows.size() > kFew || some.size() > kFew) {
    numbers(column);
    return;
  }
  for (const std::uint32_t row : rows) {
    const auto is_row = [row](const RowNumber& known) { return known.row == row; };
    if (std::any_of(some.begin(), some.end(), is_row)) continue;
    auto read = block_->number(column, row);
    if (!read) return fail(std::move(read).error());
    some.push_back({row, *read});
  }
}

TimeNs BlockColumns::time(std::size_t row) {
  return block_->time_of(number(RowColumn::kTime, row));
}

void BlockColumns::times(std::span<const std::uint32_t> rows, std::vector<TimeNs>& out) {
  out.resize(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) out[i] = time(rows[i]);
}

void BlockColumns::streams_of(std::span<const std::uint32_t> rows,
                              std::vector<std::uint32_t>& out) {
  out.resize(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) out[i] = stream(rows[i]);
}

model::Seq BlockColumns::seq(std::size_t row) {
  return summary().min_seq.plus(number(RowColumn::kSeq, row));
}

Position BlockColumns::position(std::size_t row) {
  return {time(row), block_->nodes()[number(RowColumn::kNode, row)],
          seq(row).plus(number(RowColumn::kOriginSeq, row))};
}

TimeNs BlockColumns::received(std::size_t row) {
  return static_cast<TimeNs>(number(RowColumn::kReceived, row));
}

std::uint32_t BlockColumns::stream(std::size_t row) {
  return static_cast<std::uint32_t>(number(RowColumn::kStream, row));
}

std::uint32_t BlockColumns::template_of(std::size_t row) {
  return static_cast<std::uint32_t>(number(RowColumn::kTemplate, row));
}

std::uint32_t BlockColumns::field_set_of(std::size_t row) {
  return static_cast<std::uint32_t>(number(RowColumn::kFieldSet, row));
}

// ---- messages

bool BlockColumns::has_rows(std::uint32_t id) {
  if (templates()[id].rows != 0) return true;
  fail({ErrorCode::kDataLoss, "block rows: a template that has none"});
  return false;
}

/// Also checks that a template has as many rows as its head says: else it may have no columns.
bool BlockColumns::find_places() {
  if (!places_.empty()) return true;
  auto places = block_->places_in_template();
  if (!places) {
    fail(std::move(places).error());
    return false;
  }
  places_ = *places;
  return true;
}

std::string_view BlockColumns::value(std::uint32_t id, std::size_t slot, std::size_t row) {
  if (!find_places()) return {};
  Template& t = templates_[id];
  const std::uint32_t place = places_[row];
  if (std::binary_search(t.some_places.begin(), t.some_places.end(), place)) {
    return t.some[slot][place];
  }
  if (t.values.empty()) t.values.resize(slots_of(id).size());
  const store::ColumnValues*& values = t.values[slot];
  if (values == nullptr) {
    auto read = block_->variables(id, slot);
    if (!read) {
      fail(std::move(read).error());
      return {};
    }
    values = *read;
  }
  return (*values)[place];
}

store::ColumnProbe* BlockColumns::probe(std::uint32_t template_id, std::size_t slot) {
  auto probe = block_->probe(template_id, slot);
  if (probe) return *probe;
  fail(std::move(probe).error());
  return nullptr;
}

std::string_view BlockColumns::variable(std::size_t row, std::size_t slot) {
  const std::uint32_t id = template_of(row);
  return error_ ? std::string_view() : value(id, slot, row);
}

std::string_view BlockColumns::message(std::size_t row) {
  const std::uint32_t id = template_of(row);
  if (error_) return {};
  if (!has_rows(id)) return {};
  if (id == 0) return value(0, 0, row);
  const std::string& text = templates()[id].text;
  const auto slots = slots_of(id);
  if (slots.empty()) return text;
  message_.clear();
  std::uint32_t copied = 0;
  for (std::size_t slot = 0; slot < slots.size(); ++slot) {
    message_.append(text, copied, slots[slot] - copied);
    message_ += value(id, slot, row);
    copied = slots[slot] + 1;
  }
  message_.append(text, copied);
  return message_;
}

// ---- fields

std::span<const std::uint32_t> BlockColumns::fields(std::size_t row) {
  const std::uint32_t set = field_set_of(row);
  if (error_) return {};
  return field_sets()[set];
}

FieldValue BlockColumns::field(std::size_t row, std::size_t index) {
  const auto of_row = fields(row);
  if (index >= of_row.size()) return {};
  const std::uint32_t column = of_row[index];
  const auto rows = block_->rows_of_field(column);
  auto values = block_->field(column);
  if (!rows || !values) {
    fail(rows ? std::move(values).error() : rows.error());
    return {};
  }
  const auto place = std::lower_bound(rows->begin(), rows->end(), row) - rows->begin();
  return {(**values)[static_cast<std::size_t>(place)], block_->field_columns()[column].kind};
}

// ---- what is going to be needed

Result<void> BlockColumns::load(std::span<const std::uint32_t> rows, const Needs& needs) {
  if (rows.empty()) return {};
  const auto load = [&](bool needed, RowColumn column) {
    if (needed) load_numbers(column, rows);
  };
  load(needs.times || needs.positions, RowColumn::kTime);
  load(needs.positions, RowColumn::kNode);
  load(needs.seqs || needs.positions, RowColumn::kSeq);
  load(needs.positions, RowColumn::kOriginSeq);
  load(needs.received, RowColumn::kReceived);
  load(needs.streams, RowColumn::kStream);
  load(needs.streams, RowColumn::kFieldSet);
  if (needs.messages) DURAMEN_TRY_VOID(load_messages(rows));
  if (needs.all_fields || !needs.fields.empty()) DURAMEN_TRY_VOID(load_fields(rows, needs));
  if (error_) return *error_;
  return {};
}

Result<void> BlockColumns::load_messages(std::span<const std::uint32_t> rows) {
  std::vector<std::vector<std::uint32_t>> by_template(templates_.size());
  for (const std::uint32_t row : rows) by_template[template_of(row)].push_back(row);
  if (error_ || !find_places()) return *error_;
  for (std::uint32_t id = 0; id < by_template.size(); ++id) {
    if (!by_template[id].empty()) DURAMEN_TRY_VOID(load_template(id, by_template[id]));
  }
  return {};
}

/// A column is read as a whole when many of its values are wanted: they may be asked for again.
Result<void> BlockColumns::load_template(std::uint32_t id, std::span<const std::uint32_t> rows) {
  constexpr std::size_t kFew = 8;  // one of so many
  if (!has_rows(id)) return *error_;
  Template& t = templates_[id];
  const std::size_t slots = slots_of(id).size();
  t.some_places.clear();
  t.some.clear();
  if (rows.size() * kFew > templates()[id].rows) {
    for (std::size_t slot = 0; slot < slots; ++slot) value(id, slot, rows.front());
    if (error_) return *error_;
    return {};
  }
  std::vector<std::uint32_t> places;
  for (const std::uint32_t row : rows) places.push_back(places_[row]);
  std::sort(places.begin(), places.end());
  for (std::size_t slot = 0; slot < slots; ++slot) {
    DURAMEN_TRY(store::ColumnValues some, block_->some_variables(id, slot, places));
    t.some.push_back(std::move(some));
  }
  t.some_places = std::move(places);
  return {};
}

Result<void> BlockColumns::load_fields(std::span<const std::uint32_t> rows, const Needs& needs) {
  std::vector<bool> seen(field_sets().size());
  for (const std::uint32_t row : rows) {
    const std::uint32_t set = field_set_of(row);
    if (error_) return *error_;
    if (seen[set]) continue;
    seen[set] = true;
    for (const std::uint32_t column : field_sets()[set]) {
      const bool wanted = needs.all_fields || std::find(needs.fields.begin(), needs.fields.end(),
                                                        column) != needs.fields.end();
      if (wanted) DURAMEN_TRY_VOID(block_->field(column));
    }
  }
  return {};
}

}  // namespace duramen::query
