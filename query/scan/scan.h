#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "query/pipes/stage.h"
#include "query/progress.h"
#include "query/scan/planner.h"
#include "query/scan/unit_reader.h"
#include "store/store.h"

namespace duramen::query {

/// What a query reads and tests: filter and leading row operations over one snapshot.
/// Threading: none, but units may be read on several threads, each with a reader of its own.
/// Ownership: everything passed in outlives it.
class Scan {
 public:
  Scan(const ReadContext& context, const std::vector<std::unique_ptr<RowOperation>>& operations,
       Planner& planner)
      : context_(context), operations_(operations), planner_(planner), reader_(context_) {}

  /// The units that may have rows in the range that match, in no order.
  /// Errors: kCancelled, kDeadlineExceeded.
  Result<std::vector<ScanUnit>> units(const TimeRange& range);
  const ReadContext& context() const { return context_; }

  /// The row after the operations; nothing when one of them drops it.
  std::optional<Row> operated(const ColumnRow& row) const;
  bool has_operations() const { return !operations_.empty(); }
  /// For the caller's own thread.
  UnitReader& reader() { return reader_; }

  /// Counts units that are going to be read, for the list of running queries.
  void add_total(std::size_t units) { context_.progress.units_total += units; }
  void add_matched(std::uint64_t rows) { matched_ += rows; }
  std::uint64_t matched() const { return matched_; }

 private:
  const ReadContext context_;
  const std::vector<std::unique_ptr<RowOperation>>& operations_;
  Planner& planner_;
  UnitReader reader_;
  std::uint64_t matched_ = 0;
};

}  // namespace duramen::query
