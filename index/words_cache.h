#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <utility>

#include "base/metrics.h"
#include "base/mutex.h"
#include "base/result.h"
#include "index/words.h"

namespace duramen::index {

/// Keeps the words that were used last open, up to a number and their bytes. Who has got one keeps
/// it for as long as needed.
/// Threading: any thread. Two threads that miss the same one may both open it; one of them stays.
class WordsCache {
 public:
  WordsCache(std::size_t limit, std::size_t byte_limit, Counter& opened)
      : limit_(limit), byte_limit_(byte_limit), opened_(opened) {}

  /// `open` runs without a lock held.
  Result<std::shared_ptr<Words>> get(std::uint64_t part,
                                     const std::function<Result<std::shared_ptr<Words>>()>& open);
  void forget(std::uint64_t part);
  std::size_t size() const;

 private:
  using Entry = std::pair<std::uint64_t, std::shared_ptr<Words>>;
  std::shared_ptr<Words> find_locked(std::uint64_t part) DURAMEN_REQUIRES(mutex_);
  void shrink_locked() DURAMEN_REQUIRES(mutex_);

  const std::size_t limit_;
  const std::size_t byte_limit_;
  Counter& opened_;
  mutable Mutex mutex_;
  std::list<Entry> newest_first_ DURAMEN_GUARDED_BY(mutex_);
  std::size_t bytes_ DURAMEN_GUARDED_BY(mutex_) = 0;
};

}  // namespace duramen::index
