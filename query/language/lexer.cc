#include "query/language/lexer.h"

#include <algorithm>

#include "base/json_text.h"
#include "model/tokens.h"

namespace duramen::query {
namespace {

constexpr std::string_view kBareMarks = ".-+/@#%&$=";
constexpr std::string_view kBareFirst = ".@#%&$";
constexpr std::string_view kHexDigits = "0123456789abcdef";

bool bare_byte(char c, BareContext context) {
  if (model::is_token_byte(c)) return true;
  if (context == BareContext::kName && c == '=') return false;
  if (context == BareContext::kValue && c == ':') return true;
  return kBareMarks.find(c) != std::string_view::npos;
}

bool bare_first(char c, BareContext context) {
  if (model::is_token_byte(c)) return true;
  if (context == BareContext::kValue && (c == '-' || c == '+')) return true;
  return kBareFirst.find(c) != std::string_view::npos;
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = model::fold_ascii(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// Backslash pairs are taken together, so that `\\/` is a backslash and an end.
std::string copy_pairs(std::string_view pattern, bool escape_slashes) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\' && i + 1 < pattern.size()) {
      const char next = pattern[++i];
      if (escape_slashes || (next != '/' && next != '"')) out += c;
      out += next;
    } else {
      if (escape_slashes && c == '/') out += '\\';
      out += c;
    }
  }
  return out;
}

}  // namespace

bool is_keyword(std::string_view bare) { return bare == "AND" || bare == "OR" || bare == "NOT"; }

bool is_bare(std::string_view text, BareContext context) {
  if (text.empty() || !bare_first(text[0], context) || !is_utf8(text)) return false;
  return std::all_of(text.begin(), text.end(), [&](char c) { return bare_byte(c, context); });
}

std::string quoted(std::string_view text) {
  const bool utf8 = is_utf8(text);
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !utf8)) {
      out += "\\x";
      out += kHexDigits[byte >> 4];
      out += kHexDigits[byte & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string slashed(std::string_view pattern) { return '/' + copy_pairs(pattern, true) + '/'; }

void Lexer::skip_space() {
  while (!at_end() && is_space(text_[at_])) ++at_;
}

bool Lexer::take(std::string_view piece) {
  if (text_.substr(at_, piece.size()) != piece) return false;
  at_ += piece.size();
  return true;
}

std::string_view Lexer::bare(BareContext context) {
  const std::size_t begin = at_;
  if (at_end() || !bare_first(text_[at_], context)) return {};
  while (!at_end() && bare_byte(text_[at_], context)) ++at_;
  return since(begin);
}

Result<std::string> Lexer::quoted_text() {
  const std::size_t begin = at_++;
  std::string out;
  while (!at_end()) {
    const char c = text_[at_++];
    if (c == '"') return out;
    if (c != '\\') {
      out += c;
      continue;
    }
    if (at_end()) break;
    const char escape = text_[at_++];
    if (escape == '"' || escape == '\\') {
      out += escape;
    } else if (escape == 'n') {
      out += '\n';
    } else if (escape == 'r') {
      out += '\r';
    } else if (escape == 't') {
      out += '\t';
    } else if (escape == 'x' && hex_value(peek()) >= 0 && hex_value(peek(1)) >= 0) {
      out += static_cast<char>(hex_value(peek()) * 16 + hex_value(peek(1)));
      at_ += 2;
    } else {
      return error(at_ - 2, "unknown escape; in quotes there are \\\" \\\\ \\n \\r \\t \\xHH");
    }
  }
  return error(begin, "this '\"' is never closed");
}

Result<std::string> Lexer::pattern() {
  const std::size_t begin = at_;
  const char closing = text_[at_++];
  while (!at_end() && text_[at_] != closing) at_ += text_[at_] == '\\' ? 2 : 1;
  if (at_end()) {
    at_ = text_.size();  // a last backslash was taken with the byte that is not there
    return error(begin, std::string("this '") + closing + "' is never closed");
  }
  ++at_;
  const std::string_view raw = since(begin);
  if (raw.size() == 2) return error(begin, "an empty regex");
  return copy_pairs(raw.substr(1, raw.size() - 2), false);
}

bool Lexer::at_border() const {
  return at_end() || is_space(text_[at_]) || text_[at_] == ')' || text_[at_] == '|';
}

std::string Lexer::here() const {
  if (at_end()) return "the end";
  std::size_t end = at_ + 1;
  while (end < text_.size() && end - at_ < 24 && !is_space(text_[end])) ++end;
  while (end < text_.size() && (static_cast<unsigned char>(text_[end]) & 0xc0) == 0x80) ++end;
  return "'" + std::string(text_.substr(at_, end - at_)) + "'";
}

Error Lexer::error(std::size_t offset, std::string_view message) const {
  const std::string_view before = text_.substr(0, offset);
  const auto column = 1 + std::count_if(before.begin(), before.end(), [](char c) {
                        return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
                      });
  return {ErrorCode::kInvalidArgument,
          "column " + std::to_string(column) + ": " + std::string(message)};
}

}  // namespace duramen::query
