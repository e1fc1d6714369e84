#include "model/tokens.h"

#include <algorithm>
#include <bit>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace duramen::model {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

bool same_folded(const char* text, std::string_view folded_needle) {
  for (std::size_t i = 0; i < folded_needle.size(); ++i) {
    if (fold_ascii(text[i]) != folded_needle[i]) return false;
  }
  return true;
}

#if defined(__SSE2__)
/// 16 places at once: a bit for each that has the needle's first and last byte, in any case.
class FirstAndLast {
 public:
  explicit FirstAndLast(std::string_view folded_needle)
      : first_(_mm_set1_epi8(folded_needle.front())),
        last_(_mm_set1_epi8(folded_needle.back())),
        first_case_(case_bit(folded_needle.front())),
        last_case_(case_bit(folded_needle.back())),
        last_offset_(folded_needle.size() - 1) {}

  unsigned match(const char* text) const {
    const __m128i first = _mm_or_si128(load(text), first_case_);
    const __m128i last = _mm_or_si128(load(text + last_offset_), last_case_);
    return static_cast<unsigned>(_mm_movemask_epi8(
        _mm_and_si128(_mm_cmpeq_epi8(first, first_), _mm_cmpeq_epi8(last, last_))));
  }

 private:
  /// Setting this bit turns the two cases of a letter, and nothing else, into the lower one.
  static __m128i case_bit(char c) { return _mm_set1_epi8(is_lower(c) ? 0x20 : 0); }
  static __m128i load(const char* text) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(text));
  }
  __m128i first_;
  __m128i last_;
  __m128i first_case_;
  __m128i last_case_;
  std::size_t last_offset_;
};
#endif

/// Where `folded_needle` stands in `text` at or after `from`, ignoring ASCII case.
std::size_t find_folded(std::string_view text, std::string_view folded_needle, std::size_t from) {
  if (folded_needle.empty() || folded_needle.size() > text.size()) return std::string_view::npos;
  const std::size_t last = text.size() - folded_needle.size();
  std::size_t at = from;
#if defined(__SSE2__)
  const FirstAndLast wanted(folded_needle);
  for (; at + 15 <= last; at += 16) {
    for (unsigned bits = wanted.match(text.data() + at); bits != 0; bits &= bits - 1) {
      const std::size_t place = at + static_cast<std::size_t>(std::countr_zero(bits));
      if (same_folded(text.data() + place, folded_needle)) return place;
    }
  }
#endif
  for (; at <= last; ++at) {
    if (same_folded(text.data() + at, folded_needle)) return at;
  }
  return std::string_view::npos;
}

bool border(std::string_view text, std::size_t at) {
  return at == 0 || at == text.size() || !is_token_byte(text[at - 1]) || !is_token_byte(text[at]);
}

bool contains_between_borders(std::string_view text, std::string_view folded_needle,
                              bool check_end) {
  for (std::size_t at = find_folded(text, folded_needle, 0); at != std::string_view::npos;
       at = find_folded(text, folded_needle, at + 1)) {
    if (border(text, at) && (!check_end || border(text, at + folded_needle.size()))) return true;
  }
  return false;
}

}  // namespace

std::string folded(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = fold_ascii(c);
  return out;
}

bool is_one_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_byte);
}

bool contains_folded(std::string_view text, std::string_view folded_part) {
  return folded_part.empty() || find_folded(text, folded_part, 0) != std::string_view::npos;
}

bool contains_word(std::string_view text, std::string_view folded_word) {
  return contains_between_borders(text, folded_word, true);
}

bool contains_word_prefix(std::string_view text, std::string_view folded_prefix) {
  return contains_between_borders(text, folded_prefix, false);
}

bool contains_phrase(std::string_view text, std::string_view folded_phrase) {
  return contains_between_borders(text, folded_phrase, true);
}

}  // namespace duramen::model
