#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "model/template.h"
#include "query/filter/matcher.h"

namespace duramen::query {

/// What is known of a condition for all rows of a kind.
enum class Verdict : std::uint8_t {
  kNo,
  kYes,
  kLook,  ///< it depends on the row
};

/// What slots a template's text has.
struct TemplateShape {
  std::uint8_t slots = 0;  ///< kinds (query/rows/slot_kinds.h)
  bool regular = true;     ///< no token touches a slot
};
/// `slots`: where they are in the text (store::BlockReader::slots_of).
TemplateShape shape_of_template(std::string_view text, std::span<const std::uint32_t> slots);

/// Calls `take(std::string_view)` for the text before, between and behind the slots, also where
/// there is none.
template <class Take>
void for_each_constant(std::string_view text, Take&& take) {
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!model::is_slot(text[at])) continue;
    take(text.substr(begin, at - begin));
    begin = at + 1;
  }
  take(text.substr(begin));
}

/// What a template says of one leaf that tests `_msg`, for all its rows.
struct MessageVerdict {
  Verdict verdict = Verdict::kLook;
  /// Of kLook: when not 0, the leaf holds exactly where it holds for the value of a slot of one of
  /// these kinds (query/rows/slot_kinds.h), so that the message need not be put together.
  std::uint8_t kinds = 0;
};

/// Judges a template (not number 0) by its text. Variables are whole tokens between token borders:
/// a token with a digit, a token without one, or a UUID, IPv4 address or time
/// (docs/format/block.md, "Splitting"); so words and phrases that stand in the constant text are
/// decided by it, and others can only be where a slot has such tokens.
/// `slots`: where they are in the text. Pure.
MessageVerdict judge_template(const Matcher::Node& leaf, std::string_view text,
                              std::span<const std::uint32_t> slots);

/// The bytes that a variable may have, letters in lower case; by the number of its slot.
using SlotBytes = std::function<const std::bitset<256>&(std::size_t)>;

/// False when no message of the template contains `part`, which is in lower case, ignoring the case
/// of ASCII letters: it can neither stand in the constant text nor reach into variables.
/// Pure.
bool template_may_contain(std::string_view text, std::string_view part, const SlotBytes& bytes_of);

}  // namespace duramen::query
