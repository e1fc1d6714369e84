#include "model/template.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/checksum.h"
#include "model/tokens.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace duramen::model {
namespace {

constexpr std::size_t kWordBits = 64;

struct Masks {
  std::uint64_t token = 0;
  std::uint64_t digit = 0;
  bool slot_byte = false;
};

#if defined(__SSE2__)
/// Bytes in [low, low + span]: moves the range to the bottom of the signed bytes, one comparison.
__m128i in_range(__m128i bytes, char low, char span) {
  const __m128i moved = _mm_add_epi8(bytes, _mm_set1_epi8(static_cast<char>(-128 - low)));
  return _mm_cmplt_epi8(moved, _mm_set1_epi8(static_cast<char>(-128 + span + 1)));
}

/// The masks of 64 bytes.
Masks classify64(const char* at) {
  Masks out;
  __m128i reserved = _mm_setzero_si128();
  for (unsigned i = 0; i < 4; ++i) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + 16 * i));
    const __m128i digit = in_range(bytes, '0', 9);
    const __m128i letter = in_range(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 25);
    const __m128i underscore = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('_'));
    // Bytes >= 0x80 have the bit that movemask reads.
    const __m128i token =
        _mm_or_si128(_mm_or_si128(digit, letter), _mm_or_si128(underscore, bytes));
    reserved = _mm_or_si128(reserved, in_range(bytes, kDigitSlot, kCompoundSlot - kDigitSlot));
    const auto token_bits = static_cast<std::uint32_t>(_mm_movemask_epi8(token));
    const auto digit_bits = static_cast<std::uint32_t>(_mm_movemask_epi8(digit));
    out.token |= static_cast<std::uint64_t>(token_bits) << (16 * i);
    out.digit |= static_cast<std::uint64_t>(digit_bits) << (16 * i);
  }
  out.slot_byte = _mm_movemask_epi8(reserved) != 0;
  return out;
}
#else
Masks classify64(const char* at) {
  Masks out;
  for (unsigned i = 0; i < kWordBits; ++i) {
    const std::uint64_t bit = std::uint64_t{1} << i;
    const std::uint8_t c = token_class(at[i]);
    if (c != kNotToken) out.token |= bit;
    if (c == kDigit) out.digit |= bit;
    if (is_slot(at[i])) out.slot_byte = true;
  }
  return out;
}
#endif

/// Finds the tokens with digits in the masks of 64 bytes after 64 bytes.
///
/// A 1 is added to the letters at each place where a token begins: the carry runs through the
/// letters and stops at the first byte that is none. Where that is the end of the token, it has no
/// digit.
class TokenScanner {
 public:
  struct Found {
    std::uint64_t starts;  ///< first bytes of all tokens
    std::uint64_t ends;    ///< bytes after tokens with a digit
  };
  Found next(const Masks& m) {
    const std::uint64_t before = (m.token << 1) | in_token_;
    const std::uint64_t starts = m.token & ~before;
    const std::uint64_t letters = m.token & ~m.digit;
    const std::uint64_t marked = letters + (starts & letters);
    const std::uint64_t sum = marked + carry_;
    const std::uint64_t ends = ~m.token & before;
    in_token_ = m.token >> 63;
    carry_ = (marked < letters || sum < marked) ? 1 : 0;
    return {starts, ends & ~(sum & ~letters)};
  }

 private:
  std::uint64_t in_token_ = 0;
  std::uint64_t carry_ = 0;
};

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (fold_ascii(c) >= 'a' && fold_ascii(c) <= 'f');
}

/// The size of the UUID that begins at `begin`, whose first group ends at `end`; 0 for none.
std::size_t uuid_at(std::string_view message, std::size_t begin, std::size_t end) {
  constexpr std::size_t kSize = 36;
  if (end - begin != 8 || message.size() - begin < kSize) return 0;
  const char* at = message.data() + begin;
  if (at[8] != '-' || at[13] != '-' || at[18] != '-' || at[23] != '-') return 0;
  if (message.size() - begin > kSize && is_token_byte(at[kSize])) return 0;
  for (std::size_t i = 0; i < kSize; ++i) {
    if (i != 8 && i != 13 && i != 18 && i != 23 && !is_hex(at[i])) return 0;
  }
  return kSize;
}

/// The size of the IPv4 address that begins at `begin`, whose first octet ends at `end`; 0 for
/// none.
std::size_t ipv4_at(std::string_view message, std::size_t begin, std::size_t end) {
  if (end - begin > 3 || end >= message.size() || message[end] != '.') return 0;
  std::size_t at = begin;
  for (unsigned octet = 0; octet < 4; ++octet) {
    if (octet != 0 && (at >= message.size() || message[at++] != '.')) return 0;
    const std::size_t first = at;
    unsigned value = 0;
    while (at < message.size() && at - first < 4 && token_class(message[at]) == kDigit) {
      value = value * 10 + static_cast<unsigned>(message[at++] - '0');
    }
    const bool zero_filled = at - first > 1 && message[first] == '0';
    if (at == first || value > 255 || zero_filled) return 0;
  }
  if (at < message.size() && is_token_byte(message[at])) return 0;
  return at - begin;
}

/// True when `at` looks like `pattern`, where 0 is any digit and A any ASCII letter.
bool looks_like(const char* at, std::string_view pattern) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char p = pattern[i];
    const bool same = p == '0'   ? token_class(at[i]) == kDigit
                      : p == 'A' ? fold_ascii(at[i]) >= 'a' && fold_ascii(at[i]) <= 'z'
                                 : at[i] == p;
    if (!same) return false;
  }
  return true;
}

