#pragma once

#include <cstdint>

#include "model/template.h"

namespace duramen::query {

// Sets of kinds of variables (model/template.h), as bits.
inline constexpr std::uint8_t kDigitKind = 1;
inline constexpr std::uint8_t kWordKind = 2;
inline constexpr std::uint8_t kCompoundKind = 4;

inline std::uint8_t slot_kind(char slot) {
  switch (slot) {
    case model::kDigitSlot:
      return kDigitKind;
    case model::kWordSlot:
      return kWordKind;
    default:
      return kCompoundKind;
  }
}

}  // namespace duramen::query
