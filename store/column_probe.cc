#include "store/column_probe.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>

#include "model/tokens.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace duramen::store {
namespace {

using Bytes = std::bitset<256>;

Bytes bytes_of(std::string_view text) {
  Bytes out;
  for (const char c : text) out.set(static_cast<unsigned char>(c));
  return out;
}

const Bytes kDecimalBits = bytes_of("0123456789");
const Bytes kHexBits = bytes_of("0123456789abcdef");
const Bytes kUuidBits = bytes_of("0123456789abcdef-");
const Bytes kIpv4Bits = bytes_of("0123456789.");
// docs/format/block.md, "Times in text".
constexpr std::string_view kTimeBytes = "0123456789-/: t";
constexpr std::string_view kMonthBytes = "abcdefghijklmnopqrstuvwxyz";
constexpr std::size_t kMaxDecimal = 20;
constexpr std::size_t kUuidText = 36;
constexpr std::size_t kUuidBytes = 16;
constexpr unsigned kNoDigit = 16;
/// Values with as many different bytes may have all: looking further tells little.
constexpr std::size_t kManyBytes = 30;
constexpr std::size_t kLookedAtOnce = 1024;

bool equal_folded(const char* text, std::string_view folded) {
  return std::equal(folded.begin(), folded.end(), text,
                    [](char f, char t) { return f == model::fold_ascii(t); });
}

/// A byte's other case, or itself.
char other_case(char c) {
  if (c >= 'a' && c <= 'z') return static_cast<char>(c - 'a' + 'A');
  return c;
}

bool is_text(Encoding encoding) {
  return encoding == Encoding::kConstant || encoding == Encoding::kText ||
         encoding == Encoding::kFixedText || encoding == Encoding::kDictionary;
}

/// kNoDigit when it is none.
unsigned hex_value(char folded) {
  if (folded >= '0' && folded <= '9') return static_cast<unsigned>(folded - '0');
  if (folded >= 'a' && folded <= 'f') return static_cast<unsigned>(folded - 'a') + 10;
  return kNoDigit;
}

/// Digits as they lie in lane packed: high half first. Nothing when one is none.
std::optional<std::string> packed_digits(std::string_view digits) {
  std::string out((digits.size() + 1) / 2, '\0');
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const unsigned value = hex_value(digits[i]);
    if (value == kNoDigit) return std::nullopt;
    const unsigned before = static_cast<unsigned char>(out[i / 2]);
    out[i / 2] = static_cast<char>(i % 2 == 0 ? value << 4U : before | value);
  }
  return out;
}

/// Whether one of the values of `value.size()` bytes each is this one.
bool has_value(std::string_view values, std::string_view value) {
  for (std::size_t at = 0; at + value.size() <= values.size(); at += value.size()) {
    if (std::memcmp(values.data() + at, value.data(), value.size()) == 0) return true;
  }
  return false;
}

bool has_uuid(std::string_view values, std::string_view text) {
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash != (text[i] == '-')) return false;
    if (!dash) digits += text[i];
  }
  const auto packed = packed_digits(digits);
  return packed && has_value(values, *packed);
}

/// Whether one of the numbers, as many digits each, is this one. An odd number of digits is not
/// looked for: then every other one begins within a byte.
bool has_number(std::string_view values, std::string_view digits) {
  const auto packed = packed_digits(digits);
  return packed && (digits.size() % 2 != 0 || digits.empty() || has_value(values, *packed));
}

#if defined(__SSE2__)
__m128i equals_either(__m128i bytes, char c) {
  return _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)),
                      _mm_cmpeq_epi8(bytes, _mm_set1_epi8(other_case(c))));
}
#endif

}  // namespace

bool contains_folded(std::string_view text, std::string_view folded) {
  if (folded.empty()) return true;
  if (text.size() < folded.size()) return false;
  const std::size_t places = text.size() - folded.size() + 1;
  std::size_t at = 0;
#if defined(__SSE2__)
  // 16 places at once: where the first and the last byte fit, the rest is compared.
  const std::size_t last = folded.size() - 1;
  for (; at + 16 <= places; at += 16) {
    const auto* begin = reinterpret_cast<const __m128i*>(text.data() + at);
    const auto* end = reinterpret_cast<const __m128i*>(text.data() + at + last);
    const __m128i fits = _mm_and_si128(equals_either(_mm_loadu_si128(begin), folded.front()),
                                       equals_either(_mm_loadu_si128(end), folded.back()));
    for (auto bits = static_cast<unsigned>(_mm_movemask_epi8(fits)); bits != 0; bits &= bits - 1) {
      const auto place = at + static_cast<std::size_t>(__builtin_ctz(bits));
      if (equal_folded(text.data() + place, folded)) return true;
    }
  }
#endif
  for (; at < places; ++at) {
    if (equal_folded(text.data() + at, folded)) return true;
  }
  return false;
}

void ColumnProbe::add_bytes(std::string_view text) {
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, kLookedAtOnce);
    text.remove_prefix(piece.size());
    std::array<bool, 256> seen{};
    for (const char c : piece) seen[static_cast<unsigned char>(c)] = true;
    for (std::size_t i = 0; i < seen.size(); ++i) {
      if (!seen[i]) continue;
      bytes_.set(static_cast<unsigned char>(model::fold_ascii(static_cast<char>(i))));
    }
    if (bytes_.count() >= kManyBytes) {
      bytes_.set();
      return;
    }
  }
}

