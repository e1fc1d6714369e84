#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/record_batch.h"
#include "store/block_head.h"
#include "store/block_layout.h"
#include "store/column_encoding.h"
#include "store/column_integers.h"
#include "store/column_probe.h"
#include "store/keys.h"
#include "store/value_reader.h"

namespace duramen::store {

/// What has been read of one block so far.
struct BlockCost {
  std::uint64_t value_bytes = 0;  ///< of the values that were fetched, as they are stored
  std::uint64_t frames = 0;       ///< verified and expanded
};

/// Reads one block column by column: a value is fetched, a frame expanded and a column decoded when
/// it is first asked for. What decode_block() gives, in pieces; a column that nobody asks for is
/// neither read nor verified.
///
/// Never crashes or allocates without bound on damaged or hostile bytes.
/// Threading: one thread. Ownership: what it gives is good as long as it lives.
/// Blocking: as `fetch`. Errors: of fetch; kDataLoss (says which value, which frame, what is
/// wrong); kUnimplemented (a newer block version).
class BlockReader {
 public:
  /// Gives one of the four values of the block, which others may be reading, too.
  using Value = std::shared_ptr<const std::string>;
  using Fetch = std::function<Result<Value>(BlockPart)>;
  static Result<std::unique_ptr<BlockReader>> open(Fetch fetch);
  /// The head is not fetched.
  BlockReader(std::shared_ptr<const BlockLayout> layout, Fetch fetch);

  const BlockSummary& summary() const { return head_.summary; }
  std::size_t rows() const { return head_.summary.rows; }
  const std::vector<model::Labels>& streams() const { return head_.streams; }
  const std::vector<model::NodeId>& nodes() const { return head_.nodes; }
  const std::vector<FieldColumn>& field_columns() const { return head_.field_columns; }
  const std::vector<std::vector<std::uint32_t>>& field_sets() const { return head_.field_sets; }
  /// [0] has no text: its rows are one variable each.
  const std::vector<BlockTemplate>& templates() const { return head_.templates; }
  /// Where the slots of a template are in its text; none when it has no rows, {0} for [0].
  std::span<const std::uint32_t> slots_of(std::size_t id) const {
    const auto& first = layout_->first_slot;
    return std::span(layout_->slot_at).subspan(first[id], first[id + 1] - first[id]);
  }

  /// One number a row; indexes are in range.
  Result<std::span<const std::uint64_t>> numbers(RowColumn column);
  /// The same of one row, without the others: for few rows.
  Result<std::uint64_t> number(RowColumn column, std::size_t row);
  TimeNs time_of(std::uint64_t number) const {
    return static_cast<TimeNs>(static_cast<std::uint64_t>(head_.summary.min_time) + number);
  }

  /// The rows of a template, rising.
  Result<std::span<const std::uint32_t>> rows_of_template(std::size_t id);
  /// Each row's place among the rows of its template.
  Result<std::span<const std::uint32_t>> places_in_template();
  /// The values of one slot, counted from the left: one for each row of the template.
  Result<const ColumnValues*> variables(std::size_t id, std::size_t slot);
  /// The same, but only the values at these places (rising) among the rows of the template: the
  /// others are empty. Not kept.
  Result<ColumnValues> some_variables(std::size_t id, std::size_t slot,
                                      std::span<const std::uint32_t> places);
  /// What may stand in those values; none is decoded. Good until the next call.
  Result<ColumnProbe*> probe(std::size_t id, std::size_t slot);

  /// The rows whose field set has a field column, rising.
  Result<std::span<const std::uint32_t>> rows_of_field(std::size_t column);
  /// The values of a field column: one for each of those rows.
  Result<const ColumnValues*> field(std::size_t column);

  BlockCost cost() const;

 private:
  Result<void> fetch_into(ValueReader& value, BlockPart part);
  /// Takes a part's numbers, of which there are at most `left`.
  Result<std::size_t> read_numbers(std::size_t part, std::uint64_t left, PackedIntegers& out);
  /// Of a column of indexes: all are below.
  std::optional<std::size_t> index_limit(RowColumn column) const;
  /// Of kTime and kSeq: the largest there must be.
  std::uint64_t span(RowColumn column) const;
  bool in_range(RowColumn column, std::uint64_t number) const;
  Result<void> check_numbers(RowColumn column, std::span<const std::uint64_t> numbers) const;
  Result<void> sort_by_template();
  Result<void> sort_by_field();
  /// Decodes a column that has a value for each of `rows`.
  Result<void> read_column(ValueReader& value, std::size_t column,
                           std::span<const std::uint32_t> rows, const WantedValues& wanted,
                           std::size_t& budget, ColumnValues& out);

  /// The column of vars. Errors: kDataLoss when the template has no such slot.
  Result<std::size_t> column_of(std::size_t id, std::size_t slot) const;

  const std::shared_ptr<const BlockLayout> layout_;
  const BlockHead& head_;
  const Fetch fetch_;
  std::uint64_t value_bytes_;
  ValueReader rows_value_;
  ValueReader vars_value_;
  ValueLayout fields_layout_;                ///< once it is known which rows have which field
  std::optional<ValueReader> fields_value_;  ///< the same

  std::array<std::unique_ptr<std::uint64_t[]>, kRowColumns> numbers_;  ///< one a row, once read
  std::vector<std::optional<ColumnValues>> variables_;
  ColumnProbe probe_;
  std::size_t variable_budget_;  ///< bytes that variables may still take
  std::vector<std::optional<ColumnValues>> fields_;
  std::size_t field_budget_;

  bool by_template_known_ = false;
  std::vector<std::uint32_t> template_begin_;           ///< in by_template_; one more at the end
  std::vector<std::uint32_t> by_template_;              ///< rows ordered by template
  std::vector<std::uint32_t> place_;                    ///< a row
  std::vector<std::vector<std::uint32_t>> field_rows_;  ///< a field column
  std::vector<std::size_t> stored_column_;              ///< a field column's number in the value
  std::vector<TimeNs> times_;                           ///< scratch
};

}  // namespace duramen::store
