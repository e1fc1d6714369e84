// A regex asks for keys only that every text has that it can match.

#include "query/filter/regex_atoms.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "model/index_keys.h"
#include "query/filter/prune.h"
#include "query/language/regex.h"

namespace duramen::query {
namespace {

class TextKeys final : public KeyLookup {
 public:
  explicit TextKeys(const std::string& text) {
    std::string scratch;
    model::for_each_key_of_text(text, scratch, [&](model::KeyKind kind, std::string_view key) {
      keys_.insert({kind, std::string(key)});
    });
  }
  bool has(const model::IndexKey& key) const override { return keys_.contains(key); }
  bool has_prefix(model::KeyKind, std::string_view) const override { return true; }

 private:
  std::set<model::IndexKey> keys_;
};

class RegexAtomsTest : public ::testing::Test {
 protected:
  template <class List>
  const auto& one_of(const List& list) {
    return list[random_() % list.size()];
  }
  /// Words with k and s, of which each also has a sign outside ASCII that folds to it.
  std::string plain_text() {
    static const std::vector<std::string> kWords{"connect", "disk", "miss",     "kilo", "task",
                                                 "Error",   "a1",   "req12345", "up",   "x"};
    static const std::vector<std::string> kBetween{" ", " ", "-", ": ", "/", "\n"};
    std::string out;
    for (auto n = 2 + random_() % 5; n-- > 0;) out += one_of(kWords) + one_of(kBetween);
    return out;
  }
  std::string with_unicode(const std::string& plain) {
    std::string out;
    for (const char c : plain) {
      const bool change = random_() % 3 == 0;
      out += change && c == 'k'   ? std::string("\xe2\x84\xaa")
             : change && c == 's' ? std::string("\xc5\xbf")
                                  : std::string(1, c);
    }
    return out;
  }
  /// A piece of a text; its ends fall within words as often as not.
  std::string piece(const std::string& plain) {
    const std::string cut = plain.substr(random_() % plain.size(), 3 + random_() % 20);
    std::string out;
    for (const char c : cut) out += c == '\n' ? std::string("\\n") : std::string(1, c);
    return out;
  }
  std::string pattern(const std::string& plain) {
    static const std::vector<std::string> kJoins{".*", "|", "(?:.|\\n)*", "[a-z]?", "+"};
    std::string out = random_() % 2 == 0 ? "(?i)" : "";
    out += piece(plain);
    for (auto n = random_() % 3; n-- > 0;) out += one_of(kJoins) + piece(plain);
    return out;
  }

  std::uint64_t seed_ = std::random_device{}();
  ::testing::ScopedTrace trace_{__FILE__, __LINE__, "seed " + std::to_string(seed_)};
  std::mt19937_64 random_{seed_};
};

TEST_F(RegexAtomsTest, NoTextThatMatchesLacksTheKeys) {
  int matched = 0;
  int refused = 0;
  for (int i = 0; i < 5'000; ++i) {
    const std::string plain = plain_text();
    const std::string text = pattern(plain);
    const auto regex = Regex::compile(text);
    ASSERT_TRUE(regex) << text;
    const auto atoms = RegexAtoms::of(text);
    if (atoms == nullptr) continue;
    refused += !atoms->may_match(TextKeys(plain_text()));
    for (const std::string& row : {plain, with_unicode(plain)}) {
      if (!regex->search(row)) continue;
      ++matched;
      ASSERT_TRUE(atoms->may_match(TextKeys(row))) << text << " matches " << row;
    }
  }
  EXPECT_GT(matched, 500);
  EXPECT_GT(refused, 500);
}

}  // namespace
}  // namespace duramen::query
