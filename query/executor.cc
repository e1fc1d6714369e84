#include "query/executor.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/time_text.h"
#include "query/pipes/stage.h"
#include "query/pipes/stats.h"
#include "query/scan/ordered_scan.h"
#include "query/scan/scan.h"
#include "query/scan/stats_scan.h"

namespace duramen::query {
namespace {

/// Longest search for matches outside an empty range.
constexpr TimeNs kHintTime = 5 * kNsPerSecond;
constexpr std::size_t kRowsBetweenChecks = 256;

/// A query taken apart: what is tested on every row, what is done to each, what collects rows.
struct Plan {
  Filter filter;
  std::vector<Pipe> operations;
  std::vector<Pipe> rest;
};

Plan make_plan(const Query& query) {
  Plan plan;
  plan.filter = query.filter;
  std::size_t at = 0;
  // A `where` on untouched rows is a part of the filter.
  for (; at < query.pipes.size(); ++at) {
    const auto* where = std::get_if<WherePipe>(&query.pipes[at]);
    if (where == nullptr) break;
    std::vector<Filter> both;
    both.push_back(std::move(plan.filter));
    both.push_back(where->filter);
    plan.filter = join(Filter::Kind::kAnd, std::move(both));
  }
  for (; at < query.pipes.size() && is_row_operation(query.pipes[at]); ++at) {
    plan.operations.push_back(query.pipes[at]);
  }
  for (; at < query.pipes.size(); ++at) plan.rest.push_back(query.pipes[at]);
  return plan;
}

class Executor {
 public:
  Executor(const Execution& execution, Progress& progress, const LineWriter& write)
      : execution_(execution), progress_(progress), output_(write, execution.limit) {}

  PlanReport report() const { return planner_ ? planner_->report() : PlanReport(); }

  Result<QueryEnd> run() {
    DURAMEN_TRY_VOID(prepare());
    note_dropped_segments();
    DURAMEN_TRY_VOID(plan_.rest.empty() ? run_rows() : run_pipes());
    end_.rows = output_.rows();
    if (output_.cut() && end_.cursor.empty()) {
      end_.warnings.push_back("the answer was cut at its limit of " +
                              std::to_string(execution_.limit) + " rows; more would follow");
    }
    const std::vector<std::string> damage = notes_.texts();
    end_.partial = end_.partial || !damage.empty();
    end_.warnings.insert(end_.warnings.end(), damage.begin(), damage.end());
    end_.matched_rows = scan_->matched();
    // Who appends pipes shows no hint, and asks often.
    if (execution_.request.pipes.empty()) {
      DURAMEN_TRY_VOID(add_hint());
    }
    end_.scanned_rows = progress_.scanned_rows;
    end_.scanned_bytes = progress_.scanned_bytes;
    return std::move(end_);
  }

 private:
  Result<void> prepare();
  Result<void> run_rows();
  Result<void> run_pipes();
  Result<void> run_in_order(Stage& first, std::uint64_t rows);
  Result<void> add_hint();
  std::string oldest_segment() const;
  void note_dropped_segments();

  TimeRange range() const { return {execution_.request.start, execution_.request.end}; }
  model::Seq up_to() const {
    return execution_.after ? execution_.after->snapshot : execution_.snapshot->seq();
  }
  OrderedScanOptions ordered(std::uint64_t rows, bool as_json) const {
    OrderedScanOptions options;
    options.order = execution_.request.order;
    options.range = range();
    options.rows = rows;
    options.as_json = as_json;
    if (execution_.after) options.after = execution_.after->last;
    return options;
  }
  std::string cursor_after(const Position& last) const {
    return Cursor{execution_.store_id,
                  up_to(),
                  last,
                  hash_request(execution_.request),
                  execution_.request.start,
                  execution_.request.end,
                  execution_.after ? execution_.after->oldest_segment : oldest_segment()}
        .to_text();
  }

