#include "query/filter/block_filter.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "query/language/parser.h"
#include "query/rows/batch_columns.h"
#include "tests/store/block_corpus.h"

namespace duramen::query {
namespace {

using Kind = Filter::Kind;
using Random = std::mt19937_64;

constexpr TimeNs kNoon = 1'795'000'000 * kNsPerSecond;

/// A filter over one block, and over its rows one by one.
class Filtered {
 public:
  Filtered(const model::RowSet& rows, const Filter& filter)
      : matcher_(Matcher::compile(filter, names_).value()),
        bytes_(store::encoded(rows)),
        block_(BlockColumns::open(store::BlockReader::open(store::fetch_from(bytes_)).value())
                   .value()),
        batch_(rows),
        block_row_(names_),
        batch_row_(names_) {
    block_row_.bind(*block_);
    batch_row_.bind(batch_);
    filter_.emplace(matcher_, names_, progress_, *block_, block_row_);
  }
  Filtered(const model::RowSet& rows, const std::string& q)
      : Filtered(rows, parse_query(q).value().filter) {}

  BlockFilter& filter() { return *filter_; }
  BlockColumns& block() { return *block_; }
  std::size_t rows() const { return batch_.rows(); }
  Verdict verdict(std::size_t row) { return filter_->of_row(row); }
  bool matches(std::size_t row) {
    const Verdict verdict = filter_->of_row(row);
    return verdict == Verdict::kLook ? filter_->matches(row) : verdict == Verdict::kYes;
  }
  bool wanted(std::size_t row) {
    batch_row_.move_to(row);
    return matcher_.matches(batch_row_);
  }
  /// How many rows were decided without looking at them.
  std::size_t expect_agreement() {
    std::size_t decided = 0;
    for (std::size_t row = 0; row < rows(); ++row) {
      const bool matches_here = wanted(row);
      EXPECT_EQ(matches(row), matches_here) << "row " << row << ": " << batch_.message(row);
      const Verdict of_template = filter_->of_template(block_->template_of(row));
      if (of_template != Verdict::kLook) {
        EXPECT_EQ(of_template == Verdict::kYes, matches_here) << "row " << row;
      }
      if (filter_->of_block().value_or(Verdict::kLook) != Verdict::kLook) {
        EXPECT_EQ(filter_->of_block() == Verdict::kYes, matches_here) << "row " << row;
      }
      decided += verdict(row) == Verdict::kLook ? 0 : 1;
    }
    EXPECT_FALSE(block_->error()) << block_->error()->message;
    return decided;
  }

