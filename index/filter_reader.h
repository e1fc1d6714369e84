#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/result.h"
#include "index/block_set.h"
#include "index/files.h"
#include "index/filter_layout.h"
#include "index/segment_view.h"

namespace duramen::index {

/// Reads one filter file. Every page is checked each time that it is read, so that damage that
/// comes while the file is open is found, too.
/// Threading: const methods from any thread. Errors: as files.h; kDataLoss also for checksums.
class FilterReader {
 public:
  /// `size` and `blocks` are what the manifest says. Reads the head when `head` is null: it may be
  /// kept, so that opening again is cheap.
  static Result<FilterReader> open(const std::string& path, std::uint64_t size, std::size_t blocks,
                                   std::shared_ptr<const FilterHead> head = nullptr);

  const std::shared_ptr<const FilterHead>& shared_head() const { return head_; }
  const FilterHead& head() const { return *head_; }
  /// Which blocks of the part may have a key with this hash.
  Result<BlockSet> find(std::uint64_t hash, LookupCost& cost) const;
  Result<std::string> page(const FilterGroup& group, std::uint32_t number) const;

 private:
  FilterReader(File file, std::shared_ptr<const FilterHead> head)
      : file_(std::move(file)), head_(std::move(head)) {}
  Result<void> find_in(const FilterGroup& group, std::uint64_t hash, BlockSet& found,
                       LookupCost& cost) const;

  File file_;
  std::shared_ptr<const FilterHead> head_;
};

}  // namespace duramen::index
