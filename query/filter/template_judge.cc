#include "query/filter/template_judge.h"

#include <algorithm>
#include <vector>

#include "model/template.h"
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

bool is_one_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), model::is_token_byte);
}

/// Which beginnings of a part the text up to some place may end with: bit k for its first k bytes.
class PartialMatches {
 public:
  explicit PartialMatches(std::string_view part) : part_(part.substr(0, kMaxPart)) {}

  void constant(char byte) {
    const char folded = model::fold_ascii(byte);
    std::uint64_t next = 0;
    for (std::size_t k = 0; k < part_.size(); ++k) {
      if (starts(k) && part_[k] == folded) next |= bit(k + 1);
    }
    put(next);
  }
  /// One byte or more, each of the set.
  void variable(const std::bitset<256>& bytes) {
    std::uint64_t next = 0;
    bool inside = false;  // the bytes before k may be the end of the variable
    for (std::size_t k = 0; k < part_.size(); ++k) {
      const bool fits = bytes.test(static_cast<unsigned char>(part_[k]));
      // It may begin anywhere in the variable, too.
      inside = fits && (inside || starts(k));
      if (inside) next |= bit(k + 1);
    }
    put(next);
  }
  bool found() const { return found_; }

 private:
  static constexpr std::size_t kMaxPart = 63;
  static std::uint64_t bit(std::size_t k) { return std::uint64_t{1} << k; }
  bool starts(std::size_t k) const { return k == 0 || (now_ & bit(k)) != 0; }
  void put(std::uint64_t next) {
    now_ = next;
    found_ = found_ || (next & bit(part_.size())) != 0;
  }

  const std::string_view part_;
  std::uint64_t now_ = 0;
  bool found_ = false;
};

}  // namespace

TemplatePieces split_template(std::string_view text) {
  TemplatePieces out;
  std::size_t begin = 0;
  for (std::size_t at = 0; at <= text.size(); ++at) {
    if (at < text.size() && !model::is_slot(text[at])) continue;
    out.constant.push_back(text.substr(begin, at - begin));
    begin = at + 1;
    if (at == text.size()) break;
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

MessageVerdict judge_template(const Matcher::Node& leaf, std::string_view text) {
  if (leaf.kind == Kind::kExists) return {Verdict::kYes};
  const TemplatePieces pieces = split_template(text);
  if (pieces.slots == 0) {
    return {Matcher::matches_value(leaf, text) ? Verdict::kYes : Verdict::kNo};
  }
  const bool words = leaf.kind == Kind::kWords;
  if ((!words && leaf.kind != Kind::kWordPrefix) || !pieces.regular) return {};
  const bool constant =
      std::any_of(pieces.constant.begin(), pieces.constant.end(),
                  [&](std::string_view piece) { return Matcher::matches_value(leaf, piece); });
  if (constant) return {Verdict::kYes};
  if (!words && !is_one_token(leaf.text)) return {};
  const std::uint8_t kinds =
      pieces.slots & (words ? kinds_for_words(leaf.text) : kinds_for_prefix(leaf.text));
  if (kinds == 0) return {Verdict::kNo};
  return {Verdict::kLook, is_one_token(leaf.text) ? kinds : std::uint8_t{0}};
}

}  // namespace duramen::query
