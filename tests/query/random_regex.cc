#include <cstdio>

#include "tests/query/oracle/text.h"
#include "tests/query/random_query.h"

namespace duramen::query {
namespace {

/// One byte of a pattern that matches exactly it.
std::string literal(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (oracle::is_token_byte(c) || c == ' ' || c == '"') return {c};
  if (byte >= 32 && byte < 127) return {'\\', c};
  char escaped[8];
  std::snprintf(escaped, sizeof escaped, "\\x%02x", byte);
  return escaped;
}

}  // namespace

std::string RandomQuery::pattern_of(const std::string& text) {
  const bool exact = oracle::is_utf8(text);
  std::string out;
  for (const char c : text) {
    const bool high = static_cast<unsigned char>(c) > 127;
    if (high) {
      out += exact ? std::string(1, c) : "\\C";
    } else if (one_in(random_, 12)) {
      static const std::vector<std::string> kWild{".",    ".*",         "\\w+",
                                                  "[^ ]", "(?:.|\\n)?", "[a-z0-9]*"};
      out += one_of(random_, kWild);
    } else {
      out += literal(c);
    }
  }
  return out;
}

std::string RandomQuery::regex() {
  std::string out = one_in(random_, 4) ? "(?i)" : "";
  if (one_in(random_, 8)) out += "^";
  const auto part = [&] { return pattern_of(piece(value()).substr(0, 40)); };
  switch (below(random_, 5)) {
    case 0:
      out += "(?:" + part() + "|" + part() + ")";
      break;
    case 1:
      out += part() + ".*" + part();
      break;
    case 2:
      out += "(?:" + part() + ")" +
             one_of(random_, std::vector<std::string>{"?", "+", "*", "{1,2}"}) + part();
      break;
    default:
      out += part();
  }
  if (one_in(random_, 8)) out += "$";
  if (!oracle::is_utf8(out)) out = "err";
  return "/" + out + "/";
}

}  // namespace duramen::query
