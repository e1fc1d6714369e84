#include "store/column_encoding.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/checksum.h"
#include "store/column_integers.h"
#include "store/column_text.h"
#include "store/column_time.h"

namespace duramen::store {
namespace {

using Values = std::span<const std::string_view>;

constexpr std::size_t kMaxDigits = 19;  // fits in 64 bits
constexpr std::size_t kSmall = 24;      // bytes of all values: typed encodings cannot win

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// What one pass over the values tells.
struct Shape {
  bool constant = true;
  std::size_t total = 0;
  std::size_t min_size = 0;
  std::size_t max_size = 0;
  std::size_t prefix = 0;  ///< bytes that all values begin with
  std::size_t suffix = 0;  ///< bytes that all values end with; may overlap the prefix
};

Shape shape_of(Values values) {
  const std::string_view first = values[0];
  std::size_t i = 1;
  while (i < values.size() && values[i] == first) ++i;
  Shape s;
  s.constant = i == values.size();
  s.total = first.size() * i;
  s.min_size = s.max_size = s.prefix = s.suffix = first.size();
  for (; i < values.size(); ++i) {
    const std::string_view v = values[i];
    s.total += v.size();
    s.min_size = std::min(s.min_size, v.size());
    s.max_size = std::max(s.max_size, v.size());
    const char* const end = v.data() + v.size();
    const char* const first_end = first.data() + first.size();
    std::size_t common = std::min(s.prefix, v.size());
    std::size_t n = 0;
    while (n < common && v[n] == first[n]) ++n;
    s.prefix = n;
    common = std::min(s.suffix, v.size());
    n = 0;
    while (n < common && *(end - 1 - n) == *(first_end - 1 - n)) ++n;
    s.suffix = n;
  }
  return s;
}

struct Scratch {
  std::vector<std::uint64_t> numbers;
  std::vector<std::uint64_t> ids;
  std::vector<std::string_view> distinct;
  DistinctTexts texts;
};
Scratch& scratch() {
  thread_local Scratch s;
  return s;
}

/// prefix, number, suffix: the affixes end and begin with a byte that is no digit.
struct Affixes {
  std::size_t prefix = 0;
  std::size_t suffix = 0;
};

Affixes numeric_affixes(std::string_view first, const Shape& s) {
  Affixes a{s.prefix, s.suffix};
  while (a.prefix > 0 && is_digit(first[a.prefix - 1])) --a.prefix;
  while (a.suffix > 0 && is_digit(first[first.size() - a.suffix])) --a.suffix;
  return a;
}

enum class Digits : std::uint8_t { kNone, kPlain, kPadded };

/// Reads the digits between the affixes into `numbers`.
Digits read_digits(Values values, const Shape& s, const Affixes& a,
                   std::vector<std::uint64_t>& numbers) {
  if (a.prefix + a.suffix >= s.min_size || s.max_size - a.prefix - a.suffix > kMaxDigits) {
    return Digits::kNone;
  }
  numbers.resize(values.size());
  bool zero_filled = false;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const char* at = values[i].data() + a.prefix;
    const char* end = values[i].data() + values[i].size() - a.suffix;
    zero_filled |= *at == '0' && end - at > 1;
    std::uint64_t n = 0;
    for (; at != end; ++at) {
      const auto d = static_cast<unsigned char>(*at - '0');
      if (d > 9) return Digits::kNone;
      n = n * 10 + d;
    }
    numbers[i] = n;
  }
  if (!zero_filled) return Digits::kPlain;
  return s.min_size == s.max_size ? Digits::kPadded : Digits::kNone;
}

void write_affixes(std::string_view first, const Affixes& a, LaneBytes& out) {
  ByteWriter writer(out.numbers());
  writer.text(first.substr(0, a.prefix));
  writer.text(first.substr(first.size() - a.suffix));
}

Encoding write_constant(std::string_view value, LaneBytes& out) {
  out.text().append(value);
  return Encoding::kConstant;
}

Encoding write_text(Values values, const Shape& s, LaneBytes& out) {
  out.text().reserve(out.text().size() + s.total);
  for (const std::string_view v : values) out.text().append(v);
  if (s.min_size == s.max_size && s.min_size != 0) return Encoding::kFixedText;
  auto& sizes = scratch().numbers;
  sizes.clear();
  for (const std::string_view v : values) sizes.push_back(v.size());
  encode_integers(sizes, out);
  return Encoding::kText;
}

Encoding write_dictionary(LaneBytes& out) {
  Scratch& s = scratch();
  ByteWriter(out.numbers()).varint(s.distinct.size());
  s.numbers.clear();
  for (const std::string_view v : s.distinct) {
    s.numbers.push_back(v.size());
    out.text().append(v);
  }
  encode_integers(s.numbers, out);
  encode_indexes(s.ids, out);
  return Encoding::kDictionary;
}

Encoding write_digits(Digits kind, Values values, const Shape& shape, const Affixes& a,
                      LaneBytes& out) {
  write_affixes(values[0], a, out);
  const bool padded = kind == Digits::kPadded;
  if (padded) {
    ByteWriter(out.numbers()).u8(static_cast<std::uint8_t>(shape.max_size - a.prefix - a.suffix));
  }
  encode_integers(scratch().numbers, out);
  return padded ? Encoding::kPaddedDecimal : Encoding::kDecimal;
}

/// True when dictionary indexes are shorter than the numbers themselves.
bool repeats(Values values, std::size_t bytes_without) {
  Scratch& s = scratch();
  if (values.size() < 16 || !s.texts.collect(values, values.size() / 2, s.distinct, s.ids)) {
    return false;
  }
  std::size_t bytes =
      values.size() * static_cast<unsigned>(std::bit_width(s.distinct.size() - 1)) / 8;
  for (const std::string_view v : s.distinct) bytes += v.size() + 1;
  return bytes < bytes_without;
}

/// What a column takes when it has no dictionary.
std::size_t packed_bytes(PackedKind kind, std::size_t n, const Shape& shape) {
  switch (kind) {
    case PackedKind::kUuid:
      return n * 16;
    case PackedKind::kIpv4:
      return n * 3;
    case PackedKind::kLowerHex:
    case PackedKind::kUpperHex:
      return n * (shape.max_size - shape.prefix) / 2;
    case PackedKind::kNone:
      break;
  }
  return shape.total;
}

/// Writes values as `kind`, which the first value has, or as text when another has not.
Encoding write_packed(PackedKind kind, Values values, const Shape& shape, LaneBytes& out) {
  switch (kind) {
    case PackedKind::kUuid:
      if (write_uuids(values, out)) return Encoding::kUuid;
      break;
    case PackedKind::kIpv4:
      if (!read_ipv4s(values, scratch().numbers)) break;
      encode_integers(scratch().numbers, out);
      return Encoding::kIpv4;
    case PackedKind::kLowerHex:
      if (write_hex(values, shape.prefix, false, out)) return Encoding::kLowerHex;
      if (write_hex(values, shape.prefix, true, out)) return Encoding::kUpperHex;
      break;
    case PackedKind::kUpperHex:
      if (write_hex(values, shape.prefix, true, out)) return Encoding::kUpperHex;
      break;
    case PackedKind::kNone:
      break;
  }
  return write_text(values, shape, out);
}

}  // namespace

Encoding encode_values(std::span<const std::string_view> values, std::span<const TimeNs> times,
                       LaneBytes& out) {
  const Shape shape = shape_of(values);
  if (shape.constant) return write_constant(values[0], out);
  if (shape.total <= kSmall) return write_text(values, shape, out);
  if (may_be_time(values[0]) && encode_time_texts(values, times, out)) return Encoding::kTime;
  const Affixes affixes = numeric_affixes(values[0], shape);
  const Digits digits = read_digits(values, shape, affixes, scratch().numbers);
  if (digits != Digits::kNone) return write_digits(digits, values, shape, affixes, out);
  const PackedKind kind = packed_kind(values[0], shape.prefix, shape.min_size == shape.max_size);
  if (repeats(values, packed_bytes(kind, values.size(), shape))) return write_dictionary(out);
  return write_packed(kind, values, shape, out);
}

}  // namespace duramen::store
