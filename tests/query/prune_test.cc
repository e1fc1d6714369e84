// Whatever a filter can match in a row, the keys that it asks for are among that row's keys.

#include "query/filter/prune.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "query/filter/matcher.h"
#include "query/language/parser.h"
#include "query/rows/batch_columns.h"
#include "query/rows/column_row.h"
#include "tests/query/documented_tables.h"

namespace duramen::query {
namespace {

class KeySet final : public KeyLookup {
 public:
  KeySet() = default;
  KeySet(const model::RecordBatch& records, std::size_t row) { add(records, row); }
  void add(const model::RecordBatch& records, std::size_t row) {
    model::for_each_key_of_row(records, row, [&](model::KeyKind kind, std::string_view text) {
      keys_.insert({kind, std::string(text)});
    });
  }
  bool has(const model::IndexKey& key) const override { return keys_.contains(key); }
  bool has_prefix(model::KeyKind kind, std::string_view prefix) const override {
    const auto at = keys_.lower_bound({kind, std::string(prefix)});
    return at != keys_.end() && at->kind == kind && at->text.starts_with(prefix);
  }

 private:
  std::set<model::IndexKey> keys_;
};

/// Rows of few different parts, so that queries made of parts of rows match often.
class RandomRows {
 public:
  explicit RandomRows(std::mt19937_64& random) : random_(random) {}

  std::string text() {
    static const std::vector<std::string> kParts{"err",
                                                 "Error",
                                                 "disk",
                                                 "K",
                                                 "s",
                                                 "42",
                                                 "a1b2",
                                                 "x9",
                                                 "12345",
                                                 ".",
                                                 "-",
                                                 " ",
                                                 "/",
                                                 "\xc3\xa9",
                                                 "_",
                                                 "\xff",
                                                 "=",
                                                 "key",
                                                 "\n",
                                                 "7",
                                                 ":",
                                                 "\xe2\x84\xaa",
                                                 "\xc5\xbf",
                                                 std::string(70, 'w'),
                                                 std::string(66, 'q') + "1"};
    std::string out;
    for (auto n = random_() % 9; n-- > 0;) out += kParts[random_() % kParts.size()];
    return out;
  }
  const std::string& name() {
    static const std::vector<std::string> kNames{"app",       "status",     "_msg",
                                                 "label.app", "field._msg", "x"};
    return kNames[random_() % kNames.size()];
  }
  std::shared_ptr<model::RecordBatch> batch() {
    auto batch = std::make_shared<model::RecordBatch>();
    for (int row = 0; row < 20; ++row) {
      std::vector<model::Labels::Pair> labels;
      for (auto n = random_() % 3; n-- > 0;) labels.emplace_back(name(), text());
      const auto stream = batch->intern_stream(model::Labels(std::move(labels)));
      std::set<std::string> used;
      for (auto n = random_() % 3; n-- > 0;) {
        const std::string& field = name();
        if (!used.insert(field).second) continue;
        batch->add_field(batch->intern_field_name(field), model::FieldKind::kText, text());
      }
      batch->add_row(stream, static_cast<TimeNs>(row), text());
    }
    return batch;
  }

