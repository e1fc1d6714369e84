#pragma once

#include <cstddef>
#include <cstdint>
#include <random>

namespace duramen::ingest {

/// Mixes a hash with a number that nobody outside knows, so that a sender cannot choose names that
/// fall on one slot of a hash table. Differs from process to process: never stored.
inline std::size_t spread_hash(std::uint64_t hash) {
  static const std::uint64_t kSecret = [] {
    std::random_device random;
    return (static_cast<std::uint64_t>(random()) << 32 | random()) | 1;
  }();
  const std::uint64_t mixed = hash * kSecret;
  return static_cast<std::size_t>(mixed ^ (mixed >> 32));
}

}  // namespace duramen::ingest
