#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "index/index.h"
#include "query/cursor.h"
#include "query/engine.h"
#include "query/language/ast.h"
#include "query/progress.h"
#include "query/scan/planner.h"
#include "store/store.h"

namespace duramen::query {

/// Everything that one run needs, checked.
struct Execution {
  Query query;
  QueryRequest request;
  std::uint64_t limit = 0;  ///< of rows; 0: none
  std::shared_ptr<const store::Snapshot> snapshot;
  std::string store_id;
  std::optional<Cursor> after;
  ReadMode read = ReadMode::kColumns;
  const index::Index* index = nullptr;  ///< none: every block in the range is read
};

/// True when pages of the answer can go on by position: its rows are records.
bool is_pageable(const Query& query);

/// Runs it to its end, on this thread and those of oneTBB. `report`: what was planned, as far as it
/// came. Errors: as RunningQuery::run.
Result<QueryEnd> execute(const Execution& execution, Progress& progress, const LineWriter& write,
                         PlanReport& report);

}  // namespace duramen::query
