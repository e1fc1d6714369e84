#include "model/record_batch.h"

#include <algorithm>

namespace duramen::model {
namespace {

bool ends_are_valid(const std::vector<std::uint32_t>& ends, std::size_t total) {
  return std::is_sorted(ends.begin(), ends.end()) && (ends.empty() ? 0 : ends.back()) == total;
}

bool below(const std::vector<std::uint32_t>& indexes, std::size_t limit) {
  return std::all_of(indexes.begin(), indexes.end(), [&](std::uint32_t i) { return i < limit; });
}

}  // namespace

std::size_t RecordBatch::weight() const {
  std::size_t total = raw_bytes() + rows() * kRowWeight + field_name.size() * kFieldWeight;
  for (const Labels& labels : streams) total += labels.weight();
  for (const std::string& name : field_names) total += sizeof(std::string) + name.size();
  return total;
}

std::size_t RecordBatch::row_weight(std::size_t row) const {
  std::size_t total = message(row).size() + kRowWeight;
  const std::uint32_t first = first_field(row);
  const std::uint32_t end = fields_end[row];
  if (first == end) return total;
  total += value_end[end - 1] - (first == 0 ? 0 : value_end[first - 1]);
  return total + (end - first) * kFieldWeight;
}

std::size_t RecordBatch::memory_bytes() const {
  return weight() + (messages.capacity() - messages.size()) + (values.capacity() - values.size());
}

std::uint32_t RecordBatch::intern_field_name(std::string_view name) {
  const auto found = std::find(field_names.begin(), field_names.end(), name);
  if (found == field_names.end()) {
    field_names.emplace_back(name);
    return static_cast<std::uint32_t>(field_names.size() - 1);
  }
  return static_cast<std::uint32_t>(found - field_names.begin());
}

std::uint32_t RecordBatch::intern_stream(const Labels& labels) {
  for (std::size_t i = streams.size(); i-- > 0;) {
    if (streams[i].id() == labels.id()) return static_cast<std::uint32_t>(i);
  }
  streams.push_back(labels);
  return static_cast<std::uint32_t>(streams.size() - 1);
}

void RecordBatch::add_field(std::uint32_t name, FieldKind kind, std::string_view value) {
  field_name.push_back(name);
  field_kind.push_back(kind);
  values.append(value);
  value_end.push_back(static_cast<std::uint32_t>(values.size()));
}

void RecordBatch::add_row(std::uint32_t stream_index, TimeNs at, std::string_view message) {
  stream.push_back(stream_index);
  time.push_back(at);
  messages.append(message);
  message_end.push_back(static_cast<std::uint32_t>(messages.size()));
  fields_end.push_back(static_cast<std::uint32_t>(field_name.size()));
}

void RecordBatch::copy_row(const RecordBatch& from, std::size_t row) {
  for (std::uint32_t f = from.first_field(row); f < from.fields_end[row]; ++f) {
    add_field(intern_field_name(from.field_names[from.field_name[f]]), from.field_kind[f],
              from.value(f));
  }
  add_row(intern_stream(from.streams[from.stream[row]]), from.time[row], from.message(row));
}

Result<void> RecordBatch::check() const {
  const std::size_t n = rows();
  const bool lengths = stream.size() == n && message_end.size() == n && fields_end.size() == n &&
                       field_kind.size() == field_name.size() &&
                       value_end.size() == field_name.size();
  if (!lengths || !below(stream, streams.size()) || !below(field_name, field_names.size()) ||
      !ends_are_valid(message_end, messages.size()) || !ends_are_valid(value_end, values.size()) ||
      !ends_are_valid(fields_end, field_name.size())) {
    return Error{ErrorCode::kDataLoss, "record batch: its columns disagree"};
  }
  return {};
}

}  // namespace duramen::model
