#include "ingest/json_scan.h"

#include <simdjson.h>

#include <array>
#include <cstring>

#include "base/json_text.h"

namespace duramen::ingest {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Writes a code point below 0x110000 as UTF-8.
void put_utf8(char*& to, unsigned code) {
  if (code < 0x80) {
    *to++ = static_cast<char>(code);
    return;
  }
  if (code < 0x800) {
    *to++ = static_cast<char>(0xC0 | (code >> 6));
  } else {
    if (code < 0x10000) {
      *to++ = static_cast<char>(0xE0 | (code >> 12));
    } else {
      *to++ = static_cast<char>(0xF0 | (code >> 18));
      *to++ = static_cast<char>(0x80 | ((code >> 12) & 63));
    }
    *to++ = static_cast<char>(0x80 | ((code >> 6) & 63));
  }
  *to++ = static_cast<char>(0x80 | (code & 63));
}

/// The byte that a one-letter escape stands for; NUL for none.
constexpr std::array<char, 256> kEscapes = [] {
  std::array<char, 256> table{};
  table['"'] = '"';
  table['\\'] = '\\';
  table['/'] = '/';
  table['b'] = '\b';
  table['f'] = '\f';
  table['n'] = '\n';
  table['r'] = '\r';
  table['t'] = '\t';
  return table;
}();

bool is_high_surrogate(unsigned code) { return code >= 0xD800 && code < 0xDC00; }
bool is_low_surrogate(unsigned code) { return code >= 0xDC00 && code < 0xE000; }

}  // namespace

bool JsonScanner::check_utf8(const char* begin, const char* end) {
  if (simdjson::validate_utf8(begin, static_cast<std::size_t>(end - begin))) return true;
  // Off the hot path: a character at a time to the first place where none begins.
  std::size_t good = 0;
  const std::string_view text(begin, static_cast<std::size_t>(end - begin));
  while (good < text.size()) {
    std::size_t size = 1;
    while (size <= 4 && !is_utf8(text.substr(good, size))) ++size;
    if (size > 4) break;
    good += size;
  }
  return fail_at(begin + good, "a byte that is not UTF-8 (send such bytes as _msg_base64)");
}

bool JsonScanner::fail_in_string() {
  if (at == end_) return fail("the text ends inside a string");
  if (*at == '\n') return fail("the line ends inside a string");
  return fail("a control character in a string (it must be escaped)");
}

bool JsonScanner::string_with_escapes(const char* begin, unsigned high, std::string_view& out) {
  // No escape is shorter than what it stands for, so the result fits where the raw text would.
  char* const start = scratch_->cursor();
  if (start == nullptr) return fail("out of memory");
  const auto plain = static_cast<std::size_t>(at - begin);
  std::memcpy(start, begin, plain);
  char* to = start + plain;
  while (at != end_ && *at == '\\') {
    const char escaped = kEscapes[static_cast<unsigned char>(at[1])];
    if (escaped != '\0') {
      *to++ = escaped;
      at += 2;
    } else if (!unicode_escape(to)) {
      return false;
    }
    at = copy_string_run(at, end_, to, high);
  }
  if (at == end_ || *at != '"') return fail_in_string();
  out = {start, static_cast<std::size_t>(to - start)};
  scratch_->keep(out.size());
  ++at;
  return high == 0 || check_utf8(begin, at - 1);
}

/// `\uXXXX`, or two of them for one character; `at` is on the backslash.
bool JsonScanner::unicode_escape(char*& to) {
  const char* const backslash = at;
  if (at[1] != 'u') return fail("an escape that JSON does not have");
  at += 2;
  unsigned code = 0;
  if (!hex4(code)) return fail_at(backslash, "\\u needs four hexadecimal digits");
  if (is_high_surrogate(code) && at[0] == '\\' && at[1] == 'u') {
    const char* const second = at;
    at += 2;
    unsigned low = 0;
    if (!hex4(low)) return fail_at(second, "\\u needs four hexadecimal digits");
    if (is_low_surrogate(low)) {
      put_utf8(to, 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00));
      return true;
    }
    at = second;  // a lone one, then some other escape
  }
  // A lone surrogate has no UTF-8; senders that cut strings by UTF-16 units make them.
  if (is_high_surrogate(code) || is_low_surrogate(code)) code = 0xFFFD;
  put_utf8(to, code);
  return true;
}

bool JsonScanner::hex4(unsigned& value) {
  for (int i = 0; i < 4; ++i) {
    const char c = *at;  // a NUL at the end of the text is no digit
    unsigned digit = 0;
    if (is_digit(c)) {
      digit = static_cast<unsigned>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<unsigned>(c - 'a' + 10);
    } else if (c >= 'A' && c <= 'F') {
      digit = static_cast<unsigned>(c - 'A' + 10);
    } else {
      return false;
    }
    value = value << 4 | digit;
    ++at;
  }
  return true;
}

bool JsonScanner::number() {
  const char* const begin = at;
  if (*at == '-') ++at;
  if (*at == '0') {
    ++at;
  } else if (is_digit(*at)) {
    while (is_digit(*at)) ++at;
  } else {
    return fail_at(begin, "a number without digits");
  }
  if (*at == '.') {
    ++at;
    if (!is_digit(*at)) return fail("a number needs a digit after its point");
    while (is_digit(*at)) ++at;
  }
  if (*at == 'e' || *at == 'E') {
    ++at;
    if (*at == '+' || *at == '-') ++at;
    if (!is_digit(*at)) return fail("a number needs a digit in its exponent");
    while (is_digit(*at)) ++at;
  }
  return true;
}

bool JsonScanner::literal() {
  const auto left = static_cast<std::size_t>(end_ - at);
  for (const std::string_view word : {"true", "false", "null"}) {
    if (left >= word.size() && std::memcmp(at, word.data(), word.size()) == 0) {
      at += word.size();
      return true;
    }
  }
  return fail("neither a string, a number, true, false, null, an array nor an object");
}

bool JsonScanner::skip_value(unsigned depth) {
  switch (*at) {
    case '"':
      ++at;
      return skip_string();
    case '[':
      return skip_array(depth);
    case '{':
      return skip_object(depth);
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
      return number();
    default:
      return literal();
  }
}

bool JsonScanner::skip_string() {
  std::string_view text;
  bool plain = false;
  if (!string(text, plain)) return false;
  if (!plain) scratch_->give_back(text.size());
  return true;
}

bool JsonScanner::skip_array(unsigned depth) {
  if (depth >= kMaxDepth) return fail("nested deeper than 64 levels");
  ++at;
  if (next() == ']') {
    ++at;
    return true;
  }
  while (true) {
    next();
    if (!skip_value(depth + 1)) return false;
    const char c = next();
    if (c != ',' && c != ']') return fail("expected , or ] in an array");
    ++at;
    if (c == ']') return true;
  }
}

bool JsonScanner::skip_object(unsigned depth) {
  if (depth >= kMaxDepth) return fail("nested deeper than 64 levels");
  ++at;
  if (next() == '}') {
    ++at;
    return true;
  }
  while (true) {
    if (next() != '"') return fail("expected a field name in quotes");
    ++at;
    if (!skip_string()) return false;
    if (next() != ':') return fail("expected : after a field name");
    ++at;
    next();
    if (!skip_value(depth + 1)) return false;
    const char c = next();
    if (c != ',' && c != '}') return fail("expected , or } in an object");
    ++at;
    if (c == '}') return true;
  }
}

}  // namespace duramen::ingest
