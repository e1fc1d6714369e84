#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace duramen::index {

// Bits in a string: bit j is bit j mod 8, from the lowest, of byte j / 8.

inline bool test_bit(std::string_view bits, std::size_t at) {
  return (static_cast<unsigned char>(bits[at / 8]) >> (at % 8) & 1) != 0;
}

inline void set_bit(std::string& bits, std::size_t at) {
  bits[at / 8] = static_cast<char>(static_cast<unsigned char>(bits[at / 8]) | 1U << at % 8);
}

/// Puts `count` bits of `from` at `at` into the beginning of `to`; the bits behind them in its last
/// byte are 0.
inline void take_bits(std::string_view from, std::size_t at, std::size_t count, std::string& to) {
  to.resize((count + 7) / 8);
  const unsigned shift = at % 8;
  for (std::size_t i = 0; i < to.size(); ++i) {
    const std::size_t byte = at / 8 + i;
    unsigned bits = static_cast<unsigned char>(from[byte]);
    if (shift != 0 && byte + 1 < from.size()) {
      bits |= static_cast<unsigned>(static_cast<unsigned char>(from[byte + 1])) << 8;
    }
    to[i] = static_cast<char>(bits >> shift & 0xff);
  }
  if (count % 8 != 0) {
    to.back() = static_cast<char>(static_cast<unsigned char>(to.back()) & ((1U << count % 8) - 1));
  }
}

/// Sets those bits of `to` from `at` on that `bits` has; it has no others behind its last.
inline void put_bits(std::string& to, std::size_t at, std::string_view bits) {
  const unsigned shift = at % 8;
  for (std::size_t i = 0; i < bits.size(); ++i) {
    const unsigned shifted = static_cast<unsigned>(static_cast<unsigned char>(bits[i])) << shift;
    const std::size_t byte = at / 8 + i;
    to[byte] = static_cast<char>(static_cast<unsigned char>(to[byte]) | (shifted & 0xff));
    if (shifted > 0xff) {
      to[byte + 1] = static_cast<char>(static_cast<unsigned char>(to[byte + 1]) | shifted >> 8);
    }
  }
}

}  // namespace duramen::index