void ColumnProbe::add_sizes(Part& part, std::size_t least, std::size_t most) {
  part.max_size = most;
  min_size_ = std::min(min_size_, least);
}

bool ColumnProbe::add_part(Encoding encoding, LaneReaders in, std::size_t n) {
  Part part;
  part.encoding = encoding;
  part.values = n;
  switch (encoding) {
    case Encoding::kConstant:
    case Encoding::kText:
    case Encoding::kFixedText:
    case Encoding::kDictionary:
      add_texts(part, in);
      break;
    case Encoding::kUuid:
    case Encoding::kIpv4:
    case Encoding::kTime:
      if (!add_formatted(part, in)) return false;
      break;
    case Encoding::kDecimal:
    case Encoding::kPaddedDecimal:
    case Encoding::kLowerHex:
    case Encoding::kUpperHex:
      if (!add_number(part, in)) return false;
      break;
    case Encoding::kIntegers:
      return false;
  }
  parts_.push_back(part);
  return true;
}

void ColumnProbe::add_texts(Part& part, LaneReaders& in) {
  part.bytes = in.text.rest();
  const std::size_t size = part.bytes.size();
  if (part.encoding == Encoding::kConstant) {
    add_sizes(part, size, size);
  } else if (part.encoding == Encoding::kFixedText) {
    add_sizes(part, size / part.values, size / part.values);
  } else {
    add_sizes(part, 0, size);
  }
}

bool ColumnProbe::add_formatted(Part& part, LaneReaders& in) {
  if (part.encoding == Encoding::kUuid) {
    part.bytes = in.packed.rest();
    bytes_ |= kUuidBits;
    add_sizes(part, kUuidText, kUuidText);
    return part.bytes.size() == part.values * kUuidBytes;
  }
  if (part.encoding == Encoding::kIpv4) {
    bytes_ |= kIpv4Bits;
    add_sizes(part, 7, 15);
    return true;
  }
  const std::uint8_t layout = in.numbers.u8();
  const std::uint8_t digits = in.numbers.u8();
  const std::array<char, 2> around{static_cast<char>(in.numbers.u8()),
                                   static_cast<char>(in.numbers.u8())};
  add_bytes(kTimeBytes);
  if (layout == 3) add_bytes(kMonthBytes);
  add_bytes({around.data(), around.size()});
  add_sizes(part, 19, std::size_t{22} + digits);
  return in.numbers.ok();
}

bool ColumnProbe::add_number(Part& part, LaneReaders& in) {
  part.prefix = in.numbers.text();
  part.suffix = in.numbers.text();
  add_bytes(part.prefix);
  add_bytes(part.suffix);
  const std::size_t around = part.prefix.size() + part.suffix.size();
  if (part.encoding == Encoding::kDecimal) {
    bytes_ |= kDecimalBits;
    add_sizes(part, around + 1, around + kMaxDecimal);
    return in.numbers.ok();
  }
  if (part.encoding == Encoding::kPaddedDecimal) {
    const std::size_t width = in.numbers.u8();
    bytes_ |= kDecimalBits;
    add_sizes(part, around + width, around + std::max(width, kMaxDecimal));
    return in.numbers.ok();
  }
  const std::uint64_t digits = in.numbers.varint();
  if (!in.numbers.ok() || digits > 2 * in.packed.remaining() / part.values) return false;
  part.digits = digits;
  part.bytes = in.packed.rest();
  bytes_ |= kHexBits;
  add_sizes(part, around + digits, around + digits);
  return part.bytes.size() == (part.values * digits + 1) / 2;
}

const std::bitset<256>& ColumnProbe::bytes() {
  for (; parts_in_bytes_ < parts_.size(); ++parts_in_bytes_) {
    const Part& part = parts_[parts_in_bytes_];
    if (is_text(part.encoding)) add_bytes(part.bytes);
  }
  return bytes_;
}

bool ColumnProbe::may_contain(std::string_view folded) const {
  const bool formatted_fits = std::all_of(folded.begin(), folded.end(), [this](char c) {
    return bytes_.test(static_cast<unsigned char>(c));
  });
  return std::any_of(parts_.begin(), parts_.end(), [&](const Part& part) {
    if (folded.size() > part.max_size) return false;
    if (is_text(part.encoding)) return contains_folded(part.bytes, folded);
    return formatted_fits && may_be_formatted(part, folded);
  });
}

/// Of bytes that may all occur, and not more than the longest value has.
bool ColumnProbe::may_be_formatted(const Part& part, std::string_view folded) {
  if (part.encoding == Encoding::kUuid) {
    return folded.size() < kUuidText || has_uuid(part.bytes, folded);
  }
  if (part.encoding != Encoding::kLowerHex && part.encoding != Encoding::kUpperHex) return true;
  if (folded.size() < part.max_size) return true;
  const std::string_view digits = folded.substr(part.prefix.size(), part.digits);
  return equal_folded(part.prefix.data(), folded.substr(0, part.prefix.size())) &&
         equal_folded(part.suffix.data(), folded.substr(part.prefix.size() + part.digits)) &&
         has_number(part.bytes, digits);
}

}  // namespace duramen::store
