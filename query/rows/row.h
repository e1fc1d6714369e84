#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "model/ids.h"
#include "model/labels.h"
#include "model/record_batch.h"

namespace duramen::query {

/// The total order of records (docs/query.md, "Time range, order, limit"): time, then origin.
struct Position {
  TimeNs time = 0;
  model::NodeId node;
  model::Seq seq;
  friend auto operator<=>(const Position&, const Position&) = default;
};

/// A name of a query, resolved as far as that can be done without a record.
struct Name {
  enum class Builtin : std::uint8_t { kNone, kTime, kSeq, kMessage, kReceived };
  /// `label.x` may mean the label x where a field x hides it, `field.x` a field x with the name of
  /// a built-in (docs/query.md, "Names").
  enum class Qualifier : std::uint8_t { kNone, kLabel, kField };

  explicit Name(std::string_view name);
  std::string text;
  Builtin builtin = Builtin::kNone;
  Qualifier qualifier = Qualifier::kNone;
  std::string qualified;  ///< the x
};

using Slot = std::uint32_t;

/// The names that a query uses, numbered, so that a batch resolves each once.
/// Threading: none; complete before the first row is looked at.
class NameTable {
 public:
  Slot add(std::string_view name);
  /// What is added from now on, again or for the first time, is named by pipes. Without this call
  /// every name is.
  void begin_pipes() { of_pipes_.assign(names_.size(), false); }
  /// Whether it is asked of rows that match, not only by the filter.
  bool is_of_pipes(Slot slot) const { return of_pipes_[slot]; }
  const Name& at(Slot slot) const { return names_[slot]; }
  std::size_t size() const { return names_.size(); }

 private:
  std::vector<Name> names_;
  std::vector<bool> of_pipes_;  ///< a name
  std::map<std::string, Slot, std::less<>> slots_;
};

/// A name that a row shows: `qualifier` (`label.`, `field.`, or empty) and `name`.
struct RowName {
  enum class Kind : std::uint8_t { kLabel, kText, kJson };
  std::string_view qualifier;
  std::string_view name;
  Kind kind = Kind::kText;
};

struct FieldValue {
  std::string_view bytes;
  model::FieldKind kind = model::FieldKind::kText;
};

/// A row of its own, as pipes pass it on: names as they are shown. Of two equal ones the first is
/// meant.
struct Row {
  struct Field {
    std::string name;
    std::string bytes;
    model::FieldKind kind = model::FieldKind::kText;
    bool hidden = false;  ///< found by name, but not shown: `_received` until a pipe names it
  };
  Position position;
  std::vector<Field> fields;

  const Field* find(std::string_view name) const;
  /// Replaces the field of that name, or adds one.
  void set(std::string_view name, std::string_view bytes, model::FieldKind kind);
  std::size_t memory_bytes() const;
};

/// One row, wherever it lies. Views stay good until the row moves on, or the same slot is asked
/// again.
class RowView {
 public:
  RowView() = default;
  RowView(const RowView&) = delete;
  RowView& operator=(const RowView&) = delete;
  RowView(RowView&&) = delete;
  RowView& operator=(RowView&&) = delete;
  virtual ~RowView() = default;

  virtual std::optional<FieldValue> get(Slot slot) const = 0;
  /// The value as a time: of `_time` and `_received`.
  virtual std::optional<TimeNs> time(Slot slot) const = 0;
  virtual Row to_row() const = 0;
  /// The labels of the record's stream; null when pipes made the row.
  virtual const model::Labels* labels() const = 0;
  /// Appends the names of labels and fields as they are shown, without the built-in ones.
  virtual void append_names(std::vector<RowName>& out) const = 0;
};

/// A view of a Row, which outlives it.
class OwnRowView final : public RowView {
 public:
  OwnRowView(const NameTable& names, const Row& row) : names_(names), row_(row) {}
  std::optional<FieldValue> get(Slot slot) const override;
  std::optional<TimeNs> time(Slot slot) const override;
  Row to_row() const override { return row_; }
  const model::Labels* labels() const override { return nullptr; }
  void append_names(std::vector<RowName>& out) const override;

 private:
  const NameTable& names_;
  const Row& row_;
};

}  // namespace duramen::query
