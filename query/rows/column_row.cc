#include "query/rows/column_row.h"

#include <algorithm>
#include <set>

#include "base/time_text.h"
#include "query/language/ast.h"

namespace duramen::query {

ColumnRow::ColumnRow(const NameTable& names) : names_(names) {}

void ColumnRow::bind(RecordColumns& columns) {
  columns_ = &columns;
  row_ = 0;
  clash_.reset();
  labels_.assign(columns.streams().size(), {});
  bound_.assign(names_.size(), {});
  for (Slot slot = 0; slot < names_.size(); ++slot) {
    const Name& name = names_.at(slot);
    const bool qualified = name.qualifier != Name::Qualifier::kNone;
    const bool of_builtin =
        name.qualifier == Name::Qualifier::kField && is_builtin_name(name.qualified);
    for (std::uint32_t i = 0; i < columns.field_names(); ++i) {
      const bool named = columns.field_name(i) == name.text;
      const bool is_qualified = qualified && columns.field_name(i) == name.qualified;
      if (named || (of_builtin && is_qualified)) bound_[slot].fields.push_back(i);
      if (named || is_qualified) bound_[slot].depends_on_fields = true;
    }
  }
}

std::vector<std::uint32_t> ColumnRow::fields_asked_for() const {
  std::vector<std::uint32_t> out;
  for (Slot slot = 0; slot < bound_.size(); ++slot) {
    const std::vector<std::uint32_t>& fields = bound_[slot].fields;
    if (names_.is_of_pipes(slot)) out.insert(out.end(), fields.begin(), fields.end());
  }
  return out;
}

std::optional<FieldValue> ColumnRow::get(Slot slot) const {
  const Name& name = names_.at(slot);
  if (name.builtin != Name::Builtin::kNone) return builtin(name.builtin);
  const Resolved resolved = resolve(slot, columns_->stream(row_), columns_->fields(row_));
  if (resolved.field) return columns_->field(row_, *resolved.field);
  return resolved.label ? std::optional(FieldValue{*resolved.label}) : std::nullopt;
}

ColumnRow::Resolved ColumnRow::resolve(Slot slot, std::uint32_t stream,
                                       std::span<const std::uint32_t> fields) const {
  const Name& name = names_.at(slot);
  const auto field = find(bound_[slot].fields, fields);
  if (name.qualifier == Name::Qualifier::kNone) {
    if (field) return {field, std::nullopt};
    const std::string_view value = label(slot, stream);
    return {std::nullopt, value.empty() ? std::nullopt : std::optional(value)};
  }
  if (const auto shown = label_shown_as(name, stream, fields)) return {std::nullopt, shown};
  return {field, std::nullopt};
}

/// In the order of collect(): what is shown under a name is what the name means.
std::optional<std::string_view> ColumnRow::label_shown_as(
    const Name& name, std::uint32_t stream, std::span<const std::uint32_t> fields) const {
  const bool of_label = name.qualifier == Name::Qualifier::kLabel;
  for (const auto& [own, value] : columns_->streams()[stream].pairs()) {
    const bool wanted = own == name.text || (of_label && own == name.qualified);
    if (!wanted) continue;
    const bool hidden = is_builtin_name(own) || has_field(own, fields);
    if (hidden == (own != name.text)) return value;
  }
  return std::nullopt;
}

std::optional<TimeNs> ColumnRow::time(Slot slot) const {
  const Name::Builtin builtin = names_.at(slot).builtin;
  if (builtin == Name::Builtin::kTime) return columns_->time(row_);
  if (builtin == Name::Builtin::kReceived) return columns_->received(row_);
  return std::nullopt;
}

std::optional<FieldValue> ColumnRow::builtin(Name::Builtin builtin) const {
  switch (builtin) {
    case Name::Builtin::kTime:
      time_text_.clear();
      append_rfc3339(time_text_, columns_->time(row_));
      return FieldValue{time_text_};
    case Name::Builtin::kReceived:
      received_text_.clear();
      append_rfc3339(received_text_, columns_->received(row_));
      return FieldValue{received_text_};
    case Name::Builtin::kSeq: {
      const Position own = columns_->position(row_);
      seq_text_.clear();
      append_seq(seq_text_, own.node, own.seq);
      return FieldValue{seq_text_};
    }
    case Name::Builtin::kMessage:
      return FieldValue{columns_->message(row_)};
    case Name::Builtin::kNone:
      break;
  }
  return std::nullopt;
}

std::optional<std::size_t> ColumnRow::find(const std::vector<std::uint32_t>& names,
                                           std::span<const std::uint32_t> fields) {
  if (names.empty()) return std::nullopt;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (std::find(names.begin(), names.end(), fields[i]) != names.end()) return i;
  }
  return std::nullopt;
}

