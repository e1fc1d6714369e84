#include "query/filter/template_judge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "model/template.h"
#include "model/tokens.h"
#include "query/rows/slot_kinds.h"
#include "tests/store/block_corpus.h"

namespace duramen::query {
namespace {

using Kind = Filter::Kind;
using Random = std::mt19937_64;

/// A condition on `_msg`.
class Leaf {
 public:
  Leaf(Kind kind, std::string text) {
    Filter filter;
    filter.kind = kind;
    filter.field = std::string(kMessageName);
    filter.text = std::move(text);
    matcher_ = Matcher::compile(filter, names_).value();
  }
  const Matcher::Node& node() const { return matcher_->root(); }
  bool matches(std::string_view value) const { return Matcher::matches_value(node(), value); }

 private:
  NameTable names_;
  std::optional<Matcher> matcher_;
};

/// Templates are written with D, W and C for the three kinds of slots.
std::string with_slots(std::string text) {
  for (char& c : text) {
    if (c == 'D') c = model::kDigitSlot;
    if (c == 'W') c = model::kWordSlot;
    if (c == 'C') c = model::kCompoundSlot;
  }
  return text;
}

std::vector<std::uint32_t> slots_in(std::string_view text) {
  std::vector<std::uint32_t> slots;
  for (std::uint32_t at = 0; at < text.size(); ++at) {
    if (model::is_slot(text[at])) slots.push_back(at);
  }
  return slots;
}

MessageVerdict judge(const Leaf& leaf, std::string_view text) {
  return judge_template(leaf.node(), text, slots_in(text));
}

TemplateShape shape_of(std::string_view text) { return shape_of_template(text, slots_in(text)); }

/// `yes`, `no`, or `look` with the slots to look into: all or the kinds named.
std::string judged(Kind kind, const std::string& condition, const std::string& text) {
  const MessageVerdict verdict = judge(Leaf(kind, condition), with_slots(text));
  if (verdict.verdict == Verdict::kYes) return "yes";
  if (verdict.verdict == Verdict::kNo) return "no";
  std::string out = "look";
  if ((verdict.kinds & kDigitKind) != 0) out += " D";
  if ((verdict.kinds & kWordKind) != 0) out += " W";
  if ((verdict.kinds & kCompoundKind) != 0) out += " C";
  return out;
}

std::string words(const std::string& condition, const std::string& text) {
  return judged(Kind::kWords, condition, text);
}
std::string prefix(const std::string& condition, const std::string& text) {
  return judged(Kind::kWordPrefix, condition, text);
}

TEST(TemplateJudge, WordsInTheConstantTextAreInEveryRow) {
  EXPECT_EQ(words("FAILED", "connect to D failed"), "yes");
  EXPECT_EQ(words("connect to", "connect to D failed"), "yes");
  EXPECT_EQ(words(" ", "connect to D"), "yes");
  EXPECT_EQ(prefix("fail", "connect to D failed"), "yes");
  EXPECT_EQ(prefix("connect t", "connect to D failed"), "yes");
}

TEST(TemplateJudge, ASlotIsNoByteOfTheMessage) {
  EXPECT_EQ(words("took \x11", "took D ms"), "no");
  EXPECT_EQ(words("\x11", "took D ms"), "no");
  EXPECT_EQ(words("\x11", "took \x11 ms at D"), "no");
}

TEST(TemplateJudge, OtherWordsAreInNoRowWithoutASlotForThem) {
  EXPECT_EQ(words("fail", "connect to D failed"), "no");
  EXPECT_EQ(words("connect failed", "connect to D failed"), "no");
  EXPECT_EQ(words("42", "user W left"), "no");
  EXPECT_EQ(words(": ", "took D ms"), "no");
  EXPECT_EQ(prefix("42", "user W left"), "no");
}

TEST(TemplateJudge, ATokenMayBeTheValueOfASlotOfItsKind) {
  EXPECT_EQ(words("42", "user W of D at C"), "look D C");
  EXPECT_EQ(words("alice", "user W of D at C"), "look W");
  EXPECT_EQ(prefix("a1", "user W of D at C"), "look D C");
}

TEST(TemplateJudge, APrefixMayBeginATokenWithADigit) {
  EXPECT_EQ(prefix("timer", "D done"), "look D");
  EXPECT_EQ(prefix("timer", "user W of D at C"), "look D W C");
}

TEST(TemplateJudge, CompoundsHoldMonthsAndGroupsOfHexadecimalLetters) {
  for (const char* word : {"Nov", "dead", "deadBEEF", "deadbeefcafe"}) {
    EXPECT_EQ(words(word, "at C"), "look C") << word;
  }
  for (const char* word : {"at", "efgh", "fade5"}) EXPECT_NE(words(word, "from C"), "yes") << word;
  EXPECT_EQ(words("to", "from C"), "no");
  EXPECT_EQ(words("efgh", "from C"), "no");
  EXPECT_EQ(words("abcde", "from C"), "no");
  EXPECT_EQ(words(":", "at C"), "look C");
  EXPECT_EQ(words("Nov/2026", "at C"), "look C");
}

TEST(TemplateJudge, APhraseMayReachIntoSlots) {
  EXPECT_EQ(words("took 42", "took D ms"), "look");
  EXPECT_EQ(words("user alice", "user W left"), "look");
  EXPECT_EQ(prefix("took 4", "took D ms"), "look");
}

TEST(TemplateJudge, WordsThatCannotReachOutOfASlotAreLookedForInCompoundsAlone) {
  const std::string uuid = "4aa7570f-1cb4-4977-afc4-7d42b8bce26f";
  EXPECT_EQ(words(uuid, "request C took D ms"), "look C");
  EXPECT_EQ(words(uuid, "user W took D ms"), "no");
  EXPECT_EQ(words(uuid, "D-D-D-D-W, C"), "look") << "groups of it may be variables of their own";
  EXPECT_EQ(words("abcd-1cb4", "abcd-C"), "look");
  EXPECT_EQ(words("10.0.0.1 took", "C took D ms"), "look");
  EXPECT_EQ(words("alice 42", "user W at D ms"), "no");
  const std::string longer(70, 'a');
  EXPECT_EQ(words(longer + " 1", "C at D"), "look") << "longer than what is followed";
}

TEST(TemplateJudge, ATemplateWithoutSlotsIsItsOnlyMessage) {
  EXPECT_EQ(judged(Kind::kRegex, "^st.rted$", "started"), "yes");
  EXPECT_EQ(judged(Kind::kRegex, "^tarted", "started"), "no");
  EXPECT_EQ(judged(Kind::kEquals, "started", "started"), "yes");
  EXPECT_EQ(judged(Kind::kEquals, "starte", "started"), "no");
  EXPECT_EQ(judged(Kind::kStartsWith, "start", "started"), "yes");
  EXPECT_EQ(words("start", "started"), "no");
}

TEST(TemplateJudge, OtherConditionsLookAtTheWholeMessage) {
  EXPECT_EQ(judged(Kind::kRegex, "took", "took D ms"), "look");
  EXPECT_EQ(judged(Kind::kEquals, "took 5 ms", "took D ms"), "look");
  EXPECT_EQ(judged(Kind::kStartsWith, "took", "took D ms"), "look");
  EXPECT_EQ(judged(Kind::kExists, "", "took D ms"), "yes");
}

TEST(TemplateJudge, NothingIsSaidWhereATokenRunsOverTheBorderOfASlot) {
  for (const char* text : {"aD", "Da", "DW", "x aD y"}) {
    EXPECT_FALSE(shape_of(with_slots(text)).regular) << text;
    EXPECT_EQ(words("x", text), "look") << text;
    EXPECT_EQ(prefix("zzz", text), "look") << text;
  }
  for (const char* text : {"D", "a D", "D a", "D-D", "", "a"}) {
    EXPECT_TRUE(shape_of(with_slots(text)).regular) << text;
  }
}

TEST(TemplateJudge, PiecesAreWhatIsBetweenTheSlots) {
  const std::string text = with_slots("Da Wb");
  std::vector<std::string_view> pieces;
  for_each_constant(text, [&](std::string_view piece) { pieces.push_back(piece); });
  EXPECT_EQ(pieces, (std::vector<std::string_view>{"", "a ", "b"}));
  EXPECT_EQ(shape_of(text).slots, kDigitKind | kWordKind);
}

bool may_contain(const std::string& text, std::string_view part, std::string_view variable_bytes) {
  std::bitset<256> bytes;
  for (const char c : variable_bytes) bytes.set(static_cast<unsigned char>(c));
  return template_may_contain(with_slots(text), part,
                              [&](std::size_t) -> const std::bitset<256>& { return bytes; });
}

TEST(TemplateMayContain, PartsOfTheConstantTextInAnyCase) {
  EXPECT_TRUE(may_contain("Connect to D", "nect t", "1"));
  EXPECT_FALSE(may_contain("connect to D", "nectt", "1"));
  EXPECT_FALSE(may_contain("connect to D", "nect  t", "1"));
  EXPECT_TRUE(may_contain("aab", "ab", ""));
}

TEST(TemplateMayContain, PartsThatReachIntoVariablesOrLieWithinThem) {
  EXPECT_TRUE(may_contain("took D ms", "took 1", "12"));
  EXPECT_TRUE(may_contain("took D ms", "k 121212 m", "12"));
  EXPECT_TRUE(may_contain("took D ms", "2121", "12"));
  EXPECT_TRUE(may_contain("took D ms", "2 ms", "12"));
  EXPECT_TRUE(may_contain("D.D", "1.2", "12"));
  EXPECT_FALSE(may_contain("took D ms", "took 3", "12"));
  EXPECT_FALSE(may_contain("took D ms", "1 2", "12"));
  EXPECT_FALSE(may_contain("took D ms", "took ms", "12")) << "a variable has a byte at least";
  EXPECT_FALSE(may_contain("took D ms", "took  ms", "12"));
}

TEST(TemplateMayContain, LooksAtTheFirst63BytesOfAPart) {
  const std::string begin(63, 'a');
  EXPECT_TRUE(may_contain(begin, begin + "b", "1"));
  EXPECT_FALSE(may_contain(begin.substr(1), begin, "1"));
  EXPECT_FALSE(may_contain(begin.substr(1), begin + "b", "1"));
}

/// A message as a block may keep it.
struct Split {
  std::string text;
  std::vector<std::string> variables;
};

/// Some words are variables, too, as in blocks of very many templates.
std::optional<Split> split(const std::string& message, Random& random) {
  model::MessageSplitter splitter;
  std::vector<model::Slice> slices;
  if (!splitter.split(message, slices)) return std::nullopt;
  Split out;
  const std::string text(splitter.text());
  auto slice = slices.begin();
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && model::is_token_byte(text[end])) ++end;
    if (model::is_slot(text[at])) {
      out.variables.push_back(message.substr(slice->begin, slice->size));
      ++slice;
    } else if (end != at && random() % 4 == 0) {
      out.variables.push_back(text.substr(at, end - at));
      out.text += model::kWordSlot;
      at = end;
      continue;
    }
    end = std::max(end, at + 1);
    out.text.append(text, at, end - at);
    at = end;
  }
  return out;
}

