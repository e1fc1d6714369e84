#pragma once

#include <bitset>
#include <cstddef>
#include <limits>
#include <string_view>
#include <vector>

#include "store/column_lanes.h"

namespace duramen::store {

/// What the values of a column may hold, told by how its parts are encoded, without decoding them.
/// May allow for more than there is, never for less.
/// Threading: immutable once all parts are added. Ownership: refers to the bytes of the parts.
class ColumnProbe {
 public:
  /// `n`: values of the part. False for damaged bytes.
  bool add_part(Encoding encoding, LaneReaders in, std::size_t n);

  /// The bytes that occur, letters of ASCII in lower case.
  const std::bitset<256>& bytes() const { return bytes_; }
  std::size_t min_size() const { return min_size_; }  ///< of a value
  std::size_t max_size() const { return max_size_; }
  /// False when no value contains these bytes, ignoring ASCII case.
  bool may_contain(std::string_view folded) const;

 private:
  bool add_texts(Encoding encoding, LaneReaders& in, std::size_t n);
  bool add_formatted(Encoding encoding, LaneReaders& in, std::size_t n);
  void add_bytes(std::string_view text);
  void add_sizes(std::size_t least, std::size_t most);

  std::bitset<256> bytes_;
  std::size_t min_size_ = std::numeric_limits<std::size_t>::max();
  std::size_t max_size_ = 0;
  std::vector<std::string_view> texts_;  ///< values of parts that are stored as text, joined
  bool all_text_ = true;
};

/// True when `text` contains `folded`, ignoring the case of ASCII letters. Fast on long texts.
bool contains_folded(std::string_view text, std::string_view folded);

}  // namespace duramen::store
