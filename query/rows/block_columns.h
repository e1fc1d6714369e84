#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "query/rows/record_columns.h"
#include "store/block_reader.h"

namespace duramen::query {

/// Records of a block, each column read when it is first asked for.
///
/// The functions of RecordColumns have no way to report damage: after one was found they give
/// nothing and zeros, and error() says what it is. What load() has read cannot fail any more.
class BlockColumns final : public RecordColumns {
 public:
  /// Errors: kDataLoss.
  static Result<std::unique_ptr<BlockColumns>> open(std::unique_ptr<store::BlockReader> block);

  std::size_t rows() const override { return block_->rows(); }
  const std::vector<model::Labels>& streams() const override { return block_->streams(); }
  std::size_t field_names() const override { return block_->field_columns().size(); }
  std::string_view field_name(std::size_t number) const override {
    return block_->field_columns()[number].name;
  }
  TimeNs time(std::size_t row) override;
  void times(std::span<const std::uint32_t> rows, std::vector<TimeNs>& out) override;
  void streams_of(std::span<const std::uint32_t> rows, std::vector<std::uint32_t>& out) override;
  model::Seq seq(std::size_t row) override;
  Position position(std::size_t row) override;
  TimeNs received(std::size_t row) override;
  std::uint32_t stream(std::size_t row) override;
  std::string_view message(std::size_t row) override;
  std::span<const std::uint32_t> fields(std::size_t row) override;
  FieldValue field(std::size_t row, std::size_t index) override;

  std::uint32_t template_of(std::size_t row);
  /// Of all rows.
  std::span<const std::uint64_t> templates_of_rows() {
    return numbers(store::RowColumn::kTemplate);
  }
  std::uint32_t field_set_of(std::size_t row);
  const std::vector<store::BlockTemplate>& templates() const { return block_->templates(); }
  std::span<const std::uint32_t> slots_of(std::uint32_t id) const { return block_->slots_of(id); }
  const std::vector<std::vector<std::uint32_t>>& field_sets() const { return block_->field_sets(); }
  /// What may stand in a slot; nullptr after damage. Good until the next call.
  store::ColumnProbe* probe(std::uint32_t template_id, std::size_t slot);
  /// The row's variable in a slot of its template.
  std::string_view variable(std::size_t row, std::size_t slot);

  /// What of some rows is going to be asked for.
  struct Needs {
    bool positions = false;
    bool seqs = false;
    bool times = false;
    bool received = false;
    bool messages = false;
    bool streams = false;
    bool all_fields = false;
    std::vector<std::uint32_t> fields;  ///< numbers of field names
  };
  /// Reads it. Errors: as BlockReader.
  Result<void> load(std::span<const std::uint32_t> rows, const Needs& needs);

  const std::optional<Error>& error() const { return error_; }
  /// What has been read since it was asked last.
  store::BlockCost take_cost();
  const store::BlockSummary& summary() const { return block_->summary(); }

 private:
  using Numbers = std::span<const std::uint64_t>;
  explicit BlockColumns(std::unique_ptr<store::BlockReader> block);
  struct Template {
    std::vector<const store::ColumnValues*> values;  ///< of slots, once they are asked for
    /// What load() has read when that is little: values of slots, at these places of its rows.
    std::vector<store::ColumnValues> some;
    std::vector<std::uint32_t> some_places;
  };

  /// The number of a row in a column; 0 after damage.
  std::uint64_t number(store::RowColumn column, std::size_t row);
  /// All of a column; zeros after damage.
  Numbers numbers(store::RowColumn column);
  /// Reads the column, or only these rows of it when they are few.
  void load_numbers(store::RowColumn column, std::span<const std::uint32_t> rows);
  /// False, and damage, for one without rows.
  bool has_rows(std::uint32_t id);
  std::string_view value(std::uint32_t id, std::size_t slot, std::size_t row);
  bool find_places();
  Result<void> load_messages(std::span<const std::uint32_t> rows);
  Result<void> load_template(std::uint32_t id, std::span<const std::uint32_t> rows);
  Result<void> load_fields(std::span<const std::uint32_t> rows, const Needs& needs);
  void fail(Error error);

  const std::unique_ptr<store::BlockReader> block_;
  struct RowNumber {
    std::uint32_t row;
    std::uint64_t number;
  };
  std::array<Numbers, store::kRowColumns> numbers_;
  std::array<std::vector<RowNumber>, store::kRowColumns> some_numbers_;  ///< instead, when few
  std::span<const std::uint32_t> places_;
  std::vector<Template> templates_;
  std::vector<std::uint64_t> zeros_;  ///< what a damaged column gives
  std::string message_;
  store::BlockCost told_;
  std::optional<Error> error_;
};

}  // namespace duramen::query