  const Execution& execution_;
  Progress& progress_;
  Plan plan_;
  NameTable names_;
  OutputStage output_;
  std::vector<std::unique_ptr<RowOperation>> operations_;
  std::vector<std::unique_ptr<Stage>> stages_;
  std::optional<Matcher> matcher_;
  DamageNotes notes_;
  std::optional<Planner> planner_;
  std::optional<Scan> scan_;
  QueryEnd end_;
};

Result<void> Executor::prepare() {
  plan_ = make_plan(execution_.query);
  DURAMEN_TRY(matcher_, Matcher::compile(plan_.filter, names_));
  names_.begin_pipes();
  for (const Pipe& pipe : plan_.operations) {
    DURAMEN_TRY(auto operation, make_row_operation(pipe, names_));
    operations_.push_back(std::move(operation));
  }
  const bool head_first =
      !plan_.rest.empty() && std::holds_alternative<HeadPipe>(plan_.rest.front());
  const StageContext context{names_, progress_, execution_.request.order, execution_.limit};
  DURAMEN_TRY(stages_, make_stages(plan_.rest, context, !head_first, output_));
  const ReadContext read{*execution_.snapshot, up_to(), names_, *matcher_, progress_, notes_,
                         execution_.read};
  planner_.emplace(execution_.index, prune_of(plan_.filter), progress_, execution_.request.explain);
  scan_.emplace(read, operations_, *planner_);
  return {};
}

/// Of the segments that have rows in the range; retention takes the oldest first.
std::string Executor::oldest_segment() const {
  std::string oldest;
  for (const store::BlockRef& block : execution_.snapshot->blocks()) {
    const bool counts = range().touches(block.summary.min_time, block.summary.max_time);
    if (counts && (oldest.empty() || block.segment < oldest)) oldest = block.segment;
  }
  return oldest;
}

void Executor::note_dropped_segments() {
  if (!execution_.after || execution_.after->oldest_segment.empty()) return;
  const std::string oldest = oldest_segment();
  if (!oldest.empty() && oldest <= execution_.after->oldest_segment) return;
  end_.partial = true;
  end_.warnings.push_back(
      "retention dropped " + execution_.after->oldest_segment +
      (oldest.empty() ? std::string(" and all after it") : " and what lay before " + oldest) +
      " since the first page: their rows are missing here");
}

Result<void> Executor::run_rows() {
  // One row more than the limit tells whether a cursor is needed.
  const std::uint64_t rows = execution_.limit == 0 ? 0 : execution_.limit + 1;
  Position last;
  OrderedScan ordered_scan(*scan_, progress_, ordered(rows, true));
  return ordered_scan.run([&](KeptRow&& row) -> Result<bool> {
    DURAMEN_TRY(const bool taken, output_.push_json(row.json));
    if (taken) {
      last = row.position;
    } else {
      end_.cursor = cursor_after(last);
    }
    return taken;
  });
}

Result<void> Executor::run_pipes() {
  Stage& first = *stages_.front();
  const auto* head = std::get_if<HeadPipe>(&plan_.rest.front());
  auto* stats = scan_->has_operations() ? nullptr : dynamic_cast<StatsStage*>(&first);
  if (head != nullptr) {
    DURAMEN_TRY_VOID(run_in_order(first, head->rows));
  } else if (stats != nullptr) {
    DURAMEN_TRY_VOID(scan_into_stats(*scan_, range(), *stats));
  } else {
    DURAMEN_TRY_VOID(scan_into(*scan_, range(), first));
  }
  return first.finish();
}

Result<void> Executor::run_in_order(Stage& first, std::uint64_t rows) {
  OrderedScan ordered_scan(*scan_, progress_, ordered(rows, false));
  return ordered_scan.run(
      [&](KeptRow&& row) -> Result<bool> { return first.push(std::move(row.row)); });
}

Result<void> Executor::add_hint() {
  const bool narrowed = execution_.request.start || execution_.request.end;
  if (!narrowed || execution_.after || output_.rows() != 0 || scan_->matched() != 0) return {};
  const TimeNs stop_at = progress_.elapsed() + kHintTime;
  const std::size_t warned = notes_.texts().size();
  DURAMEN_TRY(const std::vector<ScanUnit> units, scan_->units({}));
  UnitReader& reader = scan_->reader();
  std::vector<std::uint32_t> rows;
  std::uint64_t count = 0;
  TimeNs first = 0;
  TimeNs last = 0;
  bool complete = true;
  for (const ScanUnit& unit : units) {
    complete = progress_.elapsed() < stop_at;
    if (!complete) break;
    auto read = reader.open(unit);
    if (read && *read) read = reader.select({}, {}, rows);
    if (read && *read) read = reader.load(rows, Load::kWhole);
    if (!read && read.error().code == ErrorCode::kCancelled) return std::move(read).error();
    complete = read.has_value();
    if (!complete) break;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::uint32_t row = rows[i];
      if (i % kRowsBetweenChecks == 0) {
        const auto may = progress_.check();
        if (!may && may.error().code == ErrorCode::kCancelled) return may.error();
        complete = may.has_value();
        if (!complete) break;
      }
      reader.row().move_to(row);
      if (scan_->has_operations() && !scan_->operated(reader.row())) continue;
      const TimeNs time = reader.columns().time(row);
      first = count == 0 ? time : std::min(first, time);
      last = count == 0 ? time : std::max(last, time);
      ++count;
    }
    if (!complete) break;
  }
  complete = complete && notes_.texts().size() == warned;
  if (count == 0) {
    if (complete) end_.hint = "no match in the range, nor at any other time";
    return {};
  }
  end_.hint = "no match in the range; " + std::string(complete ? "" : "at least ") +
              std::to_string(count) + (count == 1 ? " match" : " matches") +
              (first == last ? " at " + to_rfc3339(first)
                             : " between " + to_rfc3339(first) + " and " + to_rfc3339(last));
  return {};
}

}  // namespace

bool is_pageable(const Query& query) {
  return std::all_of(query.pipes.begin(), query.pipes.end(), is_row_operation);
}

Result<QueryEnd> execute(const Execution& execution, Progress& progress, const LineWriter& write,
                         PlanReport& report) {
  Executor executor(execution, progress, write);
  auto end = executor.run();
  report = executor.report();
  return end;
}

}  // namespace duramen::query
