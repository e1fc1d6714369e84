#pragma once

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "index/block_keys.h"
#include "index/block_set.h"
#include "index/segment_view.h"

// The words, heads and labels of a part: one Xapian database in one file. Xapian is known in
// words.cc only, and its exceptions end there.

namespace duramen::index {

/// The database of blocks, in this order. `scratch` is a directory that is made and removed.
/// Errors: kUnavailable (disk).
Result<std::string> build_words(const std::string& scratch,
                                const std::vector<const BlockKeys*>& blocks);
/// The databases of parts as one, as if their blocks had been written one part after the other.
/// The bytes were checked before: Xapian may crash on damaged ones. Errors: kUnavailable.
Result<std::string> merge_words(const std::vector<std::string>& parts);

/// An open database, on a copy in memory: what happens to the file later does not matter.
/// Threading: any thread; calls wait for each other. Errors: kDataLoss (Xapian does not like it).
class Words {
 public:
  /// The bytes were checked before. Errors also: kUnavailable (descriptors, memory).
  static Result<std::shared_ptr<Words>> open(std::string_view bytes, std::size_t blocks);
  Words(const Words&) = delete;
  Words& operator=(const Words&) = delete;
  Words(Words&&) = delete;
  Words& operator=(Words&&) = delete;
  ~Words();

  std::size_t bytes() const { return bytes_; }
  Result<BlockSet> find(model::KeyKind kind, std::string_view text, LookupCost& cost);
  Result<BlockSet> find_prefix(model::KeyKind kind, std::string_view prefix, LookupCost& cost);
  /// Adds to `pairs` until it has more than `limit`.
  Result<void> labels(std::string_view prefix, std::size_t limit, std::set<std::string>& pairs,
                      LookupCost& cost);

 private:
  struct Database;
  Words(std::unique_ptr<Database> database, std::size_t bytes, std::size_t blocks);

  const std::size_t bytes_;
  const std::size_t blocks_;
  Mutex mutex_;
  std::unique_ptr<Database> database_ DURAMEN_GUARDED_BY(mutex_);
};

}  // namespace duramen::index
