#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "query/filter/matcher.h"
#include "query/filter/template_judge.h"
#include "query/progress.h"
#include "query/rows/block_columns.h"
#include "query/rows/column_row.h"

namespace duramen::query {

/// A filter over the rows of one block: decided for all rows of a template, stream and field set at
/// once where these decide it, by the row's columns where they do not.
/// A filter of very many terms takes long to judge: when `progress` says stop, verdicts are
/// meaningless, and whoever asked checks it, too.
/// Threading: one thread. Ownership: what is passed in outlives it; `row` is bound to `columns`.
class BlockFilter {
 public:
  BlockFilter(const Matcher& matcher, const NameTable& names, const Progress& progress,
              BlockColumns& columns, ColumnRow& row);

  /// For all rows of the block, when nothing of them matters.
  std::optional<Verdict> of_block() const { return constant_; }
  /// For all rows of a template when nothing else matters; kLook when it does.
  Verdict of_template(std::uint32_t id);
  /// The verdict on the row's kind. After damage (columns.error()) meaningless.
  Verdict of_row(std::size_t row);
  /// Looks into a row of which of_row() said kLook just now.
  bool matches(std::size_t row);

  /// Whether of_row() looks at templates, and at streams and field sets.
  bool by_template() const { return by_template_; }
  bool by_names() const { return by_names_; }

 private:
  using Node = Matcher::Node;
  struct Kind {
    std::uint32_t template_id = 0;
    std::uint32_t stream = 0;
    std::uint32_t field_set = 0;
    friend bool operator==(const Kind&, const Kind&) = default;
  };
  struct KindHash {
    std::size_t operator()(const Kind& kind) const;
  };

  void survey(const Node& node);
  bool must_stop();
  bool check();
  Verdict judge(const Node& node, const Kind& kind);
  Verdict judge_all(const Node& node, const Kind& kind, Verdict decides);
  Verdict judge_leaf(const Node& leaf, const Kind& kind);
  Verdict judge_value(const Node& leaf, const Kind& kind) const;
  Verdict judge_time(const Node& leaf) const;
  /// What is known of a leaf that tests `_msg` for the rows of a template.
  struct OfTemplate {
    Verdict verdict = Verdict::kLook;
    /// Of kLook: when there are any, the leaf holds exactly where it holds for the value of one of
    /// these slots.
    std::vector<std::uint32_t> slots;
  };
  const OfTemplate& of_message(const Node& leaf, std::uint32_t template_id);
  OfTemplate judge_message(const Node& leaf, std::uint32_t template_id);
  OfTemplate judge_slots(const Node& leaf, std::uint32_t template_id, std::uint8_t kinds);
  OfTemplate judge_regex(const Node& leaf, std::uint32_t template_id);
  bool matches(const Node& node, const Kind& kind);
  bool leaf_matches(const Node& leaf, const Kind& kind);

  const Matcher& matcher_;
  const NameTable& names_;
  const Progress& progress_;
  BlockColumns& columns_;
  ColumnRow& row_;
  bool by_template_ = false;
  bool by_names_ = false;
  std::optional<Verdict> constant_;                               ///< of every row
  std::vector<std::vector<std::optional<OfTemplate>>> messages_;  ///< a leaf, then a template
  OfTemplate not_remembered_;
  std::unordered_map<Kind, Verdict, KindHash> verdicts_;
  std::vector<std::optional<Verdict>> by_template_only_;  ///< when names do not matter
  std::optional<Kind> last_;
  Verdict last_verdict_ = Verdict::kLook;
  std::uint64_t judged_ = 0;
  bool stopped_ = false;
};

}  // namespace duramen::query