std::string piece_of(const std::string& text, Random& random) {
  if (text.empty()) return "x";
  const std::size_t begin = random() % text.size();
  std::size_t end = begin + 1;
  if (random() % 3 == 0) return text.substr(begin, 1 + random() % 12);
  while (end < text.size() && (model::is_token_byte(text[end]) || random() % 3 == 0)) ++end;
  return text.substr(begin, end - begin);
}

bool holds_in_a_slot(const Leaf& leaf, const Split& split, std::uint8_t kinds) {
  std::size_t slot = 0;
  for (const char c : split.text) {
    if (!model::is_slot(c)) continue;
    const std::string& value = split.variables[slot++];
    if ((slot_kind(c) & kinds) != 0 && leaf.matches(value)) return true;
  }
  return false;
}

class RandomMessages {
 public:
  explicit RandomMessages(Random& random) : random_(random) {
    for (int i = 0; i < 30; ++i) messages_.push_back(store::typical_line(random_));
    for (int i = 0; i < 10; ++i) messages_.push_back(store::odd_line(random_));
    messages_.emplace_back("14:15 Dead on 21/Nov/2026:10:20:30 by alice, id 7");
  }
  const std::string& any() { return messages_[random_() % messages_.size()]; }

 private:
  Random& random_;
  std::vector<std::string> messages_;
};

