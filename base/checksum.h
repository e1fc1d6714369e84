#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace duramen {

/// XXH3-64 of `bytes`: the checksum of everything that Duramen writes (docs/format/README.md).
/// Stable for ever; pure; any thread.
std::uint64_t checksum64(std::string_view bytes) noexcept;

/// XXH3-64 with a seed: equal bytes of different kinds get different numbers. Stable, like
/// checksum64, which is the one with the seed 0.
std::uint64_t hash64(std::string_view bytes, std::uint64_t seed) noexcept;

/// 128 bits that name something by its content (XXH3-128). Not for untrusted equality proofs:
/// it is no cryptographic hash.
struct Hash128 {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend constexpr auto operator<=>(const Hash128&, const Hash128&) = default;
  std::string to_hex() const;
  /// 16 bytes, big-endian: usable as a key.
  std::string to_bytes() const;
};

Hash128 hash128(std::string_view bytes) noexcept;

/// hash128 of bytes that come in pieces. Threading: one thread.
class Hash128Stream {
 public:
  Hash128Stream();
  Hash128Stream(const Hash128Stream&) = delete;
  Hash128Stream& operator=(const Hash128Stream&) = delete;
  Hash128Stream(Hash128Stream&&) noexcept;
  Hash128Stream& operator=(Hash128Stream&&) noexcept;
  ~Hash128Stream();
  void add(std::string_view bytes) noexcept;
  /// Of all bytes so far.
  Hash128 result() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace duramen

template <>
struct std::hash<duramen::Hash128> {
  std::size_t operator()(const duramen::Hash128& h) const noexcept {
    return static_cast<std::size_t>(h.low);
  }
};
