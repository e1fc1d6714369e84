#include "query/pipes/sort.h"

#include <algorithm>
#include <utility>

namespace duramen::query {

bool SortStage::before(const Item& a, const Item& b) const {
  for (std::size_t i = 0; i < pipe_.keys.size(); ++i) {
    const SortValue& x = a.keys[i];
    const SortValue& y = b.keys[i];
    if (x == y) continue;
    if (x.absent() || y.absent()) return y.absent();
    return pipe_.keys[i].descending ? y < x : x < y;
  }
  if (!by_position_) return a.arrival < b.arrival;
  return order_ == Order::kNewestFirst ? b.row.position < a.row.position
                                       : a.row.position < b.row.position;
}

Result<bool> SortStage::push(Row row) {
  Item item;
  item.arrival = arrivals_++;
  item.bytes = sizeof(Item) + row.memory_bytes();
  for (const SortPipe::Key& key : pipe_.keys) {
    const Row::Field* field = row.find(key.name);
    item.keys.push_back(field != nullptr ? SortValue(field->bytes) : SortValue());
    item.bytes += sizeof(SortValue) + item.keys.back().bytes().size();
  }
  item.row = std::move(row);
  memory_.add(item.bytes);
  items_.push_back(std::move(item));
  if (keep_ != 0 && (items_.size() / 2 > keep_ || progress_.over_memory())) trim();
  DURAMEN_TRY_VOID(
      memory_.check("sort: " + std::to_string(items_.size()) + " rows",
                    "put 'head' after it, or 'fields' before it, or narrow the range"));
  return true;
}

void SortStage::trim() {
  if (items_.size() <= keep_) return;
  const auto end = items_.begin() + static_cast<std::ptrdiff_t>(keep_);
  std::nth_element(items_.begin(), end, items_.end(),
                   [this](const Item& a, const Item& b) { return before(a, b); });
  std::size_t bytes = 0;
  for (auto item = end; item != items_.end(); ++item) bytes += item->bytes;
  memory_.subtract(bytes);
  items_.erase(end, items_.end());
}

Result<void> SortStage::finish() {
  if (keep_ != 0) trim();
  DURAMEN_TRY_VOID(progress_.check());
  std::sort(items_.begin(), items_.end(),
            [this](const Item& a, const Item& b) { return before(a, b); });
  std::uint64_t count = 0;
  for (Item& item : items_) {
    if (++count % 1000 == 0) {
      DURAMEN_TRY_VOID(progress_.check());
    }
    DURAMEN_TRY(const bool more, next_.push(std::move(item.row)));
    if (!more) break;
  }
  items_.clear();
  memory_.set(0);
  return next_.finish();
}

}  // namespace duramen::query
