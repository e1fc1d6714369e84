#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "index/index.h"
#include "query/filter/prune.h"
#include "query/progress.h"
#include "query/scan/plan_report.h"
#include "query/scan/unit_reader.h"

namespace duramen::query {

/// Leaves out blocks that the index rules out. What is not indexed is read.
/// Threading: one thread. Ownership: index and progress outlive it; the index may be none.
class Planner {
 public:
  /// `by_predicate`: also finds out what each condition does by itself.
  Planner(const index::Index* index, Prune prune, Progress& progress, bool by_predicate);

  /// Errors: kCancelled, kDeadlineExceeded.
  Result<void> leave_out(std::vector<ScanUnit>& units);
  /// Of the blocks that leave_out() was asked about first.
  PlanReport report() const;

 private:
  struct Segment {
    std::shared_ptr<const index::SegmentView> view;
    index::BlockSet candidates;
  };

  Result<const Segment*> segment(const std::string& name);
  Result<index::BlockSet> find(const Prune& prune, const index::SegmentView& view);
  Result<index::BlockSet> find_all(const std::vector<Prune>& children,
                                   const index::SegmentView& view);
  Result<index::BlockSet> find_any(const std::vector<Prune>& children,
                                   const index::SegmentView& view);
  Result<index::BlockSet> find_regex(const RegexAtoms& regex, const index::SegmentView& view);
  Result<void> find_predicates(const index::SegmentView& view);
  /// False when too much has been looked up already.
  Result<bool> may_look_up();
  PlanReport::Segment& reported(const std::string& name);

  const index::Index* const index_;
  const Prune prune_;
  Progress& progress_;
  const bool by_predicate_;
  std::uint64_t lookups_ = 0;
  std::map<std::string, Segment> segments_;
  bool reporting_ = true;
  PlanReport report_;
  index::LookupCost cost_;
};

}  // namespace duramen::query