/// The size of the time that begins at `begin`, whose first number ends at `end`; 0 for none.
std::size_t time_at(std::string_view message, std::size_t begin, std::size_t end) {
  constexpr std::size_t kShortest = 19;
  if (message.size() - begin < kShortest) return 0;
  const char* at = message.data() + begin;
  const char next = message[end];
  std::size_t size = kShortest;
  if (end - begin == 4 && (next == '-' || next == '/')) {
    const std::string_view date = next == '-' ? "0000-00-00" : "0000/00/00";
    const bool separated = at[10] == ' ' || (next == '-' && at[10] == 'T');
    if (!separated || !looks_like(at + 11, "00:00:00") || !looks_like(at, date)) return 0;
  } else if (end - begin == 2 && next == '/' && message.size() - begin > kShortest) {
    if (!looks_like(at, "00/AAA/0000:00:00:00")) return 0;
    ++size;
  } else {
    return 0;
  }
  const auto byte = [&](std::size_t i) { return i < message.size() - begin ? at[i] : '\0'; };
  if ((byte(size) == '.' || byte(size) == ',') && token_class(byte(size + 1)) == kDigit) {
    const std::size_t first = ++size;
    while (token_class(byte(size)) == kDigit) ++size;
    if (size - first > 9) return 0;
  }
  if (byte(size) == 'Z') ++size;
  return is_token_byte(byte(size)) ? 0 : size;
}

/// The size of the compound variable that begins at `begin`, whose first token ends at `end`; 0 for
/// none.
std::size_t compound_at(std::string_view message, std::size_t begin, std::size_t end) {
  if (end == message.size()) return 0;
  switch (message[end]) {
    case '-':
      return end - begin == 8 ? uuid_at(message, begin, end) : time_at(message, begin, end);
    case '/':
      return time_at(message, begin, end);
    case '.':
      return ipv4_at(message, begin, end);
    default:
      return 0;
  }
}

}  // namespace

bool MessageSplitter::constant(std::string_view message, std::size_t begin, std::size_t end) {
  const std::size_t size = end - begin;
  if (text_size_ + size + 1 > kMaxTemplateText) return false;
  char* to = text_.data() + text_size_;
  if (size <= 32 && begin + 32 <= message.size()) {
    std::memcpy(to, message.data() + begin,
                32);  // a fixed size is two instructions; text_ has room
  } else if (size != 0) {
    std::memcpy(to, message.data() + begin, size);
  }
  text_size_ += size;
  return true;
}

/// Takes the token [begin, end), and what belongs to it, as a variable.
bool MessageSplitter::take(std::string_view message, std::size_t begin, std::size_t end) {
  if (begin < copied_) return true;  // within a compound variable
  if (slot_count_ == slots_.size() || !constant(message, copied_, begin)) return false;
  const std::size_t compound = compound_at(message, begin, end);
  const std::size_t size = compound == 0 ? end - begin : compound;
  text_[text_size_++] = compound == 0 ? kDigitSlot : kCompoundSlot;
  slots_[slot_count_++] = {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(size)};
  copied_ = begin + size;
  return true;
}

bool MessageSplitter::split(std::string_view message, std::vector<Slice>& variables) {
  text_size_ = 0;
  slot_count_ = 0;
  copied_ = 0;
  TokenScanner scanner;
  std::size_t token_begin = 0;  // of a token that goes on over a border of 64 bytes
  for (std::size_t at = 0; at <= message.size(); at += kWordBits) {
    Masks masks;
    if (const std::size_t left = message.size() - at; left >= kWordBits) {
      masks = classify64(message.data() + at);
    } else {
      char tail[kWordBits] = {};
      if (left != 0) std::memcpy(tail, message.data() + at, left);
      masks = classify64(tail);
    }
    if (masks.slot_byte) return false;
    auto [starts, ends] = scanner.next(masks);
    for (; ends != 0; ends &= ends - 1) {
      const auto end = static_cast<unsigned>(std::countr_zero(ends));
      const std::uint64_t below = starts & ((std::uint64_t{1} << end) - 1);
      const std::size_t begin =
          below == 0 ? token_begin : at + 63 - static_cast<unsigned>(std::countl_zero(below));
      if (!take(message, begin, at + end)) return false;
    }
    if (starts != 0) token_begin = at + 63 - static_cast<unsigned>(std::countl_zero(starts));
  }
  if (!constant(message, copied_, message.size())) return false;
  variables.insert(variables.end(), slots_.begin(),
                   slots_.begin() + static_cast<std::ptrdiff_t>(slot_count_));
  return true;
}

TemplateTable::TemplateTable() : slots_(1024) {}

void TemplateTable::clear() {
  arena_.clear();
  entries_.clear();
  std::fill(slots_.begin(), slots_.end(), 0);
}

void TemplateTable::grow() {
  slots_.assign(slots_.size() * 2, 0);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    std::size_t at = entries_[i].hash & mask;
    while (slots_[at] != 0) at = (at + 1) & mask;
    slots_[at] = static_cast<std::uint32_t>(i + 1);
  }
}

std::uint32_t TemplateTable::add(std::string_view text) {
  const std::uint64_t hash = checksum64(text);
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  for (; slots_[at] != 0; at = (at + 1) & mask) {
    const std::uint32_t id = slots_[at];
    if (entries_[id - 1].hash == hash && this->text(id) == text) return id;
  }
  entries_.push_back({hash, arena_.size(), text.size()});
  arena_.append(text);
  const auto id = static_cast<std::uint32_t>(entries_.size());
  slots_[at] = id;
  if (entries_.size() * 2 > slots_.size()) grow();
  return id;
}

}  // namespace duramen::model
