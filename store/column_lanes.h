#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace duramen::store {

/// Bytes of one kind compress best together: every column writes into up to three lanes
/// (docs/format/block.md, "Directory"). Values are written to disk.
enum class Lane : std::uint8_t {
  kText = 0,
  kNumbers = 1,  ///< low entropy, for zstd
  kPacked = 2,   ///< nothing can compress it: stored
};
inline constexpr std::size_t kLanes = 3;

/// How a part of a column is encoded. Written to disk: never renumber.
enum class Encoding : std::uint8_t {
  kConstant = 0,
  kText = 1,
  kFixedText = 2,
  kDictionary = 3,
  kDecimal = 4,
  kPaddedDecimal = 5,
  kLowerHex = 6,
  kUpperHex = 7,
  kUuid = 8,
  kIpv4 = 9,
  kIntegers = 10,
  kTime = 11,
};
inline constexpr std::uint8_t kLastEncoding = 11;

/// What the encoder of one part writes.
struct LaneBytes {
  std::array<std::string, kLanes> lanes;
  std::string& text() { return lanes[0]; }
  std::string& numbers() { return lanes[1]; }
  std::string& packed() { return lanes[2]; }
  void clear() {
    for (std::string& lane : lanes) lane.clear();
  }
};

/// What the decoder of one part reads.
struct LaneReaders {
  ByteReader text;
  ByteReader numbers;
  ByteReader packed;
  /// Everything was read, nothing past the end.
  bool used_up() const {
    return text.ok() && numbers.ok() && packed.ok() && text.done() && numbers.done() &&
           packed.done();
  }
};

}  // namespace duramen::store
