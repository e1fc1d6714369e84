#include "tests/query/oracle/json_members.h"

#include <cstddef>
#include <nlohmann/json.hpp>

namespace duramen::query::oracle {
namespace {

/// Whether a text is one JSON value; unlike most parsers it lets every number be, however large.
class Grammar {
 public:
  explicit Grammar(std::string_view text) : text_(text) {}
  bool whole() { return value() && (skip(), at_ == text_.size()); }

 private:
  char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool take(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  void skip() {
    while (take(' ') || take('\t') || take('\n') || take('\r')) continue;
  }
  bool digits() {
    const std::size_t from = at_;
    while (next() >= '0' && next() <= '9') ++at_;
    return at_ > from;
  }
  bool number() {
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (!take('e') && !take('E')) return true;
    if (!take('+')) take('-');
    return digits();
  }
  bool string() {
    if (!take('"')) return false;
    const std::size_t from = at_ - 1;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    return take('"') && nlohmann::json::accept(text_.substr(from, at_ - from));
  }
  bool members(char last, bool named) {
    if (skip(), take(last)) return true;
    do {
      if (named && !(skip(), string() && (skip(), take(':')))) return false;
      if (!value()) return false;
      skip();
    } while (take(','));
    return take(last);
  }
  bool value() {
    skip();
    if (take('{')) return members('}', true);
    if (take('[')) return members(']', false);
    if (next() == '"') return string();
    return take("true") || take("false") || take("null") || number();
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// The end of the string that begins at `at`.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  for (++at; text[at] != '"'; ++at) {
    if (text[at] == '\\') ++at;
  }
  return at + 1;
}

/// The end of the value that begins at `at`: where a comma or bracket of the outside follows.
std::size_t end_of_value(std::string_view text, std::size_t at) {
  int depth = 0;
  while (true) {
    const char c = text[at];
    if (c == '"') {
      at = end_of_string(text, at);
      continue;
    }
    if (depth == 0 && (c == ',' || c == '}')) break;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    ++at;
  }
  while (is_blank(text[at - 1])) --at;
  return at;
}

}  // namespace

std::string json_string(std::string_view literal) {
  return nlohmann::json::parse(literal).get<std::string>();
}

std::optional<std::vector<std::pair<std::string, std::string>>> json_members(
    std::string_view text) {
  std::size_t at = 0;
  const auto skip = [&](std::string_view also) {
    while (at < text.size() && (is_blank(text[at]) || also.find(text[at]) != also.npos)) ++at;
  };
  skip("");
  if (at == text.size() || text[at] != '{' || !Grammar(text).whole()) return std::nullopt;
  ++at;
  std::vector<std::pair<std::string, std::string>> out;
  for (skip(""); text[at] != '}'; skip(",")) {
    const std::size_t name_end = end_of_string(text, at);
    std::string name = json_string(text.substr(at, name_end - at));
    at = name_end;
    skip(":");
    const std::size_t end = end_of_value(text, at);
    out.emplace_back(std::move(name), text.substr(at, end - at));
    at = end;
  }
  return out;
}

}  // namespace duramen::query::oracle
