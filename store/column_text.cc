#include "store/column_text.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace duramen::store {
namespace {

using Values = std::span<const std::string_view>;

constexpr std::size_t kUuidSize = 36;

constexpr std::uint8_t kLower = 0x10;
constexpr std::uint8_t kUpper = 0x20;
constexpr std::uint8_t kBoth = kLower | kUpper;

/// Low half: the nibble; high half: in which of the cases the byte is a hexadecimal digit.
constexpr std::array<std::uint8_t, 256> kHex = [] {
  std::array<std::uint8_t, 256> table{};
  for (unsigned i = 0; i < 10; ++i) table['0' + i] = static_cast<std::uint8_t>(kBoth | i);
  for (unsigned i = 0; i < 6; ++i) {
    table['a' + i] = static_cast<std::uint8_t>(kLower | (10 + i));
    table['A' + i] = static_cast<std::uint8_t>(kUpper | (10 + i));
  }
  return table;
}();

std::uint8_t hex_of(char c) { return kHex[static_cast<unsigned char>(c)]; }

bool is_uuid_dash(std::size_t at) { return at == 8 || at == 13 || at == 18 || at == 23; }

/// The address, or -1.
std::int64_t parse_ipv4(std::string_view v) {
  std::uint32_t address = 0;
  std::size_t at = 0;
  for (unsigned octet = 0; octet < 4; ++octet) {
    if (octet != 0 && (at >= v.size() || v[at++] != '.')) return -1;
    const std::size_t first = at;
    unsigned value = 0;
    while (at < v.size() && at - first < 4 && v[at] >= '0' && v[at] <= '9') {
      value = value * 10 + static_cast<unsigned>(v[at++] - '0');
    }
    if (at == first || value > 255 || (at - first > 1 && v[first] == '0')) return -1;
    address = address << 8 | value;
  }
  return at == v.size() ? static_cast<std::int64_t>(address) : -1;
}

std::uint64_t load(const char* at, std::size_t size) {
  std::uint64_t v = 0;
  std::memcpy(&v, at, size);
  return v;
}

/// A fast hash for short texts; equality is always compared as well.
std::uint64_t hash_text(std::string_view v) {
  constexpr std::uint64_t kMix = 0x9E3779B97F4A7C15ULL;
  std::uint64_t h = v.size() * kMix;
  const char* at = v.data();
  std::size_t left = v.size();
  for (; left > 8; at += 8, left -= 8) {
    h = (h ^ load(at, 8)) * kMix;
    h ^= h >> 29;
  }
  h = (h ^ load(at, left)) * kMix;
  return h ^ (h >> 32);
}

}  // namespace

PackedKind packed_kind(std::string_view value, std::size_t prefix, bool fixed) {
  if (value.size() >= 7 && value.size() <= 15 && parse_ipv4(value) >= 0) return PackedKind::kIpv4;
  if (!fixed) return PackedKind::kNone;
  if (value.size() == kUuidSize && value[8] == '-') return PackedKind::kUuid;
  std::uint8_t cases = kBoth;
  for (const char c : value.substr(prefix)) cases &= hex_of(c);
  return (cases & kLower) != 0   ? PackedKind::kLowerHex
         : (cases & kUpper) != 0 ? PackedKind::kUpperHex
                                 : PackedKind::kNone;
}

bool write_uuids(Values values, LaneBytes& out) {
  std::string& packed = out.packed();
  const std::size_t begin = packed.size();
  packed.resize(begin + values.size() * 16);
  auto* to = reinterpret_cast<std::uint8_t*>(packed.data() + begin);
  std::uint8_t cases = kLower;
  bool dashes = true;
  for (const std::string_view v : values) {
    for (std::size_t i = 0; i < kUuidSize; i += 2) {
      if (is_uuid_dash(i)) dashes &= v[i++] == '-';
      const std::uint8_t high = hex_of(v[i]);
      const std::uint8_t low = hex_of(v[i + 1]);
      cases &= high & low;
      *to++ = static_cast<std::uint8_t>(high << 4 | (low & 15));
    }
  }
  if (cases == kLower && dashes) return true;
  packed.resize(begin);
  return false;
}

bool write_hex(Values values, std::size_t prefix, bool upper, LaneBytes& out) {
  const std::size_t width = values[0].size() - prefix;
  std::string& packed = out.packed();
  const std::size_t begin = packed.size();
  packed.resize(begin + (values.size() * width + 1) / 2);
  auto* to = reinterpret_cast<std::uint8_t*>(packed.data() + begin);
  std::uint8_t cases = upper ? kUpper : kLower;
  std::uint8_t high = 0;
  bool half = false;
  for (const std::string_view v : values) {
    for (const char c : v.substr(prefix)) {
      const std::uint8_t digit = hex_of(c);
      cases &= digit;
      if (half) *to++ = static_cast<std::uint8_t>(high << 4 | (digit & 15));
      high = digit;
      half = !half;
    }
  }
  if (half) *to = static_cast<std::uint8_t>(high << 4);
  if (cases == 0) {
    packed.resize(begin);
    return false;
  }
  ByteWriter writer(out.numbers());
  writer.text(values[0].substr(0, prefix));
  writer.text({});
  writer.varint(width);
  return true;
}

bool read_ipv4s(Values values, std::vector<std::uint64_t>& out) {
  out.clear();
  for (const std::string_view v : values) {
    const std::int64_t address = parse_ipv4(v);
    if (address < 0) return false;
    out.push_back(static_cast<std::uint64_t>(address));
  }
  return true;
}

void append_ipv4(std::string& out, std::uint32_t address) {
  for (unsigned shift = 32; shift != 0; shift -= 8) {
    if (shift != 32) out.push_back('.');
    const unsigned octet = (address >> (shift - 8)) & 255;
    if (octet >= 100) out.push_back(static_cast<char>('0' + octet / 100));
    if (octet >= 10) out.push_back(static_cast<char>('0' + octet / 10 % 10));
    out.push_back(static_cast<char>('0' + octet % 10));
  }
}

void append_uuid(std::string& out, std::string_view bytes16) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (std::size_t i = 0; i < bytes16.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out.push_back('-');
    const auto byte = static_cast<unsigned char>(bytes16[i]);
    out.push_back(kDigits[byte >> 4]);
    out.push_back(kDigits[byte & 15]);
  }
}

bool DistinctTexts::collect(Values values, std::size_t limit,
                            std::vector<std::string_view>& distinct,
                            std::vector<std::uint64_t>& ids) {
  constexpr std::size_t kTrial = 256;
  limit = std::min(limit, kSlots / 2);
  if (++round_ == 0) {
    std::fill(table_.begin(), table_.end(), Slot{});
    round_ = 1;
  }
  distinct.clear();
  ids.clear();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string_view v = values[i];
    std::size_t at = hash_text(v) % kSlots;
    while (table_[at].round == round_ && distinct[table_[at].id] != v) at = (at + 1) % kSlots;
    if (table_[at].round != round_) {
      if (distinct.size() == limit) return false;
      if (i >= kTrial && distinct.size() > i / 2 + kTrial / 4) return false;
      table_[at] = {round_, static_cast<std::uint32_t>(distinct.size())};
      distinct.push_back(v);
    }
    ids.push_back(table_[at].id);
  }
  return true;
}

}  // namespace duramen::store
