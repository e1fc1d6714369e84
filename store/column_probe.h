#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "store/column_lanes.h"

namespace duramen::store {

/// What the values of a column may hold, told by how its parts are encoded, without decoding them.
/// May allow for more than there is, never for less.
/// Threading: one thread. Ownership: refers to the bytes of the parts.
class ColumnProbe {
 public:
  /// For another column; keeps the memory.
  void clear();
  /// `n`: values of the part. False for damaged bytes.
  bool add_part(Encoding encoding, LaneReaders in, std::size_t n);

  /// The bytes that occur, letters of ASCII in lower case.
  const std::bitset<256>& bytes();

  /// What is looked for as:
  enum class As : std::uint8_t {
    kPart,   ///< any bytes of a value
    kToken,  ///< a whole token of a value
    kValue,  ///< a whole value
  };
  /// False when no value holds these bytes (at least one), ignoring ASCII case. Values that are
  /// stored as text, whole UUIDs and their groups, and whole hexadecimal numbers are looked for.
  bool may_hold(std::string_view folded, As as = As::kPart) const;

 private:
  struct Part {
    Encoding encoding = Encoding::kText;
    std::string_view bytes;  ///< values as text, joined, or the packed ones
    std::size_t values = 0;
    std::size_t min_size = 0;  ///< of a value
    std::size_t max_size = 0;
    std::string_view prefix;  ///< of numbers
    std::string_view suffix;
  };

  void add_texts(Part& part, LaneReaders& in);
  bool add_formatted(Part& part, LaneReaders& in);
  bool add_number(Part& part, LaneReaders& in);
  void add_bytes(std::string_view text);
  static void add_sizes(Part& part, std::size_t least, std::size_t most);
  static bool may_be_formatted(const Part& part, std::string_view folded, As as);
  static bool may_be_number(const Part& part, std::string_view folded);

  std::bitset<256> bytes_;          ///< of parts that are not text
  std::size_t parts_in_bytes_ = 0;  ///< those parts' texts are in bytes_, too
  std::vector<Part> parts_;
};

}  // namespace duramen::store
