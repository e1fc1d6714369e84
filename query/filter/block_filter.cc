#include "query/filter/block_filter.h"

#include <algorithm>
#include <bitset>

#include "model/tokens.h"
#include "query/rows/slot_kinds.h"

namespace duramen::query {
namespace {

/// More kinds of rows, or verdicts of leaves on templates, are not remembered.
constexpr std::size_t kMaxRemembered = 1U << 18;
/// Slots that are remembered for one leaf and template.
constexpr std::size_t kMaxSlots = 8;
constexpr std::uint32_t kSlotsBetweenChecks = 16;
/// Of the literal parts of a regex, for a template to be judged by them.
constexpr std::uint64_t kMaxPartBytes = 256;
constexpr std::uint64_t kPartBytesPerRow = 2;

Verdict verdict_of(bool holds) { return holds ? Verdict::kYes : Verdict::kNo; }

Verdict opposite(Verdict verdict) {
  if (verdict == Verdict::kLook) return verdict;
  return verdict_of(verdict == Verdict::kNo);
}

}  // namespace

std::size_t BlockFilter::KindHash::operator()(const Kind& kind) const {
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;
  const std::uint64_t names = (std::uint64_t{kind.stream} << 32U) | kind.field_set;
  const std::uint64_t mixed = (names * kOdd) ^ (kind.template_id * kOdd);
  return mixed ^ (mixed >> 29U);
}

BlockFilter::BlockFilter(const Matcher& matcher, const NameTable& names, const Progress& progress,
                         BlockColumns& columns, ColumnRow& row)
    : matcher_(matcher), names_(names), progress_(progress), columns_(columns), row_(row) {
  survey(matcher.root());
  const std::size_t templates = columns.templates().size();
  if (by_template_ && matcher.leaves() * templates <= kMaxRemembered) {
    messages_.assign(matcher.leaves(), {});
  }
  if (!by_template_ && !by_names_) constant_ = judge(matcher.root(), {});
}

void BlockFilter::survey(const Node& node) {
  for (const Node& child : node.children) survey(child);
  if (!node.is_leaf()) return;
  const Name::Builtin builtin = names_.at(node.slot).builtin;
  by_template_ = by_template_ || builtin == Name::Builtin::kMessage;
  by_names_ = by_names_ || builtin == Name::Builtin::kNone;
}

Verdict BlockFilter::of_template(std::uint32_t id) {
  if (by_names_) return Verdict::kLook;
  if (constant_) return *constant_;
  by_template_only_.resize(columns_.templates().size());
  std::optional<Verdict>& known = by_template_only_[id];
  if (!known) known = judge(matcher_.root(), {id, 0, 0});
  return *known;
}

Verdict BlockFilter::of_row(std::size_t row) {
  if (constant_) return *constant_;
  if (!by_names_) return of_template(columns_.template_of(row));
  Kind kind;
  if (by_template_) kind.template_id = columns_.template_of(row);
  if (by_names_) {
    kind.stream = columns_.stream(row);
    kind.field_set = columns_.field_set_of(row);
  }
  if (last_ == kind) return last_verdict_;
  last_ = kind;
  const auto known = verdicts_.find(kind);
  if (known != verdicts_.end()) return last_verdict_ = known->second;
  last_verdict_ = judge(matcher_.root(), kind);
  if (verdicts_.size() < kMaxRemembered) verdicts_.emplace(kind, last_verdict_);
  return last_verdict_;
}

// ---- kinds of rows

Verdict BlockFilter::judge(const Node& node, const Kind& kind) {
  switch (node.kind) {
    case Filter::Kind::kAll:
      return Verdict::kYes;
    case Filter::Kind::kAnd:
      return judge_all(node, kind, Verdict::kNo);
    case Filter::Kind::kOr:
      return judge_all(node, kind, Verdict::kYes);
    case Filter::Kind::kNot:
      return opposite(judge(node.children[0], kind));
    default:
      return judge_leaf(node, kind);
  }
}

/// `decides`: what one child may decide for all of them.
Verdict BlockFilter::judge_all(const Node& node, const Kind& kind, Verdict decides) {
  Verdict all = opposite(decides);
  for (const Node& child : node.children) {
    const Verdict verdict = judge(child, kind);
    if (verdict == decides) return decides;
    if (verdict == Verdict::kLook) all = Verdict::kLook;
  }
  return all;
}

bool BlockFilter::check() {
  stopped_ = stopped_ || !progress_.check();
  return !stopped_;
}

bool BlockFilter::must_stop() {
  constexpr std::uint64_t kLeavesBetweenChecks = 1024;
  if (++judged_ % kLeavesBetweenChecks == 0) check();
  return stopped_;
}

Verdict BlockFilter::judge_leaf(const Node& leaf, const Kind& kind) {
  if (must_stop()) return Verdict::kNo;
  switch (names_.at(leaf.slot).builtin) {
    case Name::Builtin::kMessage:
      return of_message(leaf, kind.template_id).verdict;
    case Name::Builtin::kNone:
      return judge_value(leaf, kind);
    case Name::Builtin::kTime:
      return leaf.kind == Filter::Kind::kCompareTime ? judge_time(leaf) : Verdict::kLook;
    case Name::Builtin::kSeq:
    case Name::Builtin::kReceived:
      break;
  }
  return Verdict::kLook;
}

Verdict BlockFilter::judge_value(const Node& leaf, const Kind& kind) const {
  const auto& fields = columns_.field_sets()[kind.field_set];
  const ColumnRow::Resolved resolved = row_.resolve(leaf.slot, kind.stream, fields);
  if (resolved.field) {
    return leaf.kind == Filter::Kind::kExists ? Verdict::kYes : Verdict::kLook;
  }
  if (!resolved.label || leaf.kind == Filter::Kind::kCompareTime) return Verdict::kNo;
  return verdict_of(Matcher::matches_value(leaf, *resolved.label));
}

/// Holds for all times of the block, or for none, when it does so for the first and the last.
Verdict BlockFilter::judge_time(const Node& leaf) const {
  const store::BlockSummary& summary = columns_.summary();
  const bool first = Matcher::matches_time(leaf, summary.min_time);
  const bool last = Matcher::matches_time(leaf, summary.max_time);
  const bool same = summary.min_time == summary.max_time;
  if (first != last || (leaf.op == CompareOp::kEqual && !same)) return Verdict::kLook;
  return verdict_of(first);
}

const BlockFilter::OfTemplate& BlockFilter::of_message(const Node& leaf,
                                                       std::uint32_t template_id) {
  if (messages_.empty()) {
    not_remembered_ = judge_message(leaf, template_id);
    return not_remembered_;
  }
  auto& of_leaf = messages_[leaf.leaf];
  if (of_leaf.empty()) of_leaf.resize(columns_.templates().size());
  std::optional<OfTemplate>& known = of_leaf[template_id];
  if (!known) known = judge_message(leaf, template_id);
  return *known;
}

BlockFilter::OfTemplate BlockFilter::judge_message(const Node& leaf, std::uint32_t template_id) {
  if (template_id == 0) {
    return {leaf.kind == Filter::Kind::kExists ? Verdict::kYes : Verdict::kLook, {}};
  }
  if (!check()) return {Verdict::kNo, {}};
  const MessageVerdict judged =
      judge_template(leaf, columns_.templates()[template_id].text, columns_.slots_of(template_id));
  if (judged.verdict != Verdict::kLook) return {judged.verdict, {}};
  if (judged.kinds != 0) return judge_slots(leaf, template_id, judged.kinds);
  if (leaf.atoms != nullptr) return judge_regex(leaf, template_id);
  return {};
}

/// Of what stands within one slot of these kinds, or nowhere.
BlockFilter::OfTemplate BlockFilter::judge_slots(const Node& leaf, std::uint32_t template_id,
                                                 std::uint8_t kinds) {
  using As = store::ColumnProbe::As;
  OfTemplate out{Verdict::kNo, {}};
  const bool token = leaf.kind == Filter::Kind::kWords && model::is_one_token(leaf.text);
  const std::string& text = columns_.templates()[template_id].text;
  const auto slots = columns_.slots_of(template_id);
  for (std::uint32_t slot = 0; slot < slots.size(); ++slot) {
    const std::uint8_t kind = slot_kind(text[slots[slot]]);
    if ((kind & kinds) == 0) continue;
    if (slot % kSlotsBetweenChecks == kSlotsBetweenChecks - 1 && !check()) break;
    store::ColumnProbe* probe = columns_.probe(template_id, slot);
    const As as = !token ? As::kPart : kind == kCompoundKind ? As::kToken : As::kValue;
    if (probe == nullptr || !probe->may_hold(leaf.text, as)) continue;
    out.verdict = Verdict::kLook;
    out.slots.push_back(slot);
  }
  // Not worth remembering: the whole message is as good.
  if (out.slots.size() > kMaxSlots) out.slots = {};
  return out;
}

BlockFilter::OfTemplate BlockFilter::judge_regex(const Node& leaf, std::uint32_t template_id) {
  const store::BlockTemplate& t = columns_.templates()[template_id];
  // Looking for each part in the template must not take longer than matching its rows.
  if (leaf.atoms->part_bytes() > kMaxPartBytes + std::uint64_t{t.rows} * kPartBytesPerRow) {
    return {};
  }
  std::vector<std::optional<std::bitset<256>>> known;  // of slots
  const SlotBytes bytes_of = [&](std::size_t slot) -> const std::bitset<256>& {
    if (slot >= known.size()) known.resize(slot + 1);
    if (!known[slot]) {
      store::ColumnProbe* probe = columns_.probe(template_id, slot);
      known[slot] = probe == nullptr ? std::bitset<256>() : probe->bytes();
    }
    return *known[slot];
  };
  const bool may = leaf.atoms->may_match([&](std::string_view part) {
    return check() && template_may_contain(t.text, part, bytes_of);
  });
  return {may ? Verdict::kLook : Verdict::kNo, {}};
}

// ---- single rows

bool BlockFilter::matches(std::size_t row) {
  Kind kind;
  if (by_template_) kind.template_id = columns_.template_of(row);
  if (by_names_) {
    kind.stream = columns_.stream(row);
    kind.field_set = columns_.field_set_of(row);
  }
  row_.move_to(row);
  return matches(matcher_.root(), kind);
}

bool BlockFilter::matches(const Node& node, const Kind& kind) {
  const auto child_matches = [&](const Node& child) { return matches(child, kind); };
  switch (node.kind) {
    case Filter::Kind::kAll:
      return true;
    case Filter::Kind::kAnd:
      return std::all_of(node.children.begin(), node.children.end(), child_matches);
    case Filter::Kind::kOr:
      return std::any_of(node.children.begin(), node.children.end(), child_matches);
    case Filter::Kind::kNot:
      return !matches(node.children[0], kind);
    default:
      return leaf_matches(node, kind);
  }
}

bool BlockFilter::leaf_matches(const Node& leaf, const Kind& kind) {
  const Verdict verdict = judge_leaf(leaf, kind);
  if (verdict != Verdict::kLook) return verdict == Verdict::kYes;
  if (leaf.kind == Filter::Kind::kCompareTime) {
    const auto time = row_.time(leaf.slot);
    return time && Matcher::matches_time(leaf, *time);
  }
  const bool is_message = names_.at(leaf.slot).builtin == Name::Builtin::kMessage;
  if (is_message) {
    const auto& slots = of_message(leaf, kind.template_id).slots;
    const auto holds = [&](std::uint32_t slot) {
      return Matcher::matches_value(leaf, columns_.variable(row_.row(), slot));
    };
    if (!slots.empty()) return std::any_of(slots.begin(), slots.end(), holds);
  }
  const auto value = row_.get(leaf.slot);
  return value && Matcher::matches_value(leaf, value->bytes);
}

}  // namespace duramen::query
