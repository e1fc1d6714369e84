#include "query/filter/template_judge.h"

#include <algorithm>

#include "model/tokens.h"
#include "query/rows/slot_kinds.h"

namespace duramen::query {
namespace {

using Kind = Filter::Kind;

/// Tokens without a digit within UUIDs are groups of 4, 8 or 12 hexadecimal letters, within times
/// months of three letters.
bool may_be_in_compound(std::string_view token) {
  if (token.size() == 3) return true;
  if (token.size() != 4 && token.size() != 8 && token.size() != 12) return false;
  return std::all_of(token.begin(), token.end(), [](char c) { return c >= 'a' && c <= 'f'; });
}

/// The kinds of slots whose values may have a part in a place where the words stand.
std::uint8_t kinds_for_words(std::string_view folded) {
  std::uint8_t kinds = 0;
  bool tokens = false;
  model::for_each_token(folded, [&](const model::Token& token) {
    tokens = true;
    kinds |= token.has_digit ? kDigitKind | kCompoundKind : kWordKind;
    if (may_be_in_compound(folded.substr(token.begin, token.size))) kinds |= kCompoundKind;
  });
  return tokens ? kinds : kCompoundKind;
}

std::uint8_t kinds_for_prefix(std::string_view folded) {
  const bool has_digit = std::any_of(folded.begin(), folded.end(),
                                     [](char c) { return model::token_class(c) == model::kDigit; });
  return has_digit ? kDigitKind | kCompoundKind : kDigitKind | kWordKind | kCompoundKind;
}

/// Which beginnings of a part the text up to some place may end with: bit k for its first k bytes.
class PartialMatches {
 public:
  /// Of a longer part only this much is looked for.
  static constexpr std::size_t kMaxPart = 63;

  explicit PartialMatches(std::string_view part) : part_(part.substr(0, kMaxPart)) {}

  void constant(char byte) {
    const char folded = model::fold_ascii(byte);
    std::uint64_t next = 0;
    for (std::uint64_t begun = now_ | 1; begun != 0; begun &= begun - 1) {
      const auto k = static_cast<std::size_t>(__builtin_ctzll(begun));
      if (k < part_.size() && part_[k] == folded) next |= bit(k + 1);
    }
    now_ = next;
    touches_constant_ = touches_constant_ || ends(next);
  }
  /// One byte or more, each of the set.
  void variable(const std::bitset<256>& bytes) {
    std::uint64_t next = 0;
    bool gone_on = false;  // the bytes before k may be the end of the variable, those before them
                           // stand before it
    bool begun = true;     // all bytes before k may be the end of the variable
    for (std::size_t k = 0; k < part_.size(); ++k) {
      const bool fits = bytes.test(static_cast<unsigned char>(part_[k]));
      gone_on = fits && (gone_on || (k != 0 && (now_ & bit(k)) != 0));
      begun = fits && begun;
      if (gone_on || begun) next |= bit(k + 1);
    }
    now_ = next;
    touches_constant_ = touches_constant_ || gone_on;
    in_variable_ = in_variable_ || begun;
  }
  bool found() const { return touches_constant_ || in_variable_; }
  /// Found other than within one variable.
  bool touches_constant() const { return touches_constant_; }

 private:
  static std::uint64_t bit(std::size_t k) { return std::uint64_t{1} << k; }
  bool ends(std::uint64_t matches) const { return (matches & bit(part_.size())) != 0; }

  const std::string_view part_;
  std::uint64_t now_ = 0;
  bool touches_constant_ = false;
  bool in_variable_ = false;
};

/// Whether one of the bytes, folded, stands next to a slot.
bool touches_a_slot(std::string_view bytes, std::string_view text) {
  std::bitset<256> set;
  for (const char c : bytes) set.set(static_cast<unsigned char>(c));
  const auto has = [&](std::size_t at) {
    return at < text.size() && set.test(static_cast<unsigned char>(model::fold_ascii(text[at])));
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (model::is_slot(text[at]) && (has(at - 1) || has(at + 1))) return true;
  }
  return false;
}

/// False when the words stand within one variable wherever they stand in a message of the template,
/// so that looking into the variables is enough.
bool may_touch_constant(std::string_view words, std::string_view text) {
  static const std::bitset<256> kTokens = [] {
    std::bitset<256> bytes;
    for (unsigned c = 0; c < 256; ++c) bytes[c] = model::is_token_byte(static_cast<char>(c));
    return bytes;
  }();
  static const std::bitset<256> kAny = std::bitset<256>().set();
  if (!touches_a_slot(words, text)) return false;
  if (words.size() > PartialMatches::kMaxPart) return true;
  PartialMatches matches(words);
  for (const char c : text) {
    if (model::is_slot(c)) {
      matches.variable(c == model::kCompoundSlot ? kAny : kTokens);
    } else {
      matches.constant(c);
    }
  }
  return matches.touches_constant();
}

/// Of a regular template: a slot is as good a border as the end of the constant text before it, so
/// that the text is searched as a whole. No message with a slot's byte has a template.
bool stands_in_constant(const Matcher::Node& leaf, std::string_view text) {
  return Matcher::matches_value(leaf, text) &&
         std::none_of(leaf.text.begin(), leaf.text.end(), model::is_slot);
}

}  // namespace

TemplateShape shape_of_template(std::string_view text, std::span<const std::uint32_t> slots) {
  TemplateShape out;
  for (const std::size_t at : slots) {
    out.slots |= slot_kind(text[at]);
    const bool before =
        at != 0 && (model::is_token_byte(text[at - 1]) || model::is_slot(text[at - 1]));
    const bool after = at + 1 < text.size() && model::is_token_byte(text[at + 1]);
    if (before || after) out.regular = false;
  }
  return out;
}

bool template_may_contain(std::string_view text, std::string_view part, const SlotBytes& bytes_of) {
  PartialMatches matches(part);
  std::size_t slot = 0;
  for (const char c : text) {
    if (model::is_slot(c)) {
      matches.variable(bytes_of(slot++));
    } else {
      matches.constant(c);
    }
    if (matches.found()) return true;
  }
  return false;
}

MessageVerdict judge_template(const Matcher::Node& leaf, std::string_view text,
                              std::span<const std::uint32_t> slots) {
  if (leaf.kind == Kind::kExists) return {Verdict::kYes};
  const TemplateShape shape = shape_of_template(text, slots);
  if (shape.slots == 0) {
    return {Matcher::matches_value(leaf, text) ? Verdict::kYes : Verdict::kNo};
  }
  constexpr MessageVerdict kNone{Verdict::kNo};
  const bool words = leaf.kind == Kind::kWords;
  if ((!words && leaf.kind != Kind::kWordPrefix) || !shape.regular) return {};
  if (stands_in_constant(leaf, text)) return {Verdict::kYes};
  if (!words && !model::is_one_token(leaf.text)) return {};
  std::uint8_t kinds =
      shape.slots & (words ? kinds_for_words(leaf.text) : kinds_for_prefix(leaf.text));
  if (model::is_one_token(leaf.text))
    return kinds == 0 ? kNone : MessageVerdict{Verdict::kLook, kinds};
  if (kinds == 0) return kNone;
  if (may_touch_constant(leaf.text, text)) return {Verdict::kLook};
  kinds &= kCompoundKind;  // variables of the other kinds are one token
  return kinds == 0 ? kNone : MessageVerdict{Verdict::kLook, kinds};
}

}  // namespace duramen::query
