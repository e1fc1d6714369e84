#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "tests/query/query_test_base.h"

namespace duramen::query {
namespace {

// A second implementation of words, phrases, prefixes and operators, written another way: text
// becomes a list of pieces (tokens and single other bytes), lower case, and patterns are looked
// for as lists of pieces.

using Pieces = std::vector<std::string>;

Pieces pieces_of(const std::string& text) {
  Pieces out;
  bool in_token = false;
  for (char c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const auto byte = static_cast<unsigned char>(c);
    const bool token = byte >= 128 || c == '_' || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (token && in_token) {
      out.back() += c;
    } else {
      out.emplace_back(1, c);
    }
    in_token = token;
  }
  return out;
}

bool pieces_match(const Pieces& text, std::size_t at, const Pieces& wanted, bool prefix) {
  if (at + wanted.size() > text.size()) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const bool last = i + 1 == wanted.size();
    if (prefix && last) {
      if (text[at + i].rfind(wanted[i], 0) != 0) return false;
    } else if (text[at + i] != wanted[i]) {
      return false;
    }
  }
  return true;
}

bool contains(const std::string& text, const std::string& wanted, bool prefix) {
  const Pieces have = pieces_of(text);
  const Pieces want = pieces_of(wanted);
  for (std::size_t at = 0; at < have.size(); ++at) {
    if (pieces_match(have, at, want, prefix)) return true;
  }
  return false;
}

/// A random expression, as text and as what it must give.
struct Expression {
  std::string text;
  std::vector<bool> matches;  // a message
};

class OracleTest : public QueryTest {
 protected:
  std::string random_message() {
    static const Pieces kParts{"err",      "Error", "ERR", "a",    "b1", "10", ".",  "-", " ",
                               "\xc3\xa9", "_",     "(",   "\xff", "=",  "/",  "  ", "\n"};
    std::string out;
    for (auto n = random_() % (random_() % 2 == 0 ? 9 : 40); n-- > 0;)
      out += kParts[random_() % kParts.size()];
    return out;
  }

  static std::string in_quotes(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 32 || byte >= 127) {
        char escaped[8];
        std::snprintf(escaped, sizeof escaped, "\\x%02x", byte);
        out += escaped;
      } else {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
      }
    }
    return out + "\"";
  }

  Expression leaf() {
    std::string wanted;
    while (wanted.empty()) {
      const std::string& from = messages_[random_() % messages_.size()];
      wanted = random_() % 3 == 0 ? random_message() : from.substr(random_() % (from.size() + 1));
      wanted = wanted.substr(0, 1 + random_() % 6);
    }
    const bool prefix = random_() % 3 == 0;
    Expression out{in_quotes(wanted) + (prefix ? "*" : ""), {}};
    for (const std::string& message : messages_) {
      out.matches.push_back(contains(message, wanted, prefix));
    }
    return out;
  }

  Expression expression(int depth) {
    if (depth == 0) return leaf();
    Expression left = expression(depth - 1);
    switch (random_() % 4) {
      case 0:
        left.text = "NOT (" + left.text + ")";
        left.matches.flip();
        return left;
      case 1:
        return leaf();
      default:
        break;
    }
    const Expression right = expression(depth - 1);
    const bool both = random_() % 2 == 0;
    left.text = "(" + left.text + (both ? " " : " OR ") + right.text + ")";
    for (std::size_t i = 0; i < left.matches.size(); ++i) {
      left.matches[i] =
          both ? left.matches[i] && right.matches[i] : left.matches[i] || right.matches[i];
    }
    return left;
  }

  std::mt19937 random_;
  Strings messages_;
};

TEST_F(OracleTest, TwoImplementationsAgreeOnRandomRowsAndQueries) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  random_.seed(seed);
  for (int batch = 0; batch < 20; ++batch) {
    Strings more;
    for (int i = 0; i < 20; ++i) more.push_back(random_message());
    messages_.insert(messages_.end(), more.begin(), more.end());
    store_.add(more);
    if (random_() % 2 == 0) store_.build();
  }
  std::size_t found = 0;
  for (int i = 0; i < 200; ++i) {
    const Expression wanted = expression(static_cast<int>(random_() % 4));
    Strings expected;
    for (std::size_t m = 0; m < messages_.size(); ++m) {
      if (wanted.matches[m]) expected.push_back("00000000000000ab:" + std::to_string(m + 1));
    }
    found += expected.size();
    ASSERT_EQ(run(wanted.text).column("_seq"), expected) << wanted.text;
  }
  EXPECT_GT(found, 1000U);
}

}  // namespace
}  // namespace duramen::query
