#include "index/words_cache.h"

#include <algorithm>

namespace duramen::index {

Result<std::shared_ptr<Words>> WordsCache::get(
    std::uint64_t part, const std::function<Result<std::shared_ptr<Words>>()>& open) {
  {
    const MutexLock lock(mutex_);
    if (auto words = find_locked(part)) return words;
  }
  DURAMEN_TRY(auto words, open());
  opened_.add();
  const MutexLock lock(mutex_);
  if (auto other = find_locked(part)) return other;
  bytes_ += words->bytes();
  newest_first_.emplace_front(part, words);
  shrink_locked();
  return words;
}

void WordsCache::forget(std::uint64_t part) {
  const MutexLock lock(mutex_);
  if (find_locked(part) == nullptr) return;
  bytes_ -= newest_first_.front().second->bytes();
  newest_first_.pop_front();
}

std::size_t WordsCache::size() const {
  const MutexLock lock(mutex_);
  return newest_first_.size();
}

/// Moves it to the front.
std::shared_ptr<Words> WordsCache::find_locked(std::uint64_t part) {
  const auto found = std::find_if(newest_first_.begin(), newest_first_.end(),
                                  [&](const Entry& entry) { return entry.first == part; });
  if (found == newest_first_.end()) return nullptr;
  newest_first_.splice(newest_first_.begin(), newest_first_, found);
  return found->second;
}

void WordsCache::shrink_locked() {
  while (newest_first_.size() > 1 && (newest_first_.size() > limit_ || bytes_ > byte_limit_)) {
    bytes_ -= newest_first_.back().second->bytes();
    newest_first_.pop_back();
  }
}

}  // namespace duramen::index
