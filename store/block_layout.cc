#include "store/block_layout.h"

#include "model/template.h"

namespace duramen::store {
namespace {

/// Template 0 has no text; its message is the one variable.
void add_slots(const BlockTemplate& t, bool whole, std::vector<std::uint32_t>& slot_at) {
  if (t.rows == 0) return;
  if (whole) return slot_at.push_back(0);
  for (std::uint32_t at = 0; at < t.text.size(); ++at) {
    if (model::is_slot(t.text[at])) slot_at.push_back(at);
  }
}

Result<void> lay_out_slots(BlockLayout& out) {
  std::uint64_t values = 0;
  out.first_slot.push_back(0);
  for (std::size_t id = 0; id < out.head.templates.size(); ++id) {
    const BlockTemplate& t = out.head.templates[id];
    add_slots(t, id == 0, out.slot_at);
    const std::uint64_t slots = out.slot_at.size() - out.first_slot.back();
    // A variable of a template is never empty, so there are at most as many as message bytes.
    if (id != 0) values += slots * t.rows;
    if (values > out.head.message_bytes) {
      return broken_value("vars", "more values than bytes");
    }
    out.first_slot.push_back(static_cast<std::uint32_t>(out.slot_at.size()));
  }
  return {};
}

template <class T>
std::size_t bytes_of(const std::vector<T>& items) {
  return items.size() * sizeof(T);
}

std::size_t weight_of(const ValueDirectory& directory) {
  return bytes_of(directory.frames) + bytes_of(directory.parts);
}

}  // namespace

Result<std::shared_ptr<const BlockLayout>> BlockLayout::read(std::string_view head) {
  auto out = std::make_shared<BlockLayout>();
  out->head_bytes = head.size();
  DURAMEN_TRY(out->head, decode_head(head));
  DURAMEN_TRY_VOID(lay_out_slots(*out));
  const std::uint64_t limit = raw_limit(out->head);
  DURAMEN_TRY(out->rows, ValueLayout::of("rows", out->head.rows, kRowColumns, limit));
  DURAMEN_TRY(out->vars, ValueLayout::of("vars", out->head.vars, out->slot_at.size(), limit));
  return std::shared_ptr<const BlockLayout>(std::move(out));
}

std::size_t BlockLayout::weight() const {
  std::size_t bytes = sizeof(BlockLayout) + bytes_of(first_slot) + bytes_of(slot_at);
  bytes += rows.weight() + vars.weight();
  bytes += weight_of(head.rows) + weight_of(head.vars) + weight_of(head.fields);
  bytes += bytes_of(head.nodes) + bytes_of(head.field_columns) + bytes_of(head.field_sets);
  for (const BlockTemplate& t : head.templates) bytes += sizeof(t) + t.text.capacity();
  for (const model::Labels& labels : head.streams) bytes += sizeof(labels) + labels.weight();
  for (const FieldColumn& column : head.field_columns) bytes += column.name.capacity();
  for (const auto& set : head.field_sets) bytes += bytes_of(set);
  return bytes;
}

}  // namespace duramen::store
