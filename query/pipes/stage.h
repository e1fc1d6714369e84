#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "query/language/ast.h"
#include "query/progress.h"
#include "query/request.h"
#include "query/rows/load.h"
#include "query/rows/row.h"

namespace duramen::query {

/// One pipe at work: takes rows, hands rows to the next.
/// Threading: none. Ownership: what comes after it (`next`) outlives it.
class Stage {
 public:
  Stage() = default;
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;
  Stage(Stage&&) = delete;
  Stage& operator=(Stage&&) = delete;
  virtual ~Stage() = default;

  /// False: it wants no more rows.
  virtual Result<bool> push(Row row) = 0;
  /// The same for a row that lies elsewhere; a stage that need not keep it copies nothing.
  virtual Result<bool> push_view(const RowView& row) { return push(row.to_row()); }
  /// What it looks at in a row of push_view().
  virtual Load load() const { return Load::kWhole; }
  /// After the last row, also when push() wanted no more.
  virtual Result<void> finish() = 0;
};

/// Writes rows as lines, up to the limit (0: none).
class OutputStage final : public Stage {
 public:
  OutputStage(const LineWriter& write, std::uint64_t limit) : write_(write), limit_(limit) {}
  Result<bool> push(Row row) override;
  Result<bool> push_json(std::string_view json);
  Result<void> finish() override { return {}; }
  std::uint64_t rows() const { return rows_; }
  bool cut() const { return cut_; }  ///< a row came after the last one allowed

 private:
  const LineWriter& write_;
  const std::uint64_t limit_;
  std::uint64_t rows_ = 0;
  bool cut_ = false;
  std::string line_;
};

/// A pipe that looks at one row at a time: `fields`, `where`, `parse`.
/// Threading: const methods from any thread.
class RowOperation {
 public:
  RowOperation() = default;
  RowOperation(const RowOperation&) = delete;
  RowOperation& operator=(const RowOperation&) = delete;
  RowOperation(RowOperation&&) = delete;
  RowOperation& operator=(RowOperation&&) = delete;
  virtual ~RowOperation() = default;
  /// Changes the row; false drops it.
  virtual bool apply(Row& row) const = 0;
};

bool is_row_operation(const Pipe& pipe);
/// `names` must outlive it. Errors: kInvalidArgument (a regex).
Result<std::unique_ptr<RowOperation>> make_row_operation(const Pipe& pipe, NameTable& names);

struct StageContext {
  NameTable& names;
  Progress& progress;
  Order order;          ///< of the rows that come in
  std::uint64_t limit;  ///< of the answer; 0: none
};

/// The stages of `pipes`, first to last, each handing on to the next and the last to `output`.
/// `by_position`: rows come in any order, and a first `sort` leaves equal rows in the query's
/// order.
Result<std::vector<std::unique_ptr<Stage>>> make_stages(const std::vector<Pipe>& pipes,
                                                        const StageContext& context,
                                                        bool by_position, Stage& output);

}  // namespace duramen::query
