#include "model/labels.h"

#include <algorithm>

#include "base/bytes.h"

namespace duramen::model {

Labels::Labels(std::vector<Pair> pairs) : pairs_(std::move(pairs)) {
  std::stable_sort(pairs_.begin(), pairs_.end(),
                   [](const Pair& a, const Pair& b) { return a.first < b.first; });
  std::vector<Pair> unique;
  for (Pair& pair : pairs_) {
    if (!unique.empty() && unique.back().first == pair.first) unique.pop_back();
    unique.push_back(std::move(pair));
  }
  std::erase_if(unique, [](const Pair& pair) { return pair.second.empty(); });
  pairs_ = std::move(unique);
  id_ = hash128(canonical());
}

std::string_view Labels::find(std::string_view name) const {
  for (const auto& [key, value] : pairs_) {
    if (key == name) return value;
  }
  return {};
}

std::string Labels::canonical() const {
  std::string out;
  ByteWriter writer(out);
  writer.varint(pairs_.size());
  for (const auto& [name, value] : pairs_) {
    writer.text(name);
    writer.text(value);
  }
  return out;
}

std::size_t Labels::weight() const {
  std::size_t total = sizeof(Labels);
  for (const auto& [name, value] : pairs_) total += sizeof(Pair) + name.size() + value.size();
  return total;
}

Result<Labels> Labels::from_canonical(std::string_view bytes) {
  ByteReader reader(bytes);
  std::vector<Pair> pairs(reader.count(2));
  for (Pair& pair : pairs) {
    pair.first = reader.text();
    pair.second = reader.text();
  }
  if (!reader.ok() || !reader.done()) return Error{ErrorCode::kDataLoss, "labels: broken bytes"};
  Labels labels(std::move(pairs));
  if (labels.canonical() != bytes) return Error{ErrorCode::kDataLoss, "labels: not canonical"};
  return labels;
}

}  // namespace duramen::model
