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
/// Threading: one thread. Ownership: refers to the bytes of the parts.
class ColumnProbe {
 public:
  /// `n`: values of the part. False for damaged bytes.
  bool add_part(Encoding encoding, LaneReaders in, std::size_t n);

  /// The bytes that occur, letters of ASCII in lower case.
  const std::bitset<256>& bytes();
  std::size_t min_size() const { return min_size_; }  ///< of a value
  /// False when no value contains these bytes (not none), ignoring ASCII case. Values that are
  /// stored as text, and whole UUIDs and hexadecimal numbers, are looked for.
  bool may_contain(std::string_view folded) const;

 private:
  struct Part {
    Encoding encoding = Encoding::kText;
    std::string_view bytes;  ///< values as text, joined, or the packed ones
    std::size_t max_size = 0;
    /// Of hexadecimal numbers.
    std::string_view prefix;
    std::string_view suffix;
    std::size_t values = 0;
    std::size_t digits = 0;
  };

  void add_texts(Part& part, LaneReaders& in);
  bool add_formatted(Part& part, LaneReaders& in);
  bool add_number(Part& part, LaneReaders& in);
  void add_bytes(std::string_view text);
  void add_sizes(Part& part, std::size_t least, std::size_t most);
  static bool may_be_formatted(const Part& part, std::string_view folded);

  std::bitset<256> bytes_;          ///< of parts that are not text
  std::size_t parts_in_bytes_ = 0;  ///< those parts' texts are in bytes_, too
  std::size_t min_size_ = std::numeric_limits<std::size_t>::max();
  std::vector<Part> parts_;
};

/// True when `text` contains `folded`, ignoring the case of ASCII letters. Fast on long texts.
bool contains_folded(std::string_view text, std::string_view folded);

}  // namespace duramen::store
