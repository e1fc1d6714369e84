#include "query/column_row.h"

#include <algorithm>
#include <set>

#include "base/time_text.h"
#include "query/ast.h"

namespace duramen::query {

ColumnRow::ColumnRow(const NameTable& names) : names_(names), records_(&set_.records()) {}

void ColumnRow::bind(model::RowSet set) {
  set_ = std::move(set);
  records_ = &set_.records();
  row_ = 0;
  clash_.reset();
  labels_.assign(records_->streams.size(), {});
  bound_.assign(names_.size(), {});
  for (Slot slot = 0; slot < names_.size(); ++slot) {
    const Name& name = names_.at(slot);
    for (std::uint32_t i = 0; i < records_->field_names.size(); ++i) {
      if (records_->field_names[i] == name.text) bound_[slot].fields.push_back(i);
      const bool qualified = name.qualifier != Name::Qualifier::kNone;
      if (qualified && records_->field_names[i] == name.qualified) {
        bound_[slot].qualified.push_back(i);
      }
    }
  }
}

Position ColumnRow::position() const {
  const model::RowIdentity identity = set_.identity(row_);
  return {records_->time[row_], identity.node, identity.origin_seq};
}

std::optional<FieldValue> ColumnRow::get(Slot slot) const {
  const Name& name = names_.at(slot);
  if (name.builtin != Name::Builtin::kNone) return builtin(name.builtin);
  const Bound& bound = bound_[slot];
  if (const auto value = field(bound.fields)) return value;
  const LabelValues& values = labels(slot);
  if (!values.named.empty()) return FieldValue{values.named};
  if (name.qualifier == Name::Qualifier::kField) return field(bound.qualified);
  if (values.qualified.empty()) return std::nullopt;
  const bool hidden = is_builtin_name(name.qualified) || field(bound.qualified).has_value();
  return hidden ? std::optional(FieldValue{values.qualified}) : std::nullopt;
}

std::optional<TimeNs> ColumnRow::time(Slot slot) const {
  const Name::Builtin builtin = names_.at(slot).builtin;
  if (builtin == Name::Builtin::kTime) return records_->time[row_];
  if (builtin == Name::Builtin::kReceived) return set_.identity(row_).received;
  return std::nullopt;
}

std::optional<FieldValue> ColumnRow::builtin(Name::Builtin builtin) const {
  switch (builtin) {
    case Name::Builtin::kTime:
      time_text_.clear();
      append_rfc3339(time_text_, records_->time[row_]);
      return FieldValue{time_text_};
    case Name::Builtin::kReceived:
      received_text_.clear();
      append_rfc3339(received_text_, identity().received);
      return FieldValue{received_text_};
    case Name::Builtin::kSeq: {
      const model::RowIdentity own = identity();
      seq_text_.clear();
      append_seq(seq_text_, own.node, own.origin_seq);
      return FieldValue{seq_text_};
    }
    case Name::Builtin::kMessage:
      return FieldValue{message()};
    case Name::Builtin::kNone:
      break;
  }
  return std::nullopt;
}

std::optional<FieldValue> ColumnRow::field(const std::vector<std::uint32_t>& names) const {
  if (names.empty()) return std::nullopt;
  for (std::uint32_t f = records_->first_field(row_); f < records_->fields_end[row_]; ++f) {
    if (std::find(names.begin(), names.end(), records_->field_name[f]) != names.end()) {
      return FieldValue{records_->value(f), records_->field_kind[f]};
    }
  }
  return std::nullopt;
}

const ColumnRow::LabelValues& ColumnRow::labels(Slot slot) const {
  const std::uint32_t stream = records_->stream[row_];
  std::vector<LabelValues>& values = labels_[stream];
  if (values.empty()) {
    values.resize(names_.size());
    for (Slot s = 0; s < names_.size(); ++s) {
      const Name& name = names_.at(s);
      values[s].named = records_->streams[stream].find(name.text);
      if (name.qualifier == Name::Qualifier::kLabel) {
        values[s].qualified = records_->streams[stream].find(name.qualified);
      }
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
  for (const std::string& name : records_->field_names) {
    clash = clash || awkward(name) || !fields.insert(name).second;
  }
  for (const model::Labels& labels : records_->streams) {
    for (const auto& [name, value] : labels.pairs()) {
      clash = clash || awkward(name) || fields.contains(name);
    }
  }
  clash_ = clash;
  return clash;
}

bool ColumnRow::has_field(std::string_view name) const {
  for (std::uint32_t f = records_->first_field(row_); f < records_->fields_end[row_]; ++f) {
    if (records_->field_names[records_->field_name[f]] == name) return true;
  }
  return false;
}

bool ColumnRow::collect() const {
  shown_.clear();
  qualified_names_.clear();
  shown_.push_back({kTimeName, *builtin(Name::Builtin::kTime)});
  shown_.push_back({kSeqName, *builtin(Name::Builtin::kSeq)});
  shown_.push_back({kMessageName, FieldValue{message()}});
  const bool clash = names_clash();
  const auto qualify = [&](std::string_view qualifier, std::string_view name) -> std::string_view {
    return qualified_names_.emplace_back(std::string(qualifier) + std::string(name));
  };
  for (const auto& [name, value] : records_->streams[records_->stream[row_]].pairs()) {
    const bool hidden = clash && (is_builtin_name(name) || has_field(name));
    shown_.push_back({hidden ? qualify("label.", name) : std::string_view(name), {value}});
  }
  for (std::uint32_t f = records_->first_field(row_); f < records_->fields_end[row_]; ++f) {
    const std::string& name = records_->field_names[records_->field_name[f]];
    const bool hidden = clash && is_builtin_name(name);
    shown_.push_back({hidden ? qualify("field.", name) : std::string_view(name),
                      {records_->value(f), records_->field_kind[f]}});
  }
  return clash;
}

Row ColumnRow::to_row() const {
  Row row;
  row.position = position();
  const bool clash = collect();
  row.fields.reserve(shown_.size() + 1);
  for (const ShownField& shown : shown_) {
    std::string name(shown.name);
    for (int n = 2; clash && row.find(name) != nullptr; ++n) {
      name = std::string(shown.name) + "#" + std::to_string(n);
    }
    row.fields.push_back(
        {std::move(name), std::string(shown.value.bytes), shown.value.kind, false});
  }
  const FieldValue received = *builtin(Name::Builtin::kReceived);
  row.fields.push_back(
      {std::string(kReceivedName), std::string(received.bytes), received.kind, true});
  return row;
}

void ColumnRow::append_json(std::string& out) const {
  const bool clash = collect();
  append_row_json(out, shown_, clash);
}

}  // namespace duramen::query
