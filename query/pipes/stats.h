#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "query/language/ast.h"
#include "query/pipes/aggregate.h"
#include "query/pipes/stage.h"
#include "query/progress.h"
#include "query/rows/row.h"

namespace duramen::query {

/// The beginning of the step that `time` is in (docs/query.md, "stats").
TimeNs step_begin(TimeNs time, TimeNs step);

/// `stats`: groups in a hash table, limited by the query's memory. Gives its rows at the end, in
/// ascending order of the groups.
class StatsStage final : public Stage {
 public:
  StatsStage(StatsPipe pipe, const StageContext& context, Stage& next);
  Result<bool> push(Row row) override;
  Result<bool> push_view(const RowView& row) override;
  Result<void> finish() override;

  const StatsPipe& pipe() const { return pipe_; }
  const std::vector<Slot>& by() const { return by_; }
  /// That many rows; only where all calls count rows, and there are no groups.
  Result<bool> push_counted(std::uint64_t rows);
  /// That many rows in the same group as this one; only where all calls count rows.
  Result<bool> push_alike(const RowView& row, std::uint64_t rows);

 private:
  struct GroupValue {
    bool present = false;
    model::FieldKind kind = model::FieldKind::kText;
    std::string bytes;
  };
  struct Group {
    std::vector<GroupValue> values;
    std::vector<std::unique_ptr<Aggregate>> aggregates;
  };

  /// Sets key_ and key_values_ from the row.
  void read_key(const RowView& row);
  Result<Group*> find_group();
  Result<bool> emit(const Group& group);

  const StatsPipe pipe_;
  const NameTable& names_;
  Stage& next_;
  const Progress& progress_;
  MemoryUse memory_;
  std::vector<Slot> by_;
  std::vector<std::vector<Slot>> arguments_;  // a call
  std::unordered_map<std::string, Group> groups_;
  std::uint64_t emitted_ = 0;
  std::string key_;
  std::vector<GroupValue> key_values_;
};

}  // namespace duramen::query
