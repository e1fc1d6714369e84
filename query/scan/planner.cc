#include "query/scan/planner.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "query/filter/regex_atoms.h"

namespace duramen::query {
namespace {

/// Keys looked up for one query, over all segments. A query of ten thousand words costs no more.
constexpr std::uint64_t kMaxLookups = 20'000;
/// The conditions that explain shows one by one.
constexpr std::size_t kMaxPredicates = 64;

/// Cheap and selective ones first: identifiers, then words, then what takes many look-ups.
int cost_class(const Prune& prune) {
  switch (prune.kind) {
    case Prune::Kind::kKey:
      return prune.key.kind == model::KeyKind::kToken || prune.key.kind == model::KeyKind::kPair
                 ? 0
                 : 1;
    case Prune::Kind::kPrefix:
      return 3;
    case Prune::Kind::kAlways:
      return 5;
    case Prune::Kind::kAll:
      return 2;
    case Prune::Kind::kAny:
    case Prune::Kind::kRegex:
      break;
  }
  return 4;
}

void sort_by_cost(Prune& prune) {
  for (Prune& child : prune.children) sort_by_cost(child);
  std::stable_sort(prune.children.begin(), prune.children.end(),
                   [](const Prune& a, const Prune& b) { return cost_class(a) < cost_class(b); });
}

Prune sorted(Prune prune) {
  sort_by_cost(prune);
  return prune;
}

}  // namespace

std::uint64_t PlanReport::blocks() const {
  return std::accumulate(segments.begin(), segments.end(), std::uint64_t{0},
                         [](std::uint64_t n, const Segment& one) { return n + one.blocks; });
}

std::uint64_t PlanReport::candidates() const {
  return std::accumulate(segments.begin(), segments.end(), std::uint64_t{0},
                         [](std::uint64_t n, const Segment& one) { return n + one.candidates; });
}

Planner::Planner(const index::Index* index, Prune prune, Progress& progress, bool by_predicate)
    : index_(index),
      prune_(sorted(std::move(prune))),
      progress_(progress),
      by_predicate_(by_predicate) {
  if (prune_.kind == Prune::Kind::kAlways) return;
  report_.looked_up = to_text(prune_);
  if (!by_predicate_) return;
  if (prune_.kind != Prune::Kind::kAll) {
    report_.predicates.push_back({report_.looked_up, 0});
    return;
  }
  for (const Prune& child : prune_.children) {
    if (report_.predicates.size() == kMaxPredicates) break;
    report_.predicates.push_back({to_text(child), 0});
  }
}

Result<void> Planner::leave_out(std::vector<ScanUnit>& units) {
  static const std::vector<model::BlockId> kNone;
  std::vector<ScanUnit> kept;
  for (const ScanUnit& unit : units) {
    if (unit.block == nullptr) {
      kept.push_back(unit);
      continue;
    }
    DURAMEN_TRY(const Segment* of, segment(unit.block->segment));
    const auto& blocks = of->view == nullptr ? kNone : of->view->blocks();
    const auto place = std::lower_bound(blocks.begin(), blocks.end(), unit.block->id);
    const bool indexed = place != blocks.end() && *place == unit.block->id;
    const bool candidate =
        !indexed || of->candidates.test(static_cast<std::size_t>(place - blocks.begin()));
    if (candidate) kept.push_back(unit);
    if (!reporting_) continue;
    PlanReport::Segment& line = reported(unit.block->segment);
    ++line.blocks;
    line.indexed += indexed ? 1 : 0;
    line.candidates += candidate ? 1 : 0;
  }
  reporting_ = false;
  units = std::move(kept);
  return {};
}

PlanReport Planner::report() const {
  PlanReport out = report_;
  out.index_bytes = cost_.bytes_read;
  out.index_terms = cost_.terms;
  out.index_rows = cost_.rows;
  return out;
}

PlanReport::Segment& Planner::reported(const std::string& name) {
  const auto found = std::find_if(report_.segments.rbegin(), report_.segments.rend(),
                                  [&](const auto& segment) { return segment.name == name; });
  if (found != report_.segments.rend()) return *found;
  return report_.segments.emplace_back(PlanReport::Segment{name, 0, 0, 0});
}

Result<const Planner::Segment*> Planner::segment(const std::string& name) {
  const auto [place, is_new] = segments_.try_emplace(name);
  Segment& segment = place->second;
  if (!is_new || index_ == nullptr) return &segment;
  segment.view = index_->view(name);
  DURAMEN_TRY(segment.candidates, find(prune_, *segment.view));
  if (by_predicate_) DURAMEN_TRY_VOID(find_predicates(*segment.view));
  return &segment;
}

Result<void> Planner::find_predicates(const index::SegmentView& view) {
  for (std::size_t i = 0; i < report_.predicates.size(); ++i) {
    const Prune& one = prune_.kind == Prune::Kind::kAll ? prune_.children[i] : prune_;
    DURAMEN_TRY(const index::BlockSet found, find(one, view));
    report_.predicates[i].candidates += found.count();
  }
  return {};
}

Result<bool> Planner::may_look_up() {
  ++lookups_;
  DURAMEN_TRY_VOID(progress_.check());
  report_.cut_short = report_.cut_short || lookups_ > kMaxLookups;
  return lookups_ <= kMaxLookups;
}

Result<index::BlockSet> Planner::find(const Prune& prune, const index::SegmentView& view) {
  const auto all = [&] { return index::BlockSet::all(view.blocks().size()); };
  switch (prune.kind) {
    case Prune::Kind::kAll:
      return find_all(prune.children, view);
    case Prune::Kind::kAny:
      return find_any(prune.children, view);
    case Prune::Kind::kRegex:
      return find_regex(*prune.regex, view);
    case Prune::Kind::kKey: {
      DURAMEN_TRY(const bool may, may_look_up());
      return may ? view.find(prune.key, cost_) : all();
    }
    case Prune::Kind::kPrefix: {
      DURAMEN_TRY(const bool may, may_look_up());
      return may ? view.find_prefix(prune.key.kind, prune.key.text, cost_) : all();
    }
    case Prune::Kind::kAlways:
      break;
  }
  return all();
}

Result<index::BlockSet> Planner::find_all(const std::vector<Prune>& children,
                                          const index::SegmentView& view) {
  index::BlockSet out = index::BlockSet::all(view.blocks().size());
  for (const Prune& child : children) {
    if (out.is_none()) break;
    DURAMEN_TRY(const index::BlockSet found, find(child, view));
    out &= found;
  }
  return out;
}

Result<index::BlockSet> Planner::find_any(const std::vector<Prune>& children,
                                          const index::SegmentView& view) {
  index::BlockSet out = index::BlockSet::none(view.blocks().size());
  for (const Prune& child : children) {
    if (out.is_all()) break;
    DURAMEN_TRY(const index::BlockSet found, find(child, view));
    out |= found;
  }
  return out;
}

/// Each part of the regex by its keys, then block by block whether enough of them are there.
Result<index::BlockSet> Planner::find_regex(const RegexAtoms& regex,
                                            const index::SegmentView& view) {
  const std::size_t blocks = view.blocks().size();
  std::vector<index::BlockSet> parts;
  for (const std::vector<model::IndexKey>& keys : regex.keys()) {
    index::BlockSet part = index::BlockSet::all(blocks);
    for (const model::IndexKey& key : keys) {
      DURAMEN_TRY(const bool may, may_look_up());
      if (may) part &= view.find(key, cost_);
    }
    parts.push_back(std::move(part));
  }
  index::BlockSet out = index::BlockSet::none(blocks);
  std::vector<int> present;
  constexpr std::size_t kBlocksBetweenChecks = 64;
  for (std::size_t block = 0; block < blocks; ++block) {
    if (block % kBlocksBetweenChecks == 0) DURAMEN_TRY_VOID(progress_.check());
    present.clear();
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (parts[i].test(block)) present.push_back(static_cast<int>(i));
    }
    if (regex.passes(present)) out.set(block);
  }
  return out;
}

}  // namespace duramen::query
