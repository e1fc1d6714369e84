#include "store/packed_search.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>

#include "model/tokens.h"

namespace duramen::store {
namespace {

constexpr unsigned kNoDigit = 16;

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

/// Whether one of the values, one every `step` bytes, has these bytes `at` its beginning.
bool has_bytes(std::string_view values, std::size_t step, std::size_t at, std::string_view bytes) {
  for (; at + bytes.size() <= values.size(); at += step) {
    if (std::memcmp(values.data() + at, bytes.data(), bytes.size()) == 0) return true;
  }
  return false;
}

}  // namespace

bool begins_folded(std::string_view text, std::string_view folded) {
  return text.size() >= folded.size() &&
         std::equal(folded.begin(), folded.end(), text.begin(),
                    [](char f, char c) { return f == model::fold_ascii(c); });
}

bool has_uuid(std::string_view packed, std::string_view text) {
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash != (text[i] == '-')) return false;
    if (!dash) digits += text[i];
  }
  const auto uuid = packed_digits(digits);
  return uuid && uuid->size() == kUuidBytes && has_bytes(packed, kUuidBytes, 0, *uuid);
}

bool has_uuid_group(std::string_view packed, std::string_view group) {
  const auto bytes = packed_digits(group);
  if (!bytes) return false;
  const auto has_at = [&](std::size_t at) { return has_bytes(packed, kUuidBytes, at, *bytes); };
  switch (group.size()) {
    case 8:
      return has_at(0);
    case 4:
      return has_at(4) || has_at(6) || has_at(8);
    case 12:
      return has_at(10);
    default:
      return false;
  }
}

bool has_hex_number(std::string_view packed, std::string_view digits) {
  const auto number = packed_digits(digits);
  if (!number) return false;
  const bool odd = digits.size() % 2 != 0;
  return digits.empty() || odd || has_bytes(packed, number->size(), 0, *number);
}

}  // namespace duramen::store
