#include "model/tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace duramen::model {
namespace {

using testing::ElementsAre;

std::vector<std::string> tokens(std::string_view text) {
  std::vector<std::string> out;
  for_each_token(text, [&](Token token) {
    out.push_back(std::string(text.substr(token.begin, token.size)) + (token.has_digit ? "#" : ""));
  });
  return out;
}

TEST(Tokens, AreRunsOfLettersDigitsUnderscoreAndHighBytes) {
  EXPECT_THAT(tokens("GET /api/v1/items?id=42 (gr\xC3\xBC\xC3\x9F_dich)"),
              ElementsAre("GET", "api", "v1#", "items", "id", "42#", "gr\xC3\xBC\xC3\x9F_dich"));
  EXPECT_THAT(tokens(""), ElementsAre());
  EXPECT_THAT(tokens(" .,;-"), ElementsAre());
  EXPECT_THAT(tokens(std::string_view("a\0b", 3)), ElementsAre("a", "b"));
}

TEST(Words, AreWholeTokensInAnyAsciiCase) {
  EXPECT_TRUE(contains_word("an Error here", "error"));
  EXPECT_TRUE(contains_word("error", "error"));
  EXPECT_TRUE(contains_word("errors, then error", "error"));
  EXPECT_FALSE(contains_word("errors", "error"));
  EXPECT_FALSE(contains_word("my_error", "error"));
  EXPECT_FALSE(contains_word("error1", "error"));
  EXPECT_FALSE(contains_word("", "error"));
  EXPECT_TRUE(contains_word("\xC3\x84pfel", "\xC3\x84pfel"));
  EXPECT_FALSE(contains_word("\xC3\xA4pfel", "\xC3\x84pfel"));
}

TEST(Prefixes, BeginAToken) {
  EXPECT_TRUE(contains_word_prefix("Connection reset", "conn"));
  EXPECT_TRUE(contains_word_prefix("x=connect", "conn"));
  EXPECT_FALSE(contains_word_prefix("reconnect", "conn"));
}

TEST(Phrases, AreContiguousBytesBetweenBorders) {
  EXPECT_TRUE(contains_phrase("a connection Reset by peer", "connection reset"));
  EXPECT_FALSE(contains_phrase("a connection  reset", "connection reset"));
  EXPECT_FALSE(contains_phrase("disconnection reset", "connection reset"));
  EXPECT_FALSE(contains_phrase("connection resets", "connection reset"));
  EXPECT_TRUE(contains_phrase("(id=7)", "id=7"));
  EXPECT_TRUE(contains_phrase("x=[1]y", "=[1]"));
}

TEST(Words, AgreeWithTheListOfTokens) {
  std::mt19937 random(23);
  constexpr std::string_view kLetters = "aB1_ .\xC3";
  for (int i = 0; i < 20'000; ++i) {
    std::string text(random() % 12, '\0');
    for (char& c : text) c = kLetters[random() % kLetters.size()];
    std::string word(1 + random() % 3, '\0');
    for (char& c : word) c = "ab1_\xC3"[random() % 5];
    bool whole = false;
    bool prefix = false;
    for_each_token(text, [&](Token token) {
      const std::string found = folded(std::string_view(text).substr(token.begin, token.size));
      whole = whole || found == word;
      prefix = prefix || found.compare(0, word.size(), word) == 0;
    });
    ASSERT_EQ(contains_word(text, word), whole) << testing::PrintToString(text) << " " << word;
    ASSERT_EQ(contains_word_prefix(text, word), prefix) << testing::PrintToString(text);
  }
}

TEST(ContainsFolded, FindsWhatComparingEachPlaceFinds) {
  const std::uint64_t seed = std::random_device()();
  std::mt19937_64 random(seed);
  const auto bytes_from = [&random](std::string_view set, std::size_t size) {
    std::string out;
    while (out.size() < size) out += set[random() % set.size()];
    return out;
  };
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = bytes_from("aAbBk@[`{", random() % 60);
    const std::string part = folded(bytes_from("aAbB@[`{", random() % 5));
    const bool there = folded(text).find(part) != std::string::npos;
    ASSERT_EQ(contains_folded(text, part), there)
        << "seed " << seed << ": '" << part << "' in '" << text << "'";
  }
}

TEST(ContainsFolded, FindsTheFirstAndTheLastPlaceOfLongTexts) {
  for (std::size_t size = 1; size < 80; ++size) {
    const std::string text(size, '.');
    EXPECT_TRUE(contains_folded("Ab" + text, "ab")) << size;
    EXPECT_TRUE(contains_folded(text + "aB", "ab")) << size;
    EXPECT_FALSE(contains_folded(text + "a", "ab")) << size;
    EXPECT_TRUE(contains_folded(text + "AB", text + "ab")) << size;
  }
}

}  // namespace
}  // namespace duramen::model
