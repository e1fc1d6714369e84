#include "query/pipes/stage.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "query/pipes/names.h"
#include "query/pipes/sort.h"
#include "query/pipes/stats.h"
#include "query/rows/row_json.h"

namespace duramen::query {
namespace {

class OperationStage final : public Stage {
 public:
  OperationStage(std::unique_ptr<RowOperation> operation, Stage& next)
      : operation_(std::move(operation)), next_(next) {}
  Result<bool> push(Row row) override {
    if (!operation_->apply(row)) return true;
    return next_.push(std::move(row));
  }
  Result<void> finish() override { return next_.finish(); }

 private:
  const std::unique_ptr<RowOperation> operation_;
  Stage& next_;
};

class HeadStage final : public Stage {
 public:
  HeadStage(std::uint64_t rows, Stage& next) : left_(rows), next_(next) {}
  Result<bool> push(Row row) override {
    if (left_ == 0) return false;
    --left_;
    DURAMEN_TRY(const bool more, next_.push(std::move(row)));
    return more && left_ != 0;
  }
  Result<void> finish() override { return next_.finish(); }

 private:
  std::uint64_t left_;
  Stage& next_;
};

/// `top` is grouping, sorting and a head.
void replace_top(std::vector<Pipe>& out, const TopPipe& top) {
  StatsPipe stats;
  stats.calls.push_back({StatsPipe::Function::kCount, 0, {}, "count"});
  SortPipe sort;
  sort.keys.push_back({"count", true});
  for (const std::string& name : top.names) {
    stats.by.push_back({name, 0});
    sort.keys.push_back({name, false});
  }
  out.emplace_back(std::move(stats));
  out.emplace_back(std::move(sort));
  out.emplace_back(HeadPipe{top.rows});
}

/// How many rows of the `sort` at `at` can come into the answer; 0: any number.
std::uint64_t rows_kept(const std::vector<Pipe>& pipes, std::size_t at, std::uint64_t limit) {
  for (std::size_t i = at + 1; i < pipes.size(); ++i) {
    if (const auto* head = std::get_if<HeadPipe>(&pipes[i])) return head->rows;
    const bool same_rows =
        std::holds_alternative<FieldsPipe>(pipes[i]) || std::holds_alternative<ParsePipe>(pipes[i]);
    if (!same_rows) return 0;
  }
  return limit == 0 ? 0 : limit + 1;
}

}  // namespace

Result<bool> OutputStage::push(Row row) {
  if (limit_ != 0 && rows_ == limit_) {
    cut_ = true;
    return false;
  }
  line_.clear();
  append_row_json(line_, row);
  return push_json(line_);
}

Result<bool> OutputStage::push_json(std::string_view json) {
  if (limit_ != 0 && rows_ == limit_) {
    cut_ = true;
    return false;
  }
  DURAMEN_TRY_VOID(write_(json));
  ++rows_;
  return true;
}

Result<std::vector<std::unique_ptr<Stage>>> make_stages(const std::vector<Pipe>& pipes,
                                                        const StageContext& context,
                                                        bool by_position, Stage& output) {
  std::vector<Pipe> plain;
  for (const Pipe& pipe : pipes) {
    if (const auto* top = std::get_if<TopPipe>(&pipe)) {
      replace_top(plain, *top);
    } else {
      plain.push_back(pipe);
    }
  }
  std::vector<std::unique_ptr<Stage>> stages;
  Stage* next = &output;
  for (std::size_t i = plain.size(); i-- > 0;) {
    if (const auto* head = std::get_if<HeadPipe>(&plain[i])) {
      stages.push_back(std::make_unique<HeadStage>(head->rows, *next));
    } else if (const auto* sort = std::get_if<SortPipe>(&plain[i])) {
      stages.push_back(std::make_unique<SortStage>(*sort, context, by_position && i == 0,
                                                   rows_kept(plain, i, context.limit), *next));
    } else if (const auto* stats = std::get_if<StatsPipe>(&plain[i])) {
      stages.push_back(std::make_unique<StatsStage>(*stats, context, *next));
    } else if (const auto* names = std::get_if<NamesPipe>(&plain[i])) {
      stages.push_back(make_names_stage(*names, context, *next));
    } else {
      DURAMEN_TRY(auto operation, make_row_operation(plain[i], context.names));
      stages.push_back(std::make_unique<OperationStage>(std::move(operation), *next));
    }
    next = stages.back().get();
  }
  std::reverse(stages.begin(), stages.end());
  return stages;
}

}  // namespace duramen::query
