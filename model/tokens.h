#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace duramen::model {

/// The one tokenizer (docs/query.md, "Tokens"): a token is a maximal run of ASCII letters, digits,
/// `_` and bytes >= 0x80. Everything that cuts text into words - templates, index, filters, query
/// language - uses these functions. Pure.
inline constexpr std::uint8_t kNotToken = 0;
inline constexpr std::uint8_t kLetter = 1;  ///< letters, `_`, bytes >= 0x80
inline constexpr std::uint8_t kDigit = 2;

inline constexpr std::array<std::uint8_t, 256> kTokenClass = [] {
  std::array<std::uint8_t, 256> table{};
  for (unsigned c = 0; c < 256; ++c) {
    const bool digit = c >= '0' && c <= '9';
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
    table[c] = digit ? kDigit : letter ? kLetter : kNotToken;
  }
  return table;
}();

inline std::uint8_t token_class(char c) { return kTokenClass[static_cast<unsigned char>(c)]; }
inline bool is_token_byte(char c) { return token_class(c) != kNotToken; }
inline char fold_ascii(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
std::string folded(std::string_view text);

struct Token {
  std::size_t begin;
  std::size_t size;
  bool has_digit;
};

/// Calls `take(Token)` for each token of `text`, in order.
template <class Take>
void for_each_token(std::string_view text, Take&& take) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (!is_token_byte(text[at])) {
      ++at;
      continue;
    }
    const std::size_t begin = at;
    std::uint8_t seen = 0;
    while (at < text.size() && is_token_byte(text[at])) seen |= token_class(text[at++]);
    take(Token{begin, at - begin, (seen & kDigit) != 0});
  }
}

/// True when `text` is one token and nothing else.
bool is_one_token(std::string_view text);

/// True when `text` contains these bytes, ignoring the case of ASCII letters. Fast on long texts.
bool contains_folded(std::string_view text, std::string_view folded_part);
/// True when `text` contains the whole token `folded_word`, ignoring ASCII case.
bool contains_word(std::string_view text, std::string_view folded_word);
/// True when a token of `text` begins with `folded_prefix`, ignoring ASCII case.
bool contains_word_prefix(std::string_view text, std::string_view folded_prefix);
/// True when the bytes of `folded_phrase` stand contiguously in `text`, ignoring ASCII case, and
/// both ends of the place are token borders (no token runs across either end).
bool contains_phrase(std::string_view text, std::string_view folded_phrase);

}  // namespace duramen::model
