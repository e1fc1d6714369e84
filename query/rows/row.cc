#include "query/rows/row.h"

#include <algorithm>

#include "base/time_text.h"
#include "query/language/ast.h"

namespace duramen::query {
namespace {

Name::Builtin builtin_of(std::string_view name) {
  if (name == kTimeName) return Name::Builtin::kTime;
  if (name == kSeqName) return Name::Builtin::kSeq;
  if (name == kMessageName) return Name::Builtin::kMessage;
  if (name == kReceivedName) return Name::Builtin::kReceived;
  return Name::Builtin::kNone;
}

}  // namespace

Name::Name(std::string_view name) : text(name), builtin(builtin_of(name)) {
  constexpr std::string_view kLabelPrefix = "label.";
  constexpr std::string_view kFieldPrefix = "field.";
  if (name.starts_with(kLabelPrefix)) {
    qualifier = Qualifier::kLabel;
    qualified = name.substr(kLabelPrefix.size());
  } else if (name.starts_with(kFieldPrefix) && is_builtin_name(name.substr(kFieldPrefix.size()))) {
    qualifier = Qualifier::kField;
    qualified = name.substr(kFieldPrefix.size());
  }
}

Slot NameTable::add(std::string_view name) {
  if (const auto found = slots_.find(name); found != slots_.end()) {
    of_pipes_[found->second] = true;
    return found->second;
  }
  const auto slot = static_cast<Slot>(names_.size());
  names_.emplace_back(name);
  of_pipes_.push_back(true);
  slots_.emplace(name, slot);
  return slot;
}

const Row::Field* Row::find(std::string_view name) const {
  for (const Field& field : fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

void Row::set(std::string_view name, std::string_view bytes, model::FieldKind kind) {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const Field& field) { return field.name == name; });
  if (found == fields.end()) {
    fields.push_back({std::string(name), std::string(bytes), kind, false});
  } else {
    found->bytes = bytes;
    found->kind = kind;
  }
}

std::size_t Row::memory_bytes() const {
  std::size_t total = sizeof(Row) + 32;
  for (const Field& field : fields) total += sizeof(Field) + field.name.size() + field.bytes.size();
  return total;
}

std::optional<FieldValue> OwnRowView::get(Slot slot) const {
  const Row::Field* field = row_.find(names_.at(slot).text);
  if (field == nullptr) return std::nullopt;
  return FieldValue{field->bytes, field->kind};
}

std::optional<TimeNs> OwnRowView::time(Slot slot) const {
  const Row::Field* field = row_.find(names_.at(slot).text);
  if (field == nullptr) return std::nullopt;
  return parse_rfc3339(field->bytes);
}

void OwnRowView::append_names(std::vector<RowName>& out) const {
  for (const Row::Field& field : row_.fields) {
    if (field.hidden || is_builtin_name(field.name)) continue;
    const bool text = field.kind == model::FieldKind::kText;
    out.push_back({{}, field.name, text ? RowName::Kind::kText : RowName::Kind::kJson});
  }
}

}  // namespace duramen::query
