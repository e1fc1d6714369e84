#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/metrics.h"
#include "base/mutex.h"
#include "model/ids.h"
#include "store/block_layout.h"
#include "store/keys.h"

namespace duramen::store {

/// Blocks' layouts and values that were read last, up to a number of bytes. They never change and
/// no block id is used again, so nothing here is ever out of date; what a segment had that is gone
/// is pushed out by others. Threading: any thread. Ownership: what was given lives as long as it is
/// used, also when it has been pushed out.
class BlockCache {
 public:
  /// A value as it is stored.
  using Value = std::shared_ptr<const std::string>;
  using Layout = std::shared_ptr<const BlockLayout>;

  /// `limit` 0: keeps nothing. What is larger than an eighth of it is not kept.
  BlockCache(std::uint64_t limit, MetricRegistry& metrics);

  /// A value that is not the head. Nothing when it is not here.
  Value find(model::BlockId block, BlockPart part);
  void add(model::BlockId block, BlockPart part, Value value);
  /// The head, read.
  Layout find_layout(model::BlockId block);
  void add_layout(model::BlockId block, Layout layout);
  /// For who has reason not to trust what is here.
  void forget(model::BlockId block);
  std::uint64_t bytes() const;

 private:
  struct Key {
    model::BlockId block;
    BlockPart part;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };
  struct Entry {
    Key key;
    Value value;
    Layout layout;
    std::uint64_t weight = 0;
  };
  using Entries = std::list<Entry>;
  /// Good until the next call; nullptr when it is not here.
  const Entry* look_up(const Key& key) DURAMEN_REQUIRES(mutex_);
  void add_entry(Entry entry);
  void remove(Entries::iterator entry) DURAMEN_REQUIRES(mutex_);

  const std::uint64_t limit_;
  Counter& hits_;
  Counter& misses_;
  mutable Mutex mutex_;
  Entries entries_ DURAMEN_GUARDED_BY(mutex_);  ///< the one used last first
  std::unordered_map<Key, Entries::iterator, KeyHash> places_ DURAMEN_GUARDED_BY(mutex_);
  std::uint64_t bytes_ DURAMEN_GUARDED_BY(mutex_) = 0;
};

}  // namespace duramen::store
