#include "tests/query/oracle/text.h"

#include <chrono>
#include <cstdint>
#include <cstdio>

namespace duramen::query::oracle {
namespace {

/// The length of the valid UTF-8 character at text[at], or 0.
std::size_t character(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t size = first < 0xC0 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (size == 0 || first > 0xF7) return 0;
  std::uint32_t code = first & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
    code = code << 6U | (byte(i) & 0x3FU);
  }
  const std::uint32_t least = size == 2 ? 0x80 : size == 3 ? 0x800 : 0x10000;
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  return code < least || code > 0x10FFFF || surrogate ? 0 : size;
}

bool found(std::string_view text, std::string_view wanted, bool border_at_end) {
  const std::string have = lower(text);
  const std::string want = lower(wanted);
  for (std::size_t at = 0; at + want.size() <= have.size(); ++at) {
    if (have.compare(at, want.size(), want) != 0 || !is_border(have, at)) continue;
    if (!border_at_end || is_border(have, at + want.size())) return true;
  }
  return false;
}

}  // namespace

bool is_token_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) > 127;
}

bool is_border(std::string_view text, std::size_t at) {
  if (at == 0 || at == text.size()) return true;
  return !is_token_byte(text[at - 1]) || !is_token_byte(text[at]);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return out;
}

bool has_phrase(std::string_view text, std::string_view phrase) {
  return found(text, phrase, true);
}
bool has_prefix(std::string_view text, std::string_view prefix) {
  return found(text, prefix, false);
}

bool is_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t size = character(text, at);
    if (size == 0) return false;
    at += size;
  }
  return true;
}

std::string base64(std::string_view bytes) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bits;
  for (const char c : bytes) {
    for (int bit = 7; bit >= 0; --bit) {
      bits += static_cast<char>(static_cast<unsigned char>(c) >> bit & 1);
    }
  }
  while (bits.size() % 6 != 0) bits += '\0';
  std::string out;
  for (std::size_t at = 0; at < bits.size(); at += 6) {
    std::size_t digit = 0;
    for (std::size_t i = 0; i < 6; ++i) digit = digit * 2 + static_cast<std::size_t>(bits[at + i]);
    out += kDigits[digit];
  }
  while (out.size() % 4 != 0) out += '=';
  return out;
}

std::string with_replacements(std::string_view text) {
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t size = character(text, at);
    out += size == 0 ? std::string("\xEF\xBF\xBD") : std::string(text.substr(at, size));
    at += size == 0 ? 1 : size;
  }
  return out;
}

std::string time_text(TimeNs time) {
  using std::chrono::days;
  using std::chrono::nanoseconds;
  const std::chrono::sys_time<nanoseconds> at{nanoseconds(time)};
  const auto day = std::chrono::floor<days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss<nanoseconds> clock(at - day);
  char out[64];
  std::snprintf(
      out, sizeof out, "%04d-%02u-%02uT%02d:%02d:%02d.%09dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return out;
}

}  // namespace duramen::query::oracle
