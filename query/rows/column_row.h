#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "query/rows/record_columns.h"
#include "query/rows/row.h"
#include "query/rows/row_json.h"

namespace duramen::query {

/// A cursor over the rows of a unit: values are views into its columns. One object serves all
/// units of a scan, one after the other.
/// Threading: none. Ownership: names outlive it, and the columns the use of it until the next
/// bind().
class ColumnRow final : public RowView {
 public:
  explicit ColumnRow(const NameTable& names);

  void bind(RecordColumns& columns);
  void move_to(std::size_t row) { row_ = row; }
  std::size_t row() const { return row_; }

  std::optional<FieldValue> get(Slot slot) const override;
  std::optional<TimeNs> time(Slot slot) const override;
  Row to_row() const override;
  const model::Labels* labels() const override {
    return &columns_->streams()[columns_->stream(row_)];
  }
  void append_names(std::vector<RowName>& out) const override;
  /// The row as the API shows it.
  void append_json(std::string& out) const;

  /// The numbers of the field names that get() may give the value of.
  std::vector<std::uint32_t> fields_asked_for() const;
  /// False when what get() gives depends on the row's stream alone, in this unit.
  bool may_be_field(Slot slot) const { return bound_[slot].depends_on_fields; }
  /// What get() gives of a name that is not built in, as far as it depends on the row's stream and
  /// on the names of its fields: one of the fields, a label, or nothing.
  struct Resolved {
    std::optional<std::size_t> field;  ///< index in `fields`
    std::optional<std::string_view> label;
  };
  Resolved resolve(Slot slot, std::uint32_t stream, std::span<const std::uint32_t> fields) const;

 private:
  /// What a name can be in this unit.
  struct Bound {
    std::vector<std::uint32_t> fields;  ///< numbers of field names that are shown under it
    bool depends_on_fields = false;
  };

  std::optional<FieldValue> builtin(Name::Builtin builtin) const;
  static std::optional<std::size_t> find(const std::vector<std::uint32_t>& names,
                                         std::span<const std::uint32_t> fields);
  std::optional<std::string_view> label_shown_as(const Name& name, std::uint32_t stream,
                                                 std::span<const std::uint32_t> fields) const;
  std::string_view label(Slot slot, std::uint32_t stream) const;
  bool names_clash() const;
  bool has_field(std::string_view name, std::span<const std::uint32_t> fields) const;
  /// Fills shown_ with what the row shows. True when two names may come out the same.
  bool collect() const;

  const NameTable& names_;
  RecordColumns* columns_ = nullptr;
  std::size_t row_ = 0;
  std::vector<Bound> bound_;                                   // a slot
  mutable std::vector<std::vector<std::string_view>> labels_;  // a stream: empty, or one a slot
  mutable std::optional<bool> clash_;                          // of this unit, once asked
  mutable std::string time_text_;
  mutable std::string seq_text_;
  mutable std::string received_text_;
  mutable std::vector<ShownField> shown_;
  mutable std::deque<std::string> qualified_names_;
};

}  // namespace duramen::query
