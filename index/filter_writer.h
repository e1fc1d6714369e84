#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "index/block_keys.h"
#include "index/filter_reader.h"

// Both write a new file, synced, and give its size. Errors: kUnavailable (disk), and what the
// reading of a filter that is merged met: kDataLoss.

namespace duramen::index {

/// The filter of blocks, in this order; at most kMaxPartBlocks. Memory: the filter.
Result<std::uint64_t> write_filter(const std::string& path,
                                   const std::vector<const BlockKeys*>& blocks);

/// The filters of parts as one, as if their blocks had been written one part after the other: the
/// columns are joined, the keys are not needed. Memory: a page of each.
Result<std::uint64_t> merge_filters(const std::string& path,
                                    const std::vector<const FilterReader*>& parts);

}  // namespace duramen::index
