#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "query/language/ast.h"
#include "query/pipes/stage.h"
#include "query/progress.h"
#include "query/rows/row.h"
#include "query/rows/sort_value.h"

namespace duramen::query {

/// `sort`: holds the rows until the last has come; of them only the first `keep` (0: all).
class SortStage final : public Stage {
 public:
  SortStage(SortPipe pipe, const StageContext& context, bool by_position, std::uint64_t keep,
            Stage& next)
      : pipe_(std::move(pipe)),
        order_(context.order),
        by_position_(by_position),
        keep_(keep),
        next_(next),
        progress_(context.progress),
        memory_(context.progress) {}
  Result<bool> push(Row row) override;
  Result<void> finish() override;

 private:
  struct Item {
    std::vector<SortValue> keys;
    std::uint64_t arrival = 0;
    std::size_t bytes = 0;
    Row row;
  };
  bool before(const Item& a, const Item& b) const;
  void trim();

  const SortPipe pipe_;
  const Order order_;
  const bool by_position_;  ///< equal rows in the query's order; else as they came
  const std::uint64_t keep_;
  Stage& next_;
  const Progress& progress_;
  MemoryUse memory_;
  std::vector<Item> items_;
  std::uint64_t arrivals_ = 0;
};

}  // namespace duramen::query