 private:
  ManualClock clock_{0};
  Progress progress_{clock_, kNsPerSecond, 1 << 20};
  NameTable names_;
  const Matcher matcher_;
  const store::BlockBytes bytes_;
  std::unique_ptr<BlockColumns> block_;
  BatchColumns batch_;
  ColumnRow block_row_;
  ColumnRow batch_row_;
  std::optional<BlockFilter> filter_;
};

model::RowSet rows_of(const std::vector<std::string>& messages) {
  store::Rows rows;
  for (const std::string& message : messages) rows.add(message, kNoon);
  return rows.as_accepted_here();
}

std::vector<std::size_t> matching(Filtered& filtered) {
  filtered.expect_agreement();
  std::vector<std::size_t> out;
  for (std::size_t row = 0; row < filtered.rows(); ++row) {
    if (filtered.matches(row)) out.push_back(row);
  }
  return out;
}

using Places = std::vector<std::size_t>;

TEST(BlockFilter, ATemplateDecidesForAllItsRows) {
  Filtered filtered(rows_of({"took 5 ms", "took 70 ms", "lost 3 of 4"}), "took");
  EXPECT_EQ(filtered.verdict(0), Verdict::kYes);
  EXPECT_EQ(filtered.verdict(1), Verdict::kYes);
  EXPECT_EQ(filtered.verdict(2), Verdict::kNo);
  EXPECT_TRUE(filtered.filter().by_template());
  EXPECT_FALSE(filtered.filter().by_names());
  EXPECT_EQ(matching(filtered), (Places{0, 1}));
}

TEST(BlockFilter, AllOfAndAnyOfAreDecidedByOneThatDecides) {
  const auto rows = rows_of({"took 5 ms", "lost 3 of 4"});
  Filtered both(rows, "took 5");
  EXPECT_EQ(both.verdict(0), Verdict::kLook);
  EXPECT_EQ(both.verdict(1), Verdict::kNo) << "there is no 5 that could help";
  Filtered either(rows, "took OR 3");
  EXPECT_EQ(either.verdict(0), Verdict::kYes);
  EXPECT_EQ(either.verdict(1), Verdict::kLook);
  Filtered neither(rows, "NOT (took OR 3)");
  EXPECT_EQ(neither.verdict(0), Verdict::kNo);
  EXPECT_EQ(neither.verdict(1), Verdict::kLook);
  EXPECT_EQ(matching(neither), Places{});
}

TEST(BlockFilter, ValuesThatNoRowCanHaveDecide) {
  const auto rows = rows_of({"took 5 ms", "took 70 ms", "took 800 ms"});
  EXPECT_EQ(Filtered(rows, "9").verdict(0), Verdict::kNo) << "no value has a 9";
  EXPECT_EQ(Filtered(rows, "70x").verdict(0), Verdict::kNo);
  EXPECT_EQ(Filtered(rows, "/took 9/").verdict(0), Verdict::kNo);
  Filtered prefix(rows, "7*");
  EXPECT_EQ(prefix.verdict(0), Verdict::kLook);
  EXPECT_EQ(matching(prefix), Places{1});
}

TEST(BlockFilter, APrefixIsShorterThanTheNumbersItFinds) {
  std::vector<std::string> messages;
  Random random(1);
  for (int i = 0; i < 100; ++i) {  // of one length, so that they are packed
    char id[9];
    std::snprintf(id, sizeof id, "%08x", static_cast<unsigned>(random() | 0xa0000000));
    messages.push_back("id " + std::string(id));
  }
  messages[7] = "id b7f3a9c0";
  Filtered prefix(rows_of(messages), "b7f3a*");
  EXPECT_EQ(prefix.verdict(7), Verdict::kLook);
  EXPECT_EQ(matching(prefix), Places{7});
}

TEST(BlockFilter, WordsAreLookedForInEverySlotThatMayHaveThem) {
  Filtered filtered(rows_of({"from 5 to 6 at 7", "from 8 to 9 at 5", "from 1 to 5 at 2"}), "5");
  EXPECT_EQ(filtered.verdict(0), Verdict::kLook);
  EXPECT_EQ(matching(filtered), (Places{0, 1, 2}));
  Filtered missing(rows_of({"from 5 to 6 at 7", "from 8 to 9 at 65"}), "8");
  EXPECT_EQ(matching(missing), Places{1});
}

TEST(BlockFilter, LabelsAndFieldSetsDecideForTheirRows) {
  store::Rows rows;
  rows.add("one", kNoon);
  rows.stream({{"app", "api"}});
  rows.add("two", kNoon);
  rows.field("app", "web");
  rows.add("three", kNoon);
  const auto set = rows.as_accepted_here();
  Filtered web(set, "app:=web");
  EXPECT_EQ(web.verdict(0), Verdict::kYes);
  EXPECT_EQ(web.verdict(1), Verdict::kNo);
  EXPECT_EQ(web.verdict(2), Verdict::kLook) << "the field hides the label";
  EXPECT_TRUE(web.filter().by_names());
  EXPECT_EQ(matching(web), (Places{0, 2}));
  Filtered exists(set, "host:*");
  EXPECT_EQ(exists.verdict(0), Verdict::kYes);
  EXPECT_EQ(exists.verdict(1), Verdict::kNo);
  Filtered mixed(set, "app:* AND one");
  EXPECT_EQ(matching(mixed), Places{0});
}

TEST(BlockFilter, TheTimesOfABlockDecideWhenAllAreOnOneSide) {
  store::Rows rows;
  for (const TimeNs time : {10, 15, 20}) rows.add("x", time);
  const auto set = rows.as_accepted_here();
  const auto of_block = [&](CompareOp op, TimeNs time) {
    Filter filter;
    filter.kind = Kind::kCompareTime;
    filter.field = std::string(kTimeName);
    filter.op = op;
    filter.time = time;
    Filtered filtered(set, filter);
    filtered.expect_agreement();
    return filtered.filter().of_block().value();
  };
  EXPECT_EQ(of_block(CompareOp::kLess, 10), Verdict::kNo);
  EXPECT_EQ(of_block(CompareOp::kLessEqual, 10), Verdict::kLook);
  EXPECT_EQ(of_block(CompareOp::kLess, 20), Verdict::kLook);
  EXPECT_EQ(of_block(CompareOp::kLessEqual, 20), Verdict::kYes);
  EXPECT_EQ(of_block(CompareOp::kLess, 21), Verdict::kYes);
  EXPECT_EQ(of_block(CompareOp::kGreaterEqual, 10), Verdict::kYes);
  EXPECT_EQ(of_block(CompareOp::kGreater, 10), Verdict::kLook);
  EXPECT_EQ(of_block(CompareOp::kGreater, 20), Verdict::kNo);
  EXPECT_EQ(of_block(CompareOp::kEqual, 15), Verdict::kLook);
  EXPECT_EQ(of_block(CompareOp::kEqual, 9), Verdict::kLook);
}

TEST(BlockFilter, EverythingMatchesEverything) {
  Filtered all(rows_of({"one", "two"}), "*");
  EXPECT_EQ(all.filter().of_block(), Verdict::kYes);
  Filtered none(rows_of({"one", "two"}), "NOT *");
  EXPECT_EQ(none.filter().of_block(), Verdict::kNo);
}

/// Conditions made of pieces of rows, so that they often hold.
class RandomFilter {
 public:
  RandomFilter(Random& random, const model::RecordBatch& rows) : random_(random), rows_(rows) {}

