#include "store/value_cache.h"

#include <utility>

namespace duramen::store {
namespace {

constexpr std::uint64_t kEntryBytes = 192;  // list and hash nodes, the string, its counts
constexpr std::uint64_t kMostOfLimit = 8;   // a value takes at most such a part of the limit

std::uint64_t weight(const std::string& value) { return value.capacity() + kEntryBytes; }

}  // namespace

ValueCache::ValueCache(std::uint64_t limit, MetricRegistry& metrics)
    : limit_(limit),
      hits_(metrics.counter("duramen_store_cache_hits_total",
                            "Values of blocks that were in memory when a query read them.")),
      misses_(metrics.counter("duramen_store_cache_misses_total",
                              "Values of blocks that a query read from disk.")) {}

std::size_t ValueCache::KeyHash::operator()(const Key& key) const {
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;
  const std::uint64_t mixed = (key.block.value() * kOdd) ^ static_cast<std::uint64_t>(key.part);
  return mixed ^ (mixed >> 32U);
}

ValueCache::Value ValueCache::find(model::BlockId block, BlockPart part) {
  const MutexLock lock(mutex_);
  const auto found = places_.find({block, part});
  if (found == places_.end()) {
    misses_.add();
    return nullptr;
  }
  hits_.add();
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->value;
}

void ValueCache::add(model::BlockId block, BlockPart part, Value value) {
  const std::uint64_t more = weight(*value);
  if (more > limit_ / kMostOfLimit) return;
  const MutexLock lock(mutex_);
  if (places_.contains({block, part})) return;
  while (bytes_ + more > limit_) remove(std::prev(entries_.end()));
  entries_.push_front({{block, part}, std::move(value)});
  places_.emplace(entries_.front().key, entries_.begin());
  bytes_ += more;
}

void ValueCache::forget(model::BlockId block) {
  const MutexLock lock(mutex_);
  for (const BlockPart part : kBlockParts) {
    if (const auto found = places_.find({block, part}); found != places_.end()) {
      remove(found->second);
    }
  }
}

std::uint64_t ValueCache::bytes() const {
  const MutexLock lock(mutex_);
  return bytes_;
}

void ValueCache::remove(Entries::iterator entry) {
  bytes_ -= weight(*entry->value);
  places_.erase(entry->key);
  entries_.erase(entry);
}

}  // namespace duramen::store
