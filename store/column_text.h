#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/column_lanes.h"

namespace duramen::store {

/// Texts that have a shorter form in which every value takes the same number of bits.
enum class PackedKind : std::uint8_t { kNone, kUuid, kIpv4, kLowerHex, kUpperHex };

/// The kind that a column may have, judged by one value; of hexadecimal numbers only the bytes
/// after `prefix` are looked at. `fixed`: all values are equally long.
PackedKind packed_kind(std::string_view value, std::size_t prefix, bool fixed);

// These do nothing and give false when not all values are of the kind. All values are equally long.
bool write_uuids(std::span<const std::string_view> values, LaneBytes& out);
/// Appends text prefix, an empty suffix, varint width and the nibbles of what follows the prefix.
bool write_hex(std::span<const std::string_view> values, std::size_t prefix, bool upper,
               LaneBytes& out);
bool read_ipv4s(std::span<const std::string_view> values, std::vector<std::uint64_t>& out);

void append_ipv4(std::string& out, std::uint32_t address);
void append_uuid(std::string& out, std::string_view bytes16);

/// Finds distinct texts. Threading: one thread; keeps its memory.
class DistinctTexts {
 public:
  DistinctTexts() : table_(kSlots) {}
  /// Gives the distinct values in order of appearance and each value's index among them. False
  /// when there are more than `limit`, or so many in the beginning that it cannot pay.
  bool collect(std::span<const std::string_view> values, std::size_t limit,
               std::vector<std::string_view>& distinct, std::vector<std::uint64_t>& ids);

 private:
  static constexpr std::size_t kSlots = 16384;
  struct Slot {
    std::uint32_t round = 0;  ///< a slot of an earlier round is empty
    std::uint32_t id = 0;
  };
  std::vector<Slot> table_;
  std::uint32_t round_ = 0;
};

}  // namespace duramen::store
