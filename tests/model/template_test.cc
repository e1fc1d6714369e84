#include "model/template.h"

#include <gtest/gtest.h>

#include <random>

#include "model/template_words.h"
#include "model/tokens.h"

namespace duramen::model {
namespace {

struct Split {
  std::string text;
  std::vector<std::string> variables;
};

/// Slot bytes as D (digit), W (word), C (compound), so that expectations can be read.
Split split(std::string_view message) {
  MessageSplitter splitter;
  std::vector<Slice> slices;
  Split out;
  if (!splitter.split(message, slices)) return {"refused", {}};
  out.text = splitter.text();
  for (char& c : out.text) {
    if (c == kDigitSlot) c = 'D';
    if (c == kCompoundSlot) c = 'C';
  }
  for (const Slice s : slices) out.variables.emplace_back(message.substr(s.begin, s.size));
  return out;
}

struct Example {
  std::string_view message;
  std::string_view text;
  std::vector<std::string> variables;
};

TEST(MessageSplitter, TakesTokensWithDigitsOut) {
  const std::vector<Example> examples = {
      {"", "", {}},
      {"no variables here", "no variables here", {}},
      {"7", "D", {"7"}},
      {"took 12ms", "took D", {"12ms"}},
      {"a=b1c, d", "a=D, d", {"b1c"}},
      {"x_1 y-2", "D y-D", {"x_1", "2"}},
      {"caf\xc3\xa9"
       "1 \xff",
       "D \xff",
       {"caf\xc3\xa9"
        "1"}},
      {"1.5", "D.D", {"1", "5"}},
      {"from 10.0.0.7:80", "from C:D", {"10.0.0.7", "80"}},
      {"10.0.0.256", "D.D.D.D", {"10", "0", "0", "256"}},
      {"10.0.0.07", "D.D.D.D", {"10", "0", "0", "07"}},
      {"10.0.0.7a", "D.D.D.D", {"10", "0", "0", "7a"}},
      {"1.2.3.4.5", "C.D", {"1.2.3.4", "5"}},
      {"id 123e4567-e89b-12d3-abcd-eefedcbafefe!",
       "id C!",
       {"123e4567-e89b-12d3-abcd-eefedcbafefe"}},
      {"123e4567-e89b-12d3-abcd-eefedcbafefe1",
       "D-D-D-abcd-D",
       {"123e4567", "e89b", "12d3", "eefedcbafefe1"}},
      {"2026-11-21T10:20:30Z up", "C up", {"2026-11-21T10:20:30Z"}},
      {"2026-11-21 10:20:30,123 INFO", "C INFO", {"2026-11-21 10:20:30,123"}},
      {"2026/11/21 10:20:30 [", "C [", {"2026/11/21 10:20:30"}},
      {"[21/Nov/2026:10:20:30 +0100]", "[C +D]", {"21/Nov/2026:10:20:30", "0100"}},
      {"2026-11-21T10:20:30.1234567890",
       "D-D-D:D:D.D",
       {"2026", "11", "21T10", "20", "30", "1234567890"}},
      {"2026-11-21T10:20:30x", "D-D-D:D:D", {"2026", "11", "21T10", "20", "30x"}},
  };
  for (const Example& e : examples) {
    SCOPED_TRACE(e.message);
    const Split got = split(e.message);
    EXPECT_EQ(got.text, e.text);
    EXPECT_EQ(got.variables, e.variables);
  }
}

TEST(MessageSplitter, RefusesWhatATemplateCannotHold) {
  for (const char slot : {kDigitSlot, kWordSlot, kCompoundSlot}) {
    EXPECT_EQ(split(std::string("a ") + slot).text, "refused");
    EXPECT_EQ(split(std::string(100, ' ') + slot + " more").text, "refused");
  }
  EXPECT_EQ(split(std::string(kMaxTemplateText + 1, 'x')).text, "refused");
  std::string numbers;
  for (std::size_t i = 0; i < kMaxTemplateSlots; ++i) numbers += "1 ";
  EXPECT_EQ(split(numbers).variables.size(), kMaxTemplateSlots);
  EXPECT_EQ(split(numbers + "1").text, "refused");
}

TEST(MessageSplitter, ARefusedMessageLeavesNoVariables) {
  MessageSplitter splitter;
  std::vector<Slice> slices = {{1, 2}};
  std::string numbers;
  for (std::size_t i = 0; i <= kMaxTemplateSlots; ++i) numbers += "1 ";
  EXPECT_FALSE(splitter.split(numbers, slices));
  EXPECT_EQ(slices.size(), 1U);
}

std::string random_message(std::mt19937_64& random) {
  constexpr std::string_view kLetters = "ab1_ .-:/TZ0\xff,";
  std::string out;
  for (std::size_t n = random() % 300; n > 0; --n)
    out.push_back(kLetters[random() % kLetters.size()]);
  if (random() % 3 == 0) out.insert(random() % (out.size() + 1), "2026-11-21T10:20:30.123Z");
  if (random() % 3 == 0) out.insert(random() % (out.size() + 1), "10.0.0.7");
  return out;
}

/// The index relies on it: a template has every token without a digit, and a digit slot holds
/// exactly one token, which has a digit.
TEST(MessageSplitter, SlotsAreWholeTokensAndGiveTheMessageBack) {
  MessageSplitter splitter;
  for (std::uint64_t seed = 1; seed <= 5000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const std::string message = random_message(random);
    std::vector<Slice> slices;
    ASSERT_TRUE(splitter.split(message, slices));
    std::string back;
    std::size_t next = 0;
    for (const char c : splitter.text()) {
      EXPECT_NE(token_class(c), kDigit);
      if (!is_slot(c)) {
        back.push_back(c);
        continue;
      }
      ASSERT_LT(next, slices.size());
      const Slice s = slices[next++];
      const std::string_view value = std::string_view(message).substr(s.begin, s.size);
      const std::size_t end = s.begin + s.size;
      EXPECT_TRUE(s.begin == 0 || !is_token_byte(message[s.begin - 1])) << value;
      EXPECT_TRUE(end == message.size() || !is_token_byte(message[end])) << value;
      std::size_t tokens = 0;
      bool digit = false;
      for_each_token(value, [&](const Token& t) {
        ++tokens;
        digit |= t.has_digit;
      });
      EXPECT_TRUE(digit) << value;
      EXPECT_TRUE(c != kDigitSlot || tokens == 1) << value;
      back.append(value);
    }
    EXPECT_EQ(next, slices.size());
    ASSERT_EQ(back, message);
  }
}

TEST(TemplateTable, NumbersTextsInOrderOfAppearance) {
  TemplateTable table;
  for (int round = 0; round < 2; ++round) {
    for (std::uint32_t i = 1; i <= 5000; ++i) {
      ASSERT_EQ(table.add("text " + std::to_string(i)), i);
    }
  }
  EXPECT_EQ(table.text(77), "text 77");
  table.clear();
  EXPECT_EQ(table.size(), 0U);
  EXPECT_EQ(table.add("other"), 1U);
}

/// "<verb> user <name> D": 3 verbs, many names.
void add_users(TemplateTable& table, std::vector<std::uint32_t>& rows) {
  for (const std::string verb : {"add", "drop", "find"}) {
    for (char name = 'a'; name <= 'z'; ++name) {
      table.add(verb + " user " + name + "! " + kDigitSlot);
      rows.push_back(2);
    }
  }
}

TEST(JoinTemplates, KeepsAFewAsTheyAre) {
  TemplateTable table;
  std::vector<std::uint32_t> rows = {5};
  add_users(table, rows);
  const JoinedTemplates joined = join_templates(table, rows);
  EXPECT_EQ(joined.templates.size(), 79U);
  EXPECT_EQ(joined.templates[0].rows, 5U);
  EXPECT_EQ(joined.templates[joined.of[3]].text, table.text(3));
}

TEST(JoinTemplates, MakesSlotsOfPlacesWithManyWords) {
  TemplateTable table;
  std::vector<std::uint32_t> rows = {0};
  add_users(table, rows);
  const JoinedTemplates joined = join_templates(table, rows, {10, 8, 4096});
  ASSERT_EQ(joined.templates.size(), 4U);
  const JoinedTemplate& t = joined.templates[joined.of[1]];
  EXPECT_EQ(t.text, std::string("add user ") + kWordSlot + "! " + kDigitSlot);
  EXPECT_EQ(t.slots, 2U);
  EXPECT_EQ(t.rows, 52U);
  ASSERT_TRUE(t.has_words);
  EXPECT_EQ(joined.sources[2][0].word, "b");
  EXPECT_TRUE(joined.sources[2][1].word.empty());
  EXPECT_EQ(joined.sources[2][1].variable, 0U);
}

TEST(JoinTemplates, SendsTheRarestBeyondTheLimitToTemplate0) {
  TemplateTable table;
  std::vector<std::uint32_t> rows = {1};
  for (char c = 'a'; c <= 'j'; ++c) {
    table.add(std::string("text ") + std::string(static_cast<std::size_t>(c - 'a') + 1, '.'));
    rows.push_back(static_cast<std::uint32_t>(c - 'a') + 1);
  }
  const JoinedTemplates joined = join_templates(table, rows, {100, 8, 4});
  ASSERT_EQ(joined.templates.size(), 4U);
  EXPECT_EQ(joined.of[1], 0U);
  EXPECT_EQ(joined.templates[joined.of[10]].rows, 10U);
  EXPECT_EQ(joined.templates[0].rows, 1U + 28U);
}

}  // namespace
}  // namespace duramen::model
