#pragma once

#include <cstddef>
#include <vector>

// Which parts become one. Pure. Sizes are in blocks; answers
// are places in `sizes`, ascending, two at least, of at most kMaxPartBlocks blocks together; empty:
// nothing to do.

namespace duramen::index {

/// Parts of a tier: those with as many octal digits in their size.
inline constexpr std::size_t kTierParts = 8;

/// The parts of the lowest tier that has kTierParts of them, so that each block is written a few
/// times only, however many there will be.
std::vector<std::size_t> parts_to_merge(const std::vector<std::size_t>& sizes);

/// The smallest parts that fit into one together. Asked again until there are none, it leaves few
/// parts, for when no more blocks are to come.
std::vector<std::size_t> parts_to_seal(const std::vector<std::size_t>& sizes);

}  // namespace duramen::index
