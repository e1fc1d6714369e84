#include "query/rows/block_columns.h"

#include <algorithm>
#include <utility>

#include "model/template.h"

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

std::uint64_t BlockColumns::number(RowColumn column, std::size_t row) {
  Numbers& known = numbers_[static_cast<std::size_t>(column)];
  if (known.empty()) {
    auto read = block_->numbers(column);
    if (read) {
      known = *read;
    } else {
      fail(std::move(read).error());
      zeros_.resize(rows());
      known = zeros_;
    }
  }
  return known[row];
}

TimeNs BlockColumns::time(std::size_t row) {
  return block_->time_of(number(RowColumn::kTime, row));
}

void BlockColumns::times(std::span<const std::uint32_t> rows, std::vector<TimeNs>& out) {
  out.resize(rows.size());
  if (rows.empty()) return;
  number(RowColumn::kTime, rows.front());
  const Numbers numbers = numbers_[static_cast<std::size_t>(RowColumn::kTime)];
  for (std::size_t i = 0; i < rows.size(); ++i) out[i] = block_->time_of(numbers[rows[i]]);
}

void BlockColumns::streams_of(std::span<const std::uint32_t> rows,
                              std::vector<std::uint32_t>& out) {
  out.resize(rows.size());
  if (rows.empty()) return;
  number(RowColumn::kStream, rows.front());
  const Numbers numbers = numbers_[static_cast<std::size_t>(RowColumn::kStream)];
  for (std::size_t i = 0; i < rows.size(); ++i) {
    out[i] = static_cast<std::uint32_t>(numbers[rows[i]]);
  }
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

BlockColumns::Template& BlockColumns::slots_of(std::uint32_t id) {
  Template& t = templates_[id];
  if (t.known) return t;
  t.known = true;
  if (templates()[id].rows == 0) {
    fail({ErrorCode::kDataLoss, "block rows: a template that has none"});
    return t;
  }
  if (id == 0) {
    t.at = {0};
  }
  const std::string& text = templates()[id].text;
  t.at.reserve(block_->slots_of(id));
  for (std::uint32_t at = 0; at < text.size(); ++at) {
    if (model::is_slot(text[at])) t.at.push_back(at);
  }
  return t;
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
  Template& t = slots_of(id);
  const std::uint32_t place = places_[row];
  if (std::binary_search(t.some_places.begin(), t.some_places.end(), place)) {
    return t.some[slot][place];
  }
  if (t.values.empty()) t.values.resize(t.at.size());
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
  const Template& t = slots_of(id);
  if (id == 0) return value(0, 0, row);
  const std::string& text = templates()[id].text;
  if (t.at.empty()) return text;
  message_.clear();
  std::uint32_t copied = 0;
  for (std::size_t slot = 0; slot < t.at.size(); ++slot) {
    message_.append(text, copied, t.at[slot] - copied);
    message_ += value(id, slot, row);
    copied = t.at[slot] + 1;
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
  const std::uint32_t any = rows.front();  // a column of numbers is read whole
  if (needs.positions) position(any);
  if (needs.seqs) seq(any);
  if (needs.times) time(any);
  if (needs.received) received(any);
  if (needs.streams) stream(any);
  if (needs.streams) field_set_of(any);
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
  Template& t = slots_of(id);
  t.some_places.clear();
  t.some.clear();
  if (rows.size() * kFew > templates()[id].rows) {
    for (std::size_t slot = 0; slot < t.at.size(); ++slot) value(id, slot, rows.front());
    if (error_) return *error_;
    return {};
  }
  std::vector<std::uint32_t> places;
  for (const std::uint32_t row : rows) places.push_back(places_[row]);
  std::sort(places.begin(), places.end());
  for (std::size_t slot = 0; slot < t.at.size(); ++slot) {
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
