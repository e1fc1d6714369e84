#include "store/column_probe.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "model/tokens.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace duramen::store {
namespace {

constexpr std::string_view kDecimalDigits = "0123456789";
constexpr std::string_view kHexDigits = "0123456789abcdef";
// docs/format/block.md, "Times in text".
constexpr std::string_view kTimeBytes = "0123456789-/: t";
constexpr std::string_view kMonthBytes = "abcdefghijklmnopqrstuvwxyz";
constexpr std::size_t kMaxDecimal = 20;
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

void ColumnProbe::add_sizes(std::size_t least, std::size_t most) {
  min_size_ = std::min(min_size_, least);
  max_size_ = std::max(max_size_, most);
}

bool ColumnProbe::add_part(Encoding encoding, LaneReaders in, std::size_t n) {
  switch (encoding) {
    case Encoding::kConstant:
    case Encoding::kText:
    case Encoding::kFixedText:
    case Encoding::kDictionary:
      return add_texts(encoding, in, n);
    case Encoding::kDecimal:
    case Encoding::kPaddedDecimal:
    case Encoding::kLowerHex:
    case Encoding::kUpperHex:
    case Encoding::kUuid:
    case Encoding::kIpv4:
    case Encoding::kTime:
      all_text_ = false;
      return add_formatted(encoding, in, n);
    case Encoding::kIntegers:
      break;
  }
  return false;
}

bool ColumnProbe::add_texts(Encoding encoding, LaneReaders& in, std::size_t n) {
  const std::string_view text = in.text.rest();
  texts_.push_back(text);
  add_bytes(text);
  if (encoding == Encoding::kConstant) {
    add_sizes(text.size(), text.size());
  } else if (encoding == Encoding::kFixedText) {
    add_sizes(text.size() / n, text.size() / n);
  } else {
    add_sizes(0, text.size());
  }
  return true;
}

bool ColumnProbe::add_formatted(Encoding encoding, LaneReaders& in, std::size_t n) {
  if (encoding == Encoding::kUuid) {
    add_bytes(kHexDigits);
    add_bytes("-");
    add_sizes(36, 36);
    return true;
  }
  if (encoding == Encoding::kIpv4) {
    add_bytes(kDecimalDigits);
    add_bytes(".");
    add_sizes(7, 15);
    return true;
  }
  if (encoding == Encoding::kTime) {
    const std::uint8_t layout = in.numbers.u8();
    const std::uint8_t digits = in.numbers.u8();
    const std::array<char, 2> around{static_cast<char>(in.numbers.u8()),
                                     static_cast<char>(in.numbers.u8())};
    add_bytes(kTimeBytes);
    if (layout == 3) add_bytes(kMonthBytes);
    add_bytes({around.data(), around.size()});
    add_sizes(19, std::size_t{22} + digits);
    return in.numbers.ok();
  }
  const std::string_view prefix = in.numbers.text();
  const std::string_view suffix = in.numbers.text();
  add_bytes(prefix);
  add_bytes(suffix);
  const std::size_t around = prefix.size() + suffix.size();
  if (encoding == Encoding::kDecimal) {
    add_bytes(kDecimalDigits);
    add_sizes(around + 1, around + kMaxDecimal);
    return in.numbers.ok();
  }
  if (encoding == Encoding::kPaddedDecimal) {
    const std::size_t width = in.numbers.u8();
    add_bytes(kDecimalDigits);
    add_sizes(around + width, around + std::max(width, kMaxDecimal));
    return in.numbers.ok();
  }
  const std::uint64_t width = in.numbers.varint();
  if (!in.numbers.ok() || width > 2 * in.packed.remaining() / n) return false;
  add_bytes(kHexDigits);
  add_sizes(around + width, around + width);
  return true;
}

bool ColumnProbe::may_contain(std::string_view folded) const {
  if (folded.size() > max_size_) return false;
  const bool bytes_fit = std::all_of(folded.begin(), folded.end(), [this](char c) {
    return bytes_.test(static_cast<unsigned char>(c));
  });
  if (!bytes_fit || !all_text_) return bytes_fit;
  return std::any_of(texts_.begin(), texts_.end(),
                     [&](std::string_view text) { return contains_folded(text, folded); });
}

}  // namespace duramen::store
