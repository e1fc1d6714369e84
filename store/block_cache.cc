#include "store/block_cache.h"

#include <utility>

namespace duramen::store {
namespace {

constexpr std::uint64_t kEntryBytes = 192;  // list and hash nodes, the string, its counts
constexpr std::uint64_t kMostOfLimit = 8;   // a value takes at most such a part of the limit

}  // namespace

BlockCache::BlockCache(std::uint64_t limit, MetricRegistry& metrics)
    : limit_(limit),
      hits_(metrics.counter("duramen_store_cache_hits_total",
                            "Values of blocks that were in memory when a query read them.")),
      misses_(metrics.counter("duramen_store_cache_misses_total",
                              "Values of blocks that a query read from disk.")) {}

std::size_t BlockCache::KeyHash::operator()(const Key& key) const {
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;
  const std::uint64_t mixed = (key.block.value() * kOdd) ^ static_cast<std::uint64_t>(key.part);
  return mixed ^ (mixed >> 32U);
}

BlockCache::Value BlockCache::find(model::BlockId block, BlockPart part) {
  const MutexLock lock(mutex_);
  const Entry* entry = look_up({block, part});
  return entry == nullptr ? nullptr : entry->value;
}

BlockCache::Layout BlockCache::find_layout(model::BlockId block) {
  const MutexLock lock(mutex_);
  const Entry* entry = look_up({block, BlockPart::kHead});
  return entry == nullptr ? nullptr : entry->layout;
}

void BlockCache::add(model::BlockId block, BlockPart part, Value value) {
  const std::uint64_t weight = value->capacity() + kEntryBytes;
  add_entry({{block, part}, std::move(value), nullptr, weight});
}

void BlockCache::add_layout(model::BlockId block, Layout layout) {
  const std::uint64_t weight = layout->weight() + kEntryBytes;
  add_entry({{block, BlockPart::kHead}, nullptr, std::move(layout), weight});
}

const BlockCache::Entry* BlockCache::look_up(const Key& key) {
  const auto found = places_.find(key);
  if (found == places_.end()) {
    misses_.add();
    return nullptr;
  }
  hits_.add();
  entries_.splice(entries_.begin(), entries_, found->second);
  return &*found->second;
}

void BlockCache::add_entry(Entry entry) {
  if (entry.weight > limit_ / kMostOfLimit) return;
  const MutexLock lock(mutex_);
  if (places_.contains(entry.key)) return;
  while (bytes_ + entry.weight > limit_) remove(std::prev(entries_.end()));
  bytes_ += entry.weight;
  entries_.push_front(std::move(entry));
  places_.emplace(entries_.front().key, entries_.begin());
}

void BlockCache::forget(model::BlockId block) {
  const MutexLock lock(mutex_);
  for (const BlockPart part : kBlockParts) {
    if (const auto found = places_.find({block, part}); found != places_.end()) {
      remove(found->second);
    }
  }
}

std::uint64_t BlockCache::bytes() const {
  const MutexLock lock(mutex_);
  return bytes_;
}

void BlockCache::remove(Entries::iterator entry) {
  bytes_ -= entry->weight;
  places_.erase(entry->key);
  entries_.erase(entry);
}

}  // namespace duramen::store
