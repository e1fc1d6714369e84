#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/index_keys.h"

namespace duramen::index {

/// What the index keeps of kToken and kPair keys. The low three bits say how many rows of a filter
/// the key takes (docs/format/index.md, "Hashes"). Stable for ever: it is on disk.
std::uint64_t key_hash(model::KeyKind kind, std::string_view text) noexcept;

/// Everything that one block can be found by. Each vector is sorted and has nothing twice.
struct BlockKeys {
  std::vector<std::string> words;   ///< cut to model::kMaxWord bytes
  std::vector<std::string> heads;   ///< the same
  std::vector<std::string> labels;  ///< model::pair_text of the labels of the streams, for listing
  std::vector<std::uint64_t> hashes;  ///< key_hash of kToken and kPair keys

  /// The filter of the block gets no larger; short of room it lets more through. 0: no limit.
  std::uint64_t filter_bytes_limit = 0;

  /// Bytes of memory, roughly.
  std::size_t weight() const;
  friend bool operator==(const BlockKeys&, const BlockKeys&) = default;
};

/// Collects the keys of a block. Made for many repeats: a key that is known costs one hash and one
/// look into a table.
/// Threading: none of its own. Memory: grows with the different keys, not with the calls.
class BlockKeysBuilder {
 public:
  /// As model::for_each_key_of_row gives them. Words and heads are cut here, too.
  void add(model::KeyKind kind, std::string_view text);
  /// A label of a stream of the block (model::pair_text), to be listed. The key by which it is
  /// found is added by add(), as for every row.
  void add_label(std::string_view pair);
  /// Gives what was collected and leaves the builder empty.
  BlockKeys take();

 private:
  /// Different byte strings, in one piece of memory.
  class TextSet {
   public:
    void add(std::string_view text);
    std::vector<std::string> take_sorted();

   private:
    struct Slot {
      std::uint64_t hash = 0;
      std::uint32_t begin = 0;
      std::uint32_t end = 0;  ///< begin == end: the slot is free
    };
    void grow();
    std::vector<Slot> slots_;
    std::string text_;
    std::size_t used_ = 0;
  };
  /// Different key hashes, which are never 0: that is a free slot. A hash stands at or shortly
  /// behind the slot that its highest bits name, so that the slots are nearly sorted. Its memory
  /// is kept for the next block.
  class HashSet {
   public:
    void add(std::uint64_t hash);
    std::vector<std::uint64_t> take_sorted();

   private:
    static constexpr std::size_t kWaiting = 32;
    void insert_waiting();
    void insert(std::uint64_t hash);
    void grow();
    std::size_t slot_of(std::uint64_t hash) const {
      return static_cast<std::size_t>(hash >> (64 - size_bits_));
    }
    std::vector<std::uint64_t> slots_;
    unsigned size_bits_ = 0;
    std::size_t used_ = 0;
    /// Their slots are on the way from memory meanwhile.
    std::array<std::uint64_t, kWaiting> waiting_{};
    std::size_t waiting_count_ = 0;
  };

  TextSet words_;
  TextSet heads_;
  TextSet labels_;
  HashSet hashes_;
};

}  // namespace duramen::index
