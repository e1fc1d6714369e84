#include "base/json_text.h"

#include <array>
#include <cstdint>
#include <cstring>

namespace duramen {
namespace {

constexpr std::uint64_t kOnes = 0x0101010101010101;
constexpr std::uint64_t kHighs = 0x8080808080808080;

std::uint64_t load8(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

/// High bits set in (at least the lowest of) the bytes of `word` that are zero.
constexpr std::uint64_t zero_bytes(std::uint64_t word) { return (word - kOnes) & ~word & kHighs; }

bool is_tail(const unsigned char* at) { return (*at & 0xC0) == 0x80; }

/// Length of the UTF-8 character at `at`; 0 when there is none (the table of RFC 3629, section 4).
std::size_t utf8_length(const unsigned char* at, std::size_t left) {
  const unsigned char lead = at[0];
  if (lead < 0x80) return 1;
  if (lead < 0xC2) return 0;
  if (lead < 0xE0) return left >= 2 && is_tail(at + 1) ? 2 : 0;
  if (lead < 0xF0) {
    if (left < 3 || !is_tail(at + 1) || !is_tail(at + 2)) return 0;
    if (lead == 0xE0 && at[1] < 0xA0) return 0;  // overlong
    if (lead == 0xED && at[1] > 0x9F) return 0;  // surrogates
    return 3;
  }
  if (lead > 0xF4 || left < 4 || !is_tail(at + 1) || !is_tail(at + 2) || !is_tail(at + 3)) return 0;
  if (lead == 0xF0 && at[1] < 0x90) return 0;  // overlong
  if (lead == 0xF4 && at[1] > 0x8F) return 0;  // above U+10FFFF
  return 4;
}

/// Bytes at the start of `text` that are whole UTF-8 characters.
std::size_t valid_prefix(std::string_view text) {
  const char* const start = text.data();
  std::size_t i = 0;
  while (i < text.size()) {
    if (text.size() - i >= 8 && (load8(start + i) & kHighs) == 0) {
      i += 8;
      continue;
    }
    const std::size_t n =
        utf8_length(reinterpret_cast<const unsigned char*>(start + i), text.size() - i);
    if (n == 0) return i;
    i += n;
  }
  return i;
}

bool needs_escape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

/// Index of the first byte at or after `i` that a JSON string must escape.
std::size_t find_escape(std::string_view text, std::size_t i) {
  for (; text.size() - i >= 8; i += 8) {
    const std::uint64_t word = load8(text.data() + i);
    const std::uint64_t control = (word - kOnes * 0x20) & ~word & kHighs;
    const std::uint64_t quote = zero_bytes(word ^ (kOnes * '"'));
    const std::uint64_t backslash = zero_bytes(word ^ (kOnes * '\\'));
    if ((control | quote | backslash) != 0) break;
  }
  while (i < text.size() && !needs_escape(text[i])) ++i;
  return i;
}

void append_escape(std::string& out, char c) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += kDigits[static_cast<unsigned char>(c) >> 4];
      out += kDigits[static_cast<unsigned char>(c) & 15];
  }
}

void append_escaped(std::string& out, std::string_view text) {
  std::size_t from = 0;
  while (true) {
    const std::size_t to = find_escape(text, from);
    out.append(text.data() + from, to - from);
    if (to == text.size()) return;
    append_escape(out, text[to]);
    from = to + 1;
  }
}

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::uint8_t, 256> make_base64_values() {
  std::array<std::uint8_t, 256> values{};
  for (auto& value : values) value = 0xFF;
  for (std::size_t i = 0; i < kBase64.size(); ++i) {
    values[static_cast<unsigned char>(kBase64[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}
constexpr std::array<std::uint8_t, 256> kBase64Values = make_base64_values();

}  // namespace

bool is_utf8(std::string_view text) noexcept { return valid_prefix(text) == text.size(); }

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text);
  out += '"';
}

void append_json_string_lossy(std::string& out, std::string_view text) {
  out += '"';
  while (true) {
    const std::size_t good = valid_prefix(text);
    append_escaped(out, text.substr(0, good));
    if (good == text.size()) break;
    out += "\xEF\xBF\xBD";
    text.remove_prefix(good + 1);
  }
  out += '"';
}

bool json_depth_within(std::string_view json, std::size_t most) noexcept {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > most) return false;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return true;
}

std::string to_base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = group << 8 | (j < left ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    }
    out += kBase64[group >> 18];
    out += kBase64[group >> 12 & 63];
    out += left > 1 ? kBase64[group >> 6 & 63] : '=';
    out += left > 2 ? kBase64[group & 63] : '=';
  }
  return out;
}

bool from_base64(std::string_view text, std::string& out) {
  if (text.size() % 4 != 0) return false;
  const std::size_t had = out.size();
  for (std::size_t i = 0; i < text.size(); i += 4) {
    std::string_view quad = text.substr(i, 4);
    const bool last = i + 4 == text.size();
    const std::size_t padding = !last || quad[3] != '=' ? 0 : (quad[2] == '=' ? 2 : 1);
    std::uint32_t group = 0;
    std::uint32_t bad = 0;
    for (std::size_t j = 0; j < 4; ++j) {
      const std::uint32_t value =
          j >= 4 - padding ? 0 : kBase64Values[static_cast<unsigned char>(quad[j])];
      bad |= value & 0x80;
      group = group << 6 | (value & 63);
    }
    // Bits that no byte takes must be zero: one text per value.
    if (padding != 0) bad |= group & (padding == 2 ? 0xFFFFU : 0xFFU);
    if (bad != 0) {
      out.resize(had);
      return false;
    }
    out += static_cast<char>(group >> 16);
    if (padding < 2) out += static_cast<char>(group >> 8 & 255);
    if (padding < 1) out += static_cast<char>(group & 255);
  }
  return true;
}

}  // namespace duramen
