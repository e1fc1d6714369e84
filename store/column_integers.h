#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "store/column_lanes.h"

namespace duramen::store {

/// Appends "integers" (docs/format/block.md) for `values` to the lanes numbers and packed; picks
/// mode and widths by one pass over them. Pure but for scratch memory of the thread.
void encode_integers(std::span<const std::uint64_t> values, LaneBytes& out);

/// As encode_integers, and tries the units 1e9, 1e6 and 1e3 first: for times in ns.
void encode_times(std::span<const std::uint64_t> values, LaneBytes& out);

/// As encode_integers, for indexes into a table: which ones occur often matters more than how large
/// they are.
void encode_indexes(std::span<const std::uint64_t> values, LaneBytes& out);

/// "Integers" as they lie in the lanes.
/// Ownership: refers to the bytes. Threading: const methods from any thread.
class PackedIntegers {
 public:
  /// Takes `n` numbers from the lanes. False for damaged bytes.
  bool read(LaneReaders& in, std::size_t n);

  /// All of them; `out` has room for n. False for damaged bytes; then it holds nothing of use.
  bool decode(std::span<std::uint64_t> out) const;
  /// The number at a place below n, which decode() gives there. Takes no memory, and time only when
  /// numbers are stored as differences: then it adds up those before. Nothing for damaged bytes.
  std::optional<std::uint64_t> at(std::size_t place) const;

 private:
  /// Of whatever the mode makes of them; `begin`: a multiple of 8.
  void read_stored(std::size_t begin, std::span<std::uint64_t> out) const;
  std::uint64_t stored(std::size_t place) const;
  std::uint64_t sum_up_to(std::size_t place) const;
  bool resolve(std::span<std::uint64_t> numbers) const;

  std::size_t n_ = 0;
  std::uint8_t mode_ = 0;
  std::uint64_t unit_ = 1;
  std::uint64_t base_ = 0;
  std::uint64_t mask_ = 0;  ///< of rising numbers
  std::vector<std::uint64_t> dictionary_;
  unsigned low_bits_ = 0;
  std::string_view high_;  ///< planes of n bytes
  std::string_view low_;
};

/// Fills `out`, whatever it holds. False for damaged bytes; then it holds nothing of use.
bool decode_integers(LaneReaders& in, std::span<std::uint64_t> out);

}  // namespace duramen::store