TEST(TemplateJudge, AgreesWithEveryMessageOfATemplate) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  RandomMessages messages(random);
  int decided = 0;
  for (int i = 0; i < 20'000 && !HasFailure(); ++i) {
    const std::string message = messages.any();
    const auto kept = split(message, random);
    if (!kept) continue;
    const Leaf leaf(random() % 2 == 0 ? Kind::kWords : Kind::kWordPrefix,
                    piece_of(messages.any(), random));
    const MessageVerdict judged = judge(leaf, kept->text);
    SCOPED_TRACE("message: " + message + "\ncondition: " + leaf.node().text);
    const bool holds = leaf.matches(message);
    if (judged.verdict != Verdict::kLook) {
      ++decided;
      EXPECT_EQ(judged.verdict == Verdict::kYes, holds);
    } else if (judged.kinds != 0) {
      EXPECT_EQ(holds_in_a_slot(leaf, *kept, judged.kinds), holds);
    }
  }
  EXPECT_GT(decided, 1000);
}

TEST(TemplateMayContain, EveryPartOfAMessage) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  RandomMessages messages(random);
  for (int i = 0; i < 20'000 && !HasFailure(); ++i) {
    const std::string message = messages.any();
    const auto kept = split(message, random);
    if (!kept || message.empty()) continue;
    std::vector<std::bitset<256>> bytes(kept->variables.size());
    for (std::size_t slot = 0; slot < bytes.size(); ++slot) {
      for (const char c : model::folded(kept->variables[slot])) {
        bytes[slot].set(static_cast<unsigned char>(c));
      }
    }
    const std::string part =
        model::folded(message.substr(random() % message.size(), 1 + random() % 80));
    EXPECT_TRUE(template_may_contain(
        kept->text, part, [&](std::size_t slot) -> const std::bitset<256>& { return bytes[slot]; }))
        << message << "\npart: " << part;
  }
}

}  // namespace
}  // namespace duramen::query
