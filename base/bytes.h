#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/result.h"

namespace duramen {

static_assert(std::endian::native == std::endian::little, "formats are little-endian on disk");

/// Appends little-endian integers, varints and byte strings to a string.
/// Threading: none of its own. Ownership: writes into the caller's string, which must outlive it.
class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(&out) {}

  void u8(std::uint8_t v) { out_->push_back(static_cast<char>(v)); }
  void u16(std::uint16_t v) { fixed(v); }
  void u32(std::uint32_t v) { fixed(v); }
  void u64(std::uint64_t v) { fixed(v); }
  void i64(std::int64_t v) { fixed(v); }
  /// LEB128: 7 bits a byte, low bits first; at most 10 bytes.
  void varint(std::uint64_t v) {
    while (v >= 0x80) {
      out_->push_back(static_cast<char>(v | 0x80));
      v >>= 7;
    }
    out_->push_back(static_cast<char>(v));
  }
  void zigzag(std::int64_t v) {
    varint((static_cast<std::uint64_t>(v) << 1) ^ static_cast<std::uint64_t>(v >> 63));
  }
  void raw(std::string_view bytes) { out_->append(bytes); }
  /// A varint length and the bytes.
  void text(std::string_view bytes) {
    varint(bytes.size());
    raw(bytes);
  }
  std::size_t size() const { return out_->size(); }

 private:
  template <class T>
  void fixed(T v) {
    char raw_bytes[sizeof(T)];
    std::memcpy(raw_bytes, &v, sizeof(T));
    out_->append(raw_bytes, sizeof(T));
  }
  std::string* out_;
};

/// Reads what ByteWriter wrote, from bytes that may be damaged or hostile.
///
/// A read past the end sets a sticky failure and gives zeros or empty text; callers check `ok()`
/// once after a group of reads and before they trust a count. Never throws, never reads outside.
/// Ownership: views into the caller's bytes.
class ByteReader {
 public:
  explicit ByteReader(std::string_view in) : at_(in.data()), end_(in.data() + in.size()) {}

  bool ok() const { return ok_; }
  bool done() const { return at_ == end_; }
  std::size_t remaining() const { return static_cast<std::size_t>(end_ - at_); }
  void fail() {
    ok_ = false;
    at_ = end_;
  }

  std::uint8_t u8() { return fixed<std::uint8_t>(); }
  std::uint16_t u16() { return fixed<std::uint16_t>(); }
  std::uint32_t u32() { return fixed<std::uint32_t>(); }
  std::uint64_t u64() { return fixed<std::uint64_t>(); }
  std::int64_t i64() { return fixed<std::int64_t>(); }
  std::uint64_t varint() {
    std::uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (at_ == end_) break;
      const auto byte = static_cast<std::uint8_t>(*at_++);
      v |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return v;
    }
    fail();
    return 0;
  }
  std::int64_t zigzag() {
    const std::uint64_t v = varint();
    return static_cast<std::int64_t>((v >> 1) ^ (~(v & 1) + 1));
  }
  /// A varint that counts things of at least `min_size` bytes each in the rest of the input: a
  /// count that cannot be true fails here, before anybody allocates for it.
  std::size_t count(std::size_t min_size) {
    const std::uint64_t n = varint();
    if (min_size != 0 && n > remaining() / min_size) {
      fail();
      return 0;
    }
    return static_cast<std::size_t>(n);
  }
  std::string_view raw(std::size_t n) {
    if (n > remaining()) {
      fail();
      return {};
    }
    std::string_view out(at_, n);
    at_ += n;
    return out;
  }
  std::string_view text() {
    const std::uint64_t n = varint();
    if (n > remaining()) {
      fail();
      return {};
    }
    return raw(static_cast<std::size_t>(n));
  }
  std::string_view rest() { return raw(remaining()); }

 private:
  template <class T>
  T fixed() {
    T v{};
    if (remaining() < sizeof(T)) {
      fail();
      return v;
    }
    std::memcpy(&v, at_, sizeof(T));
    at_ += sizeof(T);
    return v;
  }
  const char* at_;
  const char* end_;
  bool ok_ = true;
};

/// Big-endian, so that byte order in a key is number order.
inline void append_be64(std::string& out, std::uint64_t v) {
  v = __builtin_bswap64(v);
  out.append(reinterpret_cast<const char*>(&v), sizeof v);
}
inline std::uint64_t load_be64(const char* at) {
  std::uint64_t v = 0;
  std::memcpy(&v, at, sizeof v);
  return __builtin_bswap64(v);
}

}  // namespace duramen
