#include "index/block_set.h"

#include <algorithm>
#include <bit>

namespace duramen::index {

BlockSet BlockSet::none(std::size_t size) { return BlockSet(size); }

BlockSet BlockSet::all(std::size_t size) {
  BlockSet out(size);
  std::fill(out.bits_.begin(), out.bits_.end(), ~std::uint64_t{0});
  if (size % 64 != 0) out.bits_.back() >>= 64 - size % 64;
  return out;
}

std::size_t BlockSet::count() const {
  std::size_t n = 0;
  for (const std::uint64_t word : bits_) n += static_cast<std::size_t>(std::popcount(word));
  return n;
}

bool BlockSet::is_none() const {
  return std::all_of(bits_.begin(), bits_.end(), [](std::uint64_t word) { return word == 0; });
}

BlockSet& BlockSet::operator&=(const BlockSet& other) {
  for (std::size_t i = 0; i < bits_.size(); ++i) bits_[i] &= other.bits_[i];
  return *this;
}

BlockSet& BlockSet::operator|=(const BlockSet& other) {
  for (std::size_t i = 0; i < bits_.size(); ++i) bits_[i] |= other.bits_[i];
  return *this;
}

}  // namespace duramen::index
