#include "store/block_reader.h"

#include <algorithm>
#include <utility>

namespace duramen::store {
namespace {

Error broken(std::string_view what) { return {ErrorCode::kDataLoss, "block " + std::string(what)}; }

}  // namespace

Result<std::unique_ptr<BlockReader>> BlockReader::open(Fetch fetch) {
  DURAMEN_TRY(const Value head, fetch(BlockPart::kHead));
  DURAMEN_TRY(auto layout, BlockLayout::read(*head));
  return std::make_unique<BlockReader>(std::move(layout), std::move(fetch));
}

BlockReader::BlockReader(std::shared_ptr<const BlockLayout> layout, Fetch fetch)
    : layout_(std::move(layout)),
      head_(layout_->head),
      fetch_(std::move(fetch)),
      value_bytes_(layout_->head_bytes),
      rows_value_("rows", head_.rows, layout_->rows),
      vars_value_("vars", head_.vars, layout_->vars),
      variables_(layout_->slot_at.size()),
      variable_budget_(head_.message_bytes),
      fields_(head_.field_columns.size()),
      field_budget_(head_.value_bytes()) {}

Result<void> BlockReader::fetch_into(ValueReader& value, BlockPart part) {
  if (value.has_bytes()) return {};
  DURAMEN_TRY(Value bytes, fetch_(part));
  value_bytes_ += bytes->size();
  return value.set_bytes(std::move(bytes));
}

// ---- rows

std::optional<std::size_t> BlockReader::index_limit(RowColumn column) const {
  switch (column) {
    case RowColumn::kStream:
      return head_.streams.size();
    case RowColumn::kTemplate:
      return head_.templates.size();
    case RowColumn::kNode:
      return head_.nodes.size();
    case RowColumn::kFieldSet:
      return head_.field_sets.size();
    case RowColumn::kTime:
    case RowColumn::kSeq:
    case RowColumn::kOriginSeq:
    case RowColumn::kReceived:
      break;
  }
  return std::nullopt;
}

std::uint64_t BlockReader::span(RowColumn column) const {
  const BlockSummary& sum = head_.summary;
  if (column == RowColumn::kSeq) return sum.max_seq.value() - sum.min_seq.value();
  return static_cast<std::uint64_t>(sum.max_time) - static_cast<std::uint64_t>(sum.min_time);
}

bool BlockReader::in_range(RowColumn column, std::uint64_t number) const {
  if (const auto limit = index_limit(column)) return number < *limit;
  const bool has_span = column == RowColumn::kTime || column == RowColumn::kSeq;
  return !has_span || number <= span(column);
}

Result<void> BlockReader::check_numbers(RowColumn column,
                                        std::span<const std::uint64_t> numbers) const {
  if (const auto limit = index_limit(column)) {
    const bool below =
        std::all_of(numbers.begin(), numbers.end(), [&](std::uint64_t n) { return n < *limit; });
    if (!below) return broken("rows: an index out of range");
    return {};
  }
  if (column != RowColumn::kTime && column != RowColumn::kSeq) return {};
  const BlockSummary& sum = head_.summary;
  const auto [low, high] = std::minmax_element(numbers.begin(), numbers.end());
  if (sum.min_time > sum.max_time || sum.min_seq > sum.max_seq || *low != 0 ||
      *high != span(column)) {
    return broken("rows: times or seqs that the head does not name");
  }
  return {};
}

Result<std::size_t> BlockReader::read_numbers(std::size_t part, std::uint64_t left,
                                              PackedIntegers& out) {
  const PartEntry& entry = rows_value_.part(part);
  const std::uint64_t n = entry.last ? left : entry.values;
  if (entry.encoding != Encoding::kIntegers || n == 0 || n > left) {
    return broken("rows: a part's encoding or count");
  }
  DURAMEN_TRY(LaneReaders in, rows_value_.read(part));
  if (!out.read(in, n) || !in.used_up()) return broken("rows: a broken column");
  return n;
}

Result<std::span<const std::uint64_t>> BlockReader::numbers(RowColumn column) {
  const auto index = static_cast<std::size_t>(column);
  auto& known = numbers_[index];
  if (known != nullptr) return std::span<const std::uint64_t>(known.get(), rows());
  DURAMEN_TRY_VOID(fetch_into(rows_value_, BlockPart::kRows));
  auto out = std::make_unique_for_overwrite<std::uint64_t[]>(rows());
  const std::span<std::uint64_t> all(out.get(), rows());
  std::size_t done = 0;
  for (std::size_t p = rows_value_.parts_begin(index); p < rows_value_.parts_end(index); ++p) {
    PackedIntegers packed;
    DURAMEN_TRY(const std::size_t n, read_numbers(p, rows() - done, packed));
    if (!packed.decode(all.subspan(done, n))) return broken("rows: a broken column");
    done += n;
  }
  DURAMEN_TRY_VOID(check_numbers(column, all));
  known = std::move(out);
  return std::span<const std::uint64_t>(all);
}

Result<std::uint64_t> BlockReader::number(RowColumn column, std::size_t row) {
  const auto index = static_cast<std::size_t>(column);
  if (numbers_[index] != nullptr) return numbers_[index][row];
  DURAMEN_TRY_VOID(fetch_into(rows_value_, BlockPart::kRows));
  std::size_t begin = 0;
  for (std::size_t p = rows_value_.parts_begin(index); p < rows_value_.parts_end(index); ++p) {
    PackedIntegers packed;
    DURAMEN_TRY(const std::size_t n, read_numbers(p, rows() - begin, packed));
    if (row < begin + n) {
      const auto number = packed.at(row - begin);
      if (!number || !in_range(column, *number)) return broken("rows: a number out of range");
      return *number;
    }
    begin += n;
  }
  return broken("rows: a column that is too short");
}

// ---- messages

Result<void> BlockReader::sort_by_template() {
  if (by_template_known_) return {};
  DURAMEN_TRY(const auto of, numbers(RowColumn::kTemplate));
  std::vector<std::uint32_t> next;
  template_begin_.clear();
  std::uint32_t begin = 0;
  for (const BlockTemplate& t : head_.templates) {
    next.push_back(begin);
    template_begin_.push_back(begin);
    begin += t.rows;  // the head's counts add up to its rows
  }
  template_begin_.push_back(begin);
  by_template_.resize(rows());
  place_.resize(rows());
  for (std::size_t row = 0; row < of.size(); ++row) {
    const std::uint64_t id = of[row];
    if (next[id] == template_begin_[id + 1]) return broken("rows: template counts");
    place_[row] = next[id] - template_begin_[id];
    by_template_[next[id]++] = static_cast<std::uint32_t>(row);
  }
  by_template_known_ = true;
  return {};
}

Result<std::span<const std::uint32_t>> BlockReader::rows_of_template(std::size_t id) {
  DURAMEN_TRY_VOID(sort_by_template());
  return std::span<const std::uint32_t>(by_template_)
      .subspan(template_begin_[id], template_begin_[id + 1] - template_begin_[id]);
}

Result<std::span<const std::uint32_t>> BlockReader::places_in_template() {
  DURAMEN_TRY_VOID(sort_by_template());
  return std::span<const std::uint32_t>(place_);
}

Result<void> BlockReader::read_column(ValueReader& value, std::size_t column,
                                      std::span<const std::uint32_t> rows,
                                      const WantedValues& wanted, std::size_t& budget,
                                      ColumnValues& out) {
  for (std::size_t p = value.parts_begin(column); p < value.parts_end(column); ++p) {
    const PartEntry& part = value.part(p);
    const std::size_t done = out.size();
    const std::uint64_t count = part.last ? rows.size() - done : part.values;
    if (count == 0 || count > rows.size() - done) return broken("columns: a part's count");
    times_.clear();
    if (part.encoding == Encoding::kTime) {  // no other encoding looks at them
      DURAMEN_TRY(const auto numbers, this->numbers(RowColumn::kTime));
      for (std::size_t i = 0; i < count; ++i) times_.push_back(time_of(numbers[rows[done + i]]));
    }
    DURAMEN_TRY(LaneReaders in, value.read(p));
    if (!decode_some_values(part.encoding, in, count, times_, wanted, budget, out)) {
      return broken("columns: broken values");
    }
  }
  return {};
}

Result<std::size_t> BlockReader::column_of(std::size_t id, std::size_t slot) const {
  if (slot >= slots_of(id).size()) return broken("rows: a template that has none");
  return layout_->first_slot[id] + slot;
}

Result<const ColumnValues*> BlockReader::variables(std::size_t id, std::size_t slot) {
  DURAMEN_TRY(const std::size_t column, column_of(id, slot));
  std::optional<ColumnValues>& known = variables_[column];
  if (known) return &*known;
  DURAMEN_TRY_VOID(fetch_into(vars_value_, BlockPart::kVars));
  DURAMEN_TRY(const auto rows, rows_of_template(id));
  ColumnValues out;
  DURAMEN_TRY_VOID(read_column(vars_value_, column, rows, std::nullopt, variable_budget_, out));
  known = std::move(out);
  return &*known;
}

Result<ColumnValues> BlockReader::some_variables(std::size_t id, std::size_t slot,
                                                 std::span<const std::uint32_t> places) {
  DURAMEN_TRY(const std::size_t column, column_of(id, slot));
  DURAMEN_TRY_VOID(fetch_into(vars_value_, BlockPart::kVars));
  DURAMEN_TRY(const auto rows, rows_of_template(id));
  ColumnValues out;
  std::size_t budget = head_.message_bytes;
  DURAMEN_TRY_VOID(read_column(vars_value_, column, rows, places, budget, out));
  return out;
}

Result<ColumnProbe*> BlockReader::probe(std::size_t id, std::size_t slot) {
  DURAMEN_TRY(const std::size_t column, column_of(id, slot));
  DURAMEN_TRY_VOID(fetch_into(vars_value_, BlockPart::kVars));
  probe_.clear();
  std::uint64_t left = head_.templates[id].rows;
  for (std::size_t p = vars_value_.parts_begin(column); p < vars_value_.parts_end(column); ++p) {
    const PartEntry& part = vars_value_.part(p);
    const std::uint64_t n = part.last ? left : part.values;
    if (n == 0 || n > left) return broken("columns: a part's count");
    left -= n;
    DURAMEN_TRY(const LaneReaders in, vars_value_.read(p));
    if (!probe_.add_part(part.encoding, in, n)) return broken("columns: broken values");
  }
  return &probe_;
}

// ---- fields

/// Finds the rows of every field column. A column of no row has no part in the value.
Result<void> BlockReader::sort_by_field() {
  if (fields_value_) return {};
  DURAMEN_TRY(const auto set_of, numbers(RowColumn::kFieldSet));
  std::uint64_t total = 0;
  field_rows_.assign(head_.field_columns.size(), {});
  for (std::size_t row = 0; row < set_of.size(); ++row) {
    const auto& set = head_.field_sets[set_of[row]];
    total += set.size();
    if (total > head_.field_values) return broken("fields: more values than the head says");
    for (const std::uint32_t column : set) {
      field_rows_[column].push_back(static_cast<std::uint32_t>(row));
    }
  }
  if (total != head_.field_values) return broken("fields: fewer values than the head says");
  std::size_t stored = 0;
  for (const auto& rows : field_rows_) {
    stored_column_.push_back(stored);
    if (!rows.empty()) ++stored;
  }
  DURAMEN_TRY(fields_layout_, ValueLayout::of("fields", head_.fields, stored, raw_limit(head_)));
  fields_value_.emplace("fields", head_.fields, fields_layout_);
  return {};
}

Result<std::span<const std::uint32_t>> BlockReader::rows_of_field(std::size_t column) {
  DURAMEN_TRY_VOID(sort_by_field());
  return std::span<const std::uint32_t>(field_rows_[column]);
}

Result<const ColumnValues*> BlockReader::field(std::size_t column) {
  std::optional<ColumnValues>& known = fields_[column];
  if (known) return &*known;
  DURAMEN_TRY(const auto rows, rows_of_field(column));
  ColumnValues out;
  if (!rows.empty()) {
    DURAMEN_TRY_VOID(fetch_into(*fields_value_, BlockPart::kFields));
    DURAMEN_TRY_VOID(read_column(*fields_value_, stored_column_[column], rows, std::nullopt,
                                 field_budget_, out));
  }
  known = std::move(out);
  return &*known;
}

BlockCost BlockReader::cost() const {
  std::uint64_t frames = rows_value_.frames_read() + vars_value_.frames_read();
  if (fields_value_) frames += fields_value_->frames_read();
  return {value_bytes_, frames};
}

}  // namespace duramen::store
