#pragma once

#include <cstdint>

#include "api/routes.h"

namespace duramen::api {

/// The index on the disk, over all segments.
struct IndexSize {
  std::uint64_t blocks = 0;         ///< indexed, those in memory included
  std::uint64_t memory_blocks = 0;  ///< of those: not on the disk yet
  std::uint64_t parts = 0;
  std::uint64_t words_bytes = 0;
  std::uint64_t filter_bytes = 0;
  std::uint64_t bytes() const { return words_bytes + filter_bytes; }
};

IndexSize index_size(const index::IndexStatus& status);
/// All zero when nothing is indexed.
IndexSize index_size(const Services& services);

}  // namespace duramen::api
