#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/ids.h"
#include "model/labels.h"

namespace duramen::model {

/// What a field's bytes are. Stable: written to disk.
enum class FieldKind : std::uint8_t {
  kText = 0,  ///< any bytes; shown as a JSON string
  kJson = 1,  ///< a JSON number, true, false, array or object, byte for byte as it came
};

/// Records as columns, not one heap object a record: every decoder fills one, the journal stores
/// one, the block builder reads one.
///
/// Row i has stream `streams[stream[i]]`, time `time[i]`, the bytes message(i), and the fields
/// first_field(i) .. fields_end[i] of the field columns (a name occurs at most once in a row).
/// Fill it in any way that keeps check() true; the usual way is add_row() after add_field()s.
/// Threading: none while it is filled; immutable and shared once it is in a RowSet.
struct RecordBatch {
  std::vector<Labels> streams;
  std::vector<std::string> field_names;

  std::vector<std::uint32_t> stream;       ///< a row: index into streams
  std::vector<TimeNs> time;                ///< a row
  std::vector<std::uint32_t> message_end;  ///< a row: end in messages
  std::vector<std::uint32_t> fields_end;   ///< a row: end in field_*
  std::string messages;

  std::vector<std::uint32_t> field_name;  ///< a field: index into field_names
  std::vector<FieldKind> field_kind;      ///< a field
  std::vector<std::uint32_t> value_end;   ///< a field: end in values
  std::string values;

  std::size_t rows() const { return time.size(); }
  std::string_view message(std::size_t row) const { return slice(messages, message_end, row); }
  std::uint32_t first_field(std::size_t row) const { return row == 0 ? 0 : fields_end[row - 1]; }
  std::string_view value(std::size_t field) const { return slice(values, value_end, field); }
  /// Text bytes: messages, values; the measure of "raw" in every limit and figure.
  std::size_t raw_bytes() const { return messages.size() + values.size(); }
  static constexpr std::size_t kRowWeight = sizeof(TimeNs) + 3 * sizeof(std::uint32_t);
  static constexpr std::size_t kFieldWeight = 2 * sizeof(std::uint32_t) + sizeof(FieldKind);
  /// Raw bytes, and what every row, field, name and stream takes besides. Limits count this, so
  /// that rows without text are not taken for nothing.
  std::size_t weight() const;
  /// The part of it that belongs to a row and its fields alone.
  std::size_t row_weight(std::size_t row) const;
  /// About what it takes in memory.
  std::size_t memory_bytes() const;

  /// Index of a field name, added when new. Linear over few names: callers cache it.
  std::uint32_t intern_field_name(std::string_view name);
  /// Index of a stream, added when new (by StreamId).
  std::uint32_t intern_stream(const Labels& labels);
  /// Adds a field to the row that the next add_row() closes.
  void add_field(std::uint32_t name, FieldKind kind, std::string_view value);
  void add_row(std::uint32_t stream_index, TimeNs at, std::string_view message);
  /// Appends row `row` of `from`.
  void copy_row(const RecordBatch& from, std::size_t row);
  /// kDataLoss when columns disagree in length, an index is out of range or an end goes backwards.
  Result<void> check() const;

 private:
  static std::string_view slice(const std::string& bytes, const std::vector<std::uint32_t>& ends,
                                std::size_t i) {
    const std::uint32_t begin = i == 0 ? 0 : ends[i - 1];
    return std::string_view(bytes).substr(begin, ends[i] - begin);
  }
};

/// Rows with their identities: a journaled batch, or a decoded block. Cheap to copy (shared).
/// Threading: immutable.
class RowSet {
 public:
  RowSet() : records_(std::make_shared<RecordBatch>()) {}
  /// Row i is `first` with both seqs moved on by i: a batch as the journal took it.
  RowSet(std::shared_ptr<const RecordBatch> records, RowIdentity first)
      : records_(std::move(records)), identities_(first) {}
  /// One identity a row: what a block decodes to.
  RowSet(std::shared_ptr<const RecordBatch> records, std::vector<RowIdentity> identities)
      : records_(std::move(records)),
        identities_(std::make_shared<const std::vector<RowIdentity>>(std::move(identities))) {}

  std::size_t rows() const { return records_->rows(); }
  const RecordBatch& records() const { return *records_; }
  RowIdentity identity(std::size_t row) const {
    if (const auto* first = std::get_if<RowIdentity>(&identities_)) {
      return {first->seq.plus(row), first->node, first->origin_seq.plus(row), first->received};
    }
    return (*std::get<1>(identities_))[row];
  }

 private:
  std::shared_ptr<const RecordBatch> records_;
  std::variant<RowIdentity, std::shared_ptr<const std::vector<RowIdentity>>> identities_;
};

}  // namespace duramen::model
