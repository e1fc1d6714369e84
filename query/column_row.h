#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/record_batch.h"
#include "query/row.h"
#include "query/row_json.h"

namespace duramen::query {

/// A cursor over the rows of a RowSet: values are views into its columns. One object serves all
/// sets of a scan, one after the other.
/// Threading: none. Ownership: names outlive it; the set is shared until the next bind().
class ColumnRow final : public RowView {
 public:
  explicit ColumnRow(const NameTable& names);

  void bind(model::RowSet set);
  void move_to(std::size_t row) { row_ = row; }

  std::string_view message() const { return records_->message(row_); }
  model::RowIdentity identity() const { return set_.identity(row_); }
  Position position() const;

  std::optional<FieldValue> get(Slot slot) const override;
  std::optional<TimeNs> time(Slot slot) const override;
  Row to_row() const override;
  /// The row as the API shows it.
  void append_json(std::string& out) const;

 private:
  /// What a name can be in this batch.
  struct Bound {
    std::vector<std::uint32_t> fields;     ///< indexes of field names that are the name
    std::vector<std::uint32_t> qualified;  ///< and that are its qualified part
  };
  struct LabelValues {
    std::string_view named;      ///< label of the name; empty: none
    std::string_view qualified;  ///< label of the qualified part
  };

  std::optional<FieldValue> builtin(Name::Builtin builtin) const;
  std::optional<FieldValue> field(const std::vector<std::uint32_t>& names) const;
  const LabelValues& labels(Slot slot) const;
  bool names_clash() const;
  bool has_field(std::string_view name) const;
  /// Fills shown_ with what the row shows. True when two names may come out the same.
  bool collect() const;

  const NameTable& names_;
  model::RowSet set_;
  const model::RecordBatch* records_;
  std::size_t row_ = 0;
  std::vector<Bound> bound_;                              // a slot
  mutable std::vector<std::vector<LabelValues>> labels_;  // a stream: empty, or one a slot
  mutable std::optional<bool> clash_;                     // of this batch, once asked
  mutable std::string time_text_;
  mutable std::string seq_text_;
  mutable std::string received_text_;
  mutable std::vector<ShownField> shown_;
  mutable std::deque<std::string> qualified_names_;
};

}  // namespace duramen::query