std::string_view ColumnRow::label(Slot slot, std::uint32_t stream) const {
  std::vector<std::string_view>& values = labels_[stream];
  if (values.empty()) {
    for (Slot s = 0; s < names_.size(); ++s) {
      values.push_back(columns_->streams()[stream].find(names_.at(s).text));
    }
  }
  return values[slot];
}

bool ColumnRow::names_clash() const {
  if (clash_) return *clash_;
  const auto awkward = [](std::string_view name) {
    return is_builtin_name(name) || name.starts_with("label.") || name.starts_with("field.");
  };
  std::set<std::string_view> fields;
  bool clash = false;
  for (std::size_t i = 0; i < columns_->field_names(); ++i) {
    const std::string_view name = columns_->field_name(i);
    fields.insert(name);
    clash = clash || awkward(name);
  }
  for (const model::Labels& labels : columns_->streams()) {
    for (const auto& [name, value] : labels.pairs()) {
      clash = clash || awkward(name) || fields.contains(name);
    }
  }
  clash_ = clash;
  return clash;
}

bool ColumnRow::has_field(std::string_view name, std::span<const std::uint32_t> fields) const {
  return std::any_of(fields.begin(), fields.end(),
                     [&](std::uint32_t field) { return columns_->field_name(field) == name; });
}

bool ColumnRow::collect() const {
  shown_.clear();
  qualified_names_.clear();
  shown_.push_back({kTimeName, *builtin(Name::Builtin::kTime)});
  shown_.push_back({kSeqName, *builtin(Name::Builtin::kSeq)});
  shown_.push_back({kMessageName, *builtin(Name::Builtin::kMessage)});
  const bool clash = names_clash();
  const auto qualify = [&](std::string_view qualifier, std::string_view name) -> std::string_view {
    return qualified_names_.emplace_back(std::string(qualifier) + std::string(name));
  };
  const auto fields = columns_->fields(row_);
  for (const auto& [name, value] : columns_->streams()[columns_->stream(row_)].pairs()) {
    const bool hidden = clash && (is_builtin_name(name) || has_field(name, fields));
    shown_.push_back({hidden ? qualify("label.", name) : std::string_view(name), {value}});
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::string_view name = columns_->field_name(fields[i]);
    const bool hidden = clash && is_builtin_name(name);
    shown_.push_back({hidden ? qualify("field.", name) : name, columns_->field(row_, i)});
  }
  return clash;
}

Row ColumnRow::to_row() const {
  Row row;
  row.position = columns_->position(row_);
  collect();
  row.fields.reserve(shown_.size() + 1);
  for (const ShownField& shown : shown_) {
    row.fields.push_back(
        {std::string(shown.name), std::string(shown.value.bytes), shown.value.kind, false});
  }
  const FieldValue received = *builtin(Name::Builtin::kReceived);
  row.fields.push_back(
      {std::string(kReceivedName), std::string(received.bytes), received.kind, true});
  return row;
}

void ColumnRow::append_names(std::vector<RowName>& out) const {
  const bool clash = names_clash();
  const auto fields = columns_->fields(row_);
  for (const auto& [name, value] : labels()->pairs()) {
    const bool hidden = clash && (is_builtin_name(name) || has_field(name, fields));
    out.push_back({hidden ? "label." : "", name, RowName::Kind::kLabel});
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::string_view name = columns_->field_name(fields[i]);
    const bool text = columns_->field(row_, i).kind == model::FieldKind::kText;
    out.push_back({clash && is_builtin_name(name) ? "field." : "", name,
                   text ? RowName::Kind::kText : RowName::Kind::kJson});
  }
}

void ColumnRow::append_json(std::string& out) const {
  const bool clash = collect();
  append_row_json(out, shown_, clash);
}

}  // namespace duramen::query
