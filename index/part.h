#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/mutex.h"
#include "base/result.h"
#include "index/filter_reader.h"
#include "index/manifest.h"
#include "index/segment_view.h"
#include "index/words_cache.h"

namespace duramen::index {

/// What all parts of an index share; lives as long as the last of them.
struct PartContext {
  PartContext(std::string path, std::size_t open_words, std::size_t open_words_bytes,
              MetricRegistry& metrics);

  const std::string directory;
  WordsCache words;
  Counter& damaged;
  std::atomic<std::uint64_t> damaged_parts{0};
};

/// One part: immutable files that answer for up to kMaxPartBlocks blocks, by their place in
/// entry().blocks. Files that are not needed any more are removed when the last owner lets go.
///
/// Damage is met where it is read: it is logged and counted once, and stays with the part.
/// Threading: any thread.
class Part {
 public:
  Part(std::shared_ptr<PartContext> context, std::string segment, PartEntry entry);
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;
  Part(Part&&) = delete;
  Part& operator=(Part&&) = delete;
  ~Part();

  const PartEntry& entry() const { return entry_; }
  std::size_t blocks() const { return entry_.blocks.size(); }
  bool damaged() const { return damaged_.load(std::memory_order_acquire); }
  /// The files go with the last owner.
  void remove_when_unused() { unused_.store(true, std::memory_order_release); }

  // Errors of these are damage, known from then on (kDataLoss, kUnimplemented), or pass
  // (kUnavailable).
  Result<BlockSet> find(const model::IndexKey& key, LookupCost& cost) const;
  Result<BlockSet> find_prefix(model::KeyKind kind, std::string_view prefix,
                               LookupCost& cost) const;
  Result<void> labels(std::string_view prefix, std::size_t limit, std::set<std::string>& pairs,
                      LookupCost& cost) const;
  /// The whole file, checked.
  Result<std::string> read_words() const;
  Result<FilterReader> open_filter() const;
  /// Reads everything; `read(bytes)` as it goes. Gives what is wrong, in words.
  std::vector<std::string> verify(const std::function<void(std::uint64_t)>& read) const;

 private:
  Result<std::string> checked_words() const;
  Result<FilterReader> checked_filter() const;
  Result<void> check_pages(const std::function<void(std::uint64_t)>& read) const;
  Result<std::shared_ptr<Words>> words(LookupCost& cost) const;
  /// Keeps damage in mind.
  template <class T>
  Result<T> noting(Result<T> result) const {
    if (!result) note(result.error());
    return result;
  }
  void note(const Error& error) const;

  const std::shared_ptr<PartContext> context_;
  const std::string segment_;
  const PartEntry entry_;
  std::atomic<bool> unused_{false};
  mutable std::atomic<bool> damaged_{false};
  mutable Mutex mutex_;
  mutable std::shared_ptr<const FilterHead> filter_head_ DURAMEN_GUARDED_BY(mutex_);
};

}  // namespace duramen::index