 private:
  std::mt19937_64& random_;
};

class PruneTest : public ::testing::Test {
 protected:
  /// A piece of something that a row holds, or anything.
  std::string piece() {
    const model::RecordBatch& records = *batch_;
    const std::size_t row = random_() % records.rows();
    std::string from(records.message(row));
    if (random_() % 3 == 0 && !records.field_name.empty()) {
      from = records.value(random_() % records.field_name.size());
    } else if (random_() % 3 == 0 && !records.streams[records.stream[row]].pairs().empty()) {
      from = records.streams[records.stream[row]].pairs()[0].second;
    }
    if (random_() % 4 == 0) return from;
    const std::size_t begin = random_() % (from.size() + 1);
    return from.substr(begin, random_() % 80);
  }
  std::string with_other_case(std::string text) {
    for (char& c : text) {
      if (random_() % 3 == 0 && c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    }
    return text;
  }
  std::string quoted(const std::string& text) {
    std::string out;
    for (const char c : text) {
      const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                         (c >= 'A' && c <= 'Z') || c == '_' || c == ' ' ||
                         static_cast<unsigned char>(c) >= 0x80;
      if (c == '\n') {
        out += "\\n";
      } else {
        if (!plain) out += '\\';
        out += c;
      }
    }
    return out;
  }
  std::string pattern() {
    std::string out;
    if (random_() % 3 == 0) out += "(?i)";
    out += quoted(piece());
    for (auto n = random_() % 3; n-- > 0;) {
      static const std::vector<std::string> kJoins{".*", "|", "(.|\\n)?", "[ks]?", "+"};
      out += kJoins[random_() % kJoins.size()];
      out += quoted(piece());
    }
    return out;
  }
  Filter leaf() {
    using Kind = Filter::Kind;
    static const std::vector<Kind> kKinds{Kind::kWords,      Kind::kWordPrefix, Kind::kEquals,
                                          Kind::kStartsWith, Kind::kRegex,      Kind::kExists};
    Filter out;
    out.kind = kKinds[random_() % kKinds.size()];
    out.field = random_() % 2 == 0 ? std::string(kMessageName) : rows_.name();
    out.text = piece();
    const bool ignores_case = out.kind == Kind::kWords || out.kind == Kind::kWordPrefix;
    if (ignores_case) out.text = with_other_case(std::move(out.text));
    if (ignores_case && out.text.empty()) out.text = "err";
    if (out.kind == Kind::kRegex) out.text = pattern();
    if (random_() % 10 == 0) {  // made when it is asked for: no keys of it anywhere
      out.field = kTimeName;
      out.text = std::string("1970-01-01").substr(0, 4 + 3 * (random_() % 3));
    }
    return out;
  }
  Filter filter(int depth) {
    if (depth == 0 || random_() % 4 == 0) return leaf();
    if (random_() % 4 == 0) {
      Filter out;
      out.kind = Filter::Kind::kNot;
      out.children.push_back(filter(depth - 1));
      return out;
    }
    return join(random_() % 2 == 0 ? Filter::Kind::kAnd : Filter::Kind::kOr,
                {filter(depth - 1), filter(depth - 1)});
  }

  std::uint64_t seed_ = std::random_device{}();
  ::testing::ScopedTrace trace_{__FILE__, __LINE__, "seed " + std::to_string(seed_)};
  std::mt19937_64 random_{seed_};
  RandomRows rows_{random_};
  std::shared_ptr<model::RecordBatch> batch_;
};

TEST_F(PruneTest, NoRowThatMatchesIsPruned) {
  std::size_t matched = 0;
  std::size_t pruned = 0;
  for (int round = 0; round < 60; ++round) {
    batch_ = rows_.batch();
    const model::RowSet set(batch_, model::RowIdentity{});
    for (int i = 0; i < 40; ++i) {
      const Filter wanted = filter(2);
      NameTable names;
      const auto matcher = Matcher::compile(wanted, names);
      if (!matcher) continue;  // a pattern that is none
      const Prune prune = prune_of(wanted);
      ColumnRow view(names);
      BatchColumns columns(set);
      view.bind(columns);
      for (std::size_t row = 0; row < batch_->rows(); ++row) {
        view.move_to(row);
        const bool may = may_match(prune, KeySet(*batch_, row));
        if (!may) ++pruned;
        if (!matcher->matches(view)) continue;
        ++matched;
        ASSERT_TRUE(may) << to_text(wanted) << " matches row " << row
                         << " and prunes it: " << batch_->message(row);
      }
    }
  }
  EXPECT_GT(matched, 2000U);
  EXPECT_GT(pruned, 2000U);
}

/// True when the keys of a row with this message let the query look at it.
bool looks_at(const std::string& message, const std::string& text) {
  model::RecordBatch records;
  records.add_row(
      records.intern_stream(model::Labels(std::vector<model::Labels::Pair>{{"app", "web-1"}})), 0,
      message);
  auto query = parse_query(text);
  EXPECT_TRUE(query) << text;
  return query && may_match(prune_of(query->filter), KeySet(records, 0));
}

TEST(Prune, NeedsWhatTheDocumentationSays) {
  const auto rows = documented_rows("What is looked up");
  EXPECT_GT(rows.size(), 10U);
  for (const auto& cells : rows) {
    const auto query = parse_query(cells.at(0));
    ASSERT_TRUE(query) << cells[0];
    EXPECT_EQ(to_text(prune_of(query->filter)), cells.at(1)) << cells[0];
  }
}

TEST(Prune, WordsAndPhrasesAskForTheirTokens) {
  EXPECT_TRUE(looks_at("Disk full", "disk"));
  EXPECT_FALSE(looks_at("Disk full", "disks"));
  EXPECT_FALSE(looks_at("Disk full", "\"disk empty\""));
  EXPECT_TRUE(looks_at("Disk full", "disk OR empty"));
  EXPECT_TRUE(looks_at("Disk full", "NOT disk"));
}

TEST(Prune, TokensWithDigitsAskForHeadAndWhole) {
  EXPECT_TRUE(looks_at("id req12345", "req12345"));
  EXPECT_FALSE(looks_at("id req12345", "req12346"));
  EXPECT_FALSE(looks_at("id 12345", "req12345"));
  EXPECT_FALSE(looks_at("id a123", "a124"));
  EXPECT_TRUE(looks_at("id a12", "a13")) << "too short to be told apart";
  EXPECT_FALSE(looks_at("id a1", "b1")) << "but not its head";
}

TEST(Prune, PrefixesAskForWordsAndHeads) {
  EXPECT_TRUE(looks_at("timeout", "time*"));
  EXPECT_TRUE(looks_at("timer7", "time*"));
  EXPECT_FALSE(looks_at("tim7", "time*"));
  EXPECT_FALSE(looks_at("timer7", "time7*"));
  EXPECT_TRUE(looks_at("time77", "time7*"));
  EXPECT_TRUE(looks_at("9", "7*")) << "nothing can be said";
}

TEST(Prune, RegexesAskForWholeTokensInTheirLiterals) {
  EXPECT_TRUE(looks_at("a connection refused b", "/ connection ref/"));
  EXPECT_FALSE(looks_at("a connected refused b", "/ connection ref/"));
  EXPECT_TRUE(looks_at("a connection refuses b", "/ connection ref/")) << "ref touches the end";
  EXPECT_FALSE(looks_at("x", "/ (timeout|refused) /"));
  EXPECT_TRUE(looks_at("a refused b", "/ (timeout|refused) /"));
  EXPECT_TRUE(looks_at("x", "/.*/"));
}

TEST(Prune, EqualityAsksForThePairOfNameAndValue) {
  EXPECT_TRUE(looks_at("x", "app:\"web-1\""));
  EXPECT_FALSE(looks_at("x", "app:\"web-2\""));
  EXPECT_FALSE(looks_at("web-1", "image:\"web-1\"")) << "the tokens are there, the pair is not";
  EXPECT_FALSE(looks_at("x", "app:front"));
  EXPECT_TRUE(looks_at("x", "label.app:\"web-1\"")) << "the label app, or one called label.app";
  EXPECT_FALSE(looks_at("x", "label.app:\"web-2\""));
}

}  // namespace
}  // namespace duramen::query
