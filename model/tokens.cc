#include "model/tokens.h"

namespace duramen::model {
namespace {

/// Where `folded_needle` stands in `text` at or after `from`, ignoring ASCII case.
std::size_t find_folded(std::string_view text, std::string_view folded_needle, std::size_t from) {
  if (folded_needle.empty() || folded_needle.size() > text.size()) return std::string_view::npos;
  const char first = folded_needle[0];
  const std::size_t last = text.size() - folded_needle.size();
  for (std::size_t at = from; at <= last; ++at) {
    if (fold_ascii(text[at]) != first) continue;
    std::size_t i = 1;
    while (i < folded_needle.size() && fold_ascii(text[at + i]) == folded_needle[i]) ++i;
    if (i == folded_needle.size()) return at;
  }
  return std::string_view::npos;
}

bool border(std::string_view text, std::size_t at) {
  return at == 0 || at == text.size() || !is_token_byte(text[at - 1]) || !is_token_byte(text[at]);
}

bool contains_between_borders(std::string_view text, std::string_view folded_needle, bool check_end) {
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
