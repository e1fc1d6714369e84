#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace duramen::index {

/// Some of the blocks of a view, by their place in SegmentView::blocks(). A value.
/// Sets that are combined are of one view: their sizes are equal.
class BlockSet {
 public:
  BlockSet() = default;
  static BlockSet none(std::size_t size);
  static BlockSet all(std::size_t size);

  std::size_t size() const { return size_; }
  bool test(std::size_t place) const { return (bits_[place / 64] >> (place % 64) & 1) != 0; }
  void set(std::size_t place) { bits_[place / 64] |= std::uint64_t{1} << (place % 64); }
  std::size_t count() const;
  bool is_none() const;
  bool is_all() const { return count() == size_; }

  /// Calls `take(place)` for each block in the set, ascending.
  template <class Take>
  void for_each(Take&& take) const {
    for (std::size_t word = 0; word < bits_.size(); ++word) {
      for (std::uint64_t bits = bits_[word]; bits != 0; bits &= bits - 1) {
        take(word * 64 + static_cast<std::size_t>(std::countr_zero(bits)));
      }
    }
  }

  BlockSet& operator&=(const BlockSet& other);
  BlockSet& operator|=(const BlockSet& other);
  friend bool operator==(const BlockSet&, const BlockSet&) = default;

 private:
  explicit BlockSet(std::size_t size) : bits_((size + 63) / 64), size_(size) {}
  std::vector<std::uint64_t> bits_;
  std::size_t size_ = 0;
};

}  // namespace duramen::index