  Filter filter(int depth) {
    if (depth == 0 || random_() % 3 == 0) return leaf();
    Filter out;
    if (random_() % 4 == 0) {
      out.kind = Kind::kNot;
      out.children = {filter(depth - 1)};
      return out;
    }
    return join(random_() % 2 == 0 ? Kind::kAnd : Kind::kOr,
                {filter(depth - 1), filter(depth - 1)});
  }

 private:
  std::string piece() {
    const std::size_t row = random_() % rows_.rows();
    std::string text(rows_.message(row));
    if (random_() % 3 == 0 && !rows_.values.empty()) {
      text = std::string(rows_.value(random_() % rows_.field_name.size()));
    }
    if (text.empty() || random_() % 4 == 0) return text.empty() ? "200" : text;
    const std::size_t begin = random_() % text.size();
    std::size_t end = begin + 1;
    while (end < text.size() && (model::is_token_byte(text[end]) || random_() % 4 == 0)) ++end;
    return text.substr(begin, end - begin);
  }

  Filter leaf() {
    static const std::vector<std::string> kNames{"_msg", "_msg",  "_msg",      "app",  "status",
                                                 "a",    "trace", "label.app", "host", "_seq"};
    static const std::vector<Kind> kKinds{Kind::kWords,  Kind::kWords,       Kind::kWordPrefix,
                                          Kind::kEquals, Kind::kStartsWith,  Kind::kRegex,
                                          Kind::kExists, Kind::kCompareBytes};
    Filter out;
    out.field = kNames[random_() % kNames.size()];
    out.kind = kKinds[random_() % kKinds.size()];
    out.text = piece();
    if (out.text.size() > 300) out.text.resize(300);
    if (random_() % 8 == 0) {
      out.kind = Kind::kCompareTime;
      out.field = std::string(random_() % 4 == 0 ? kReceivedName : kTimeName);
      out.time = rows_.time[random_() % rows_.rows()];
    }
    out.op = static_cast<CompareOp>(random_() % 5);
    if (out.kind == Kind::kCompareBytes) out.op = CompareOp::kGreaterEqual;
    if (out.kind == Kind::kRegex) out.text = regex_of(out.text);
    return out;
  }

  std::string regex_of(const std::string& text) {
    std::string out = random_() % 3 == 0 ? "(?i)" : "";
    for (const char c : text.substr(0, 20)) {
      const bool plain = model::is_token_byte(c) && static_cast<unsigned char>(c) < 0x80;
      out += random_() % 8 == 0 ? std::string(".*") : plain ? std::string(1, c) : ".";
    }
    return out;
  }

  Random& random_;
  const model::RecordBatch& rows_;
};

TEST(BlockFilter, AgreesWithLookingAtEveryRow) {
  const std::uint64_t seed = std::random_device()();
  Random random(seed);
  std::size_t decided = 0;
  for (std::uint64_t world = 0; world < 6 && !HasFailure(); ++world) {
    const model::RowSet rows = store::mixed_rows(seed + world, 120);
    for (int i = 0; i < 60 && !HasFailure(); ++i) {
      const Filter filter = RandomFilter(random, rows.records()).filter(i % 4);
      SCOPED_TRACE("seed " + std::to_string(seed) + ": " + to_text(filter));
      decided += Filtered(rows, filter).expect_agreement();
    }
  }
  EXPECT_GT(decided, 1000U);
}

}  // namespace
}  // namespace duramen::query
