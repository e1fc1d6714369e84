#include "query/deletion/doomed_rows.h"

#include <optional>
#include <utility>

#include "query/filter/matcher.h"
#include "query/scan/planner.h"
#include "query/scan/scan.h"
#include "query/scan/unit_pipeline.h"

namespace duramen::query {
namespace {

Error too_many(std::uint64_t rows, std::uint64_t mark_bytes) {
  return {ErrorCode::kResourceExhausted,
          "after " + std::to_string(rows) + " rows the limit of " + std::to_string(mark_bytes) +
              " bytes for the places of rows of one deletion is reached: delete one range of time "
              "after the other (start, end)"};
}

}  // namespace

Result<DoomedRows> find_doomed_rows(const store::Snapshot& snapshot, const index::Index* index,
                                    const Filter& filter, const TimeRange& range, model::Seq up_to,
                                    std::uint64_t mark_bytes, Progress& progress) {
  NameTable names;
  DURAMEN_TRY(const Matcher matcher, Matcher::compile(filter, names));
  DamageNotes notes;
  const ReadContext context{snapshot, up_to, names, matcher, progress, notes};
  const std::vector<std::unique_ptr<RowOperation>> no_operations;
  Planner planner(index, prune_of(filter), progress, false);
  Scan scan(context, no_operations, planner);
  DURAMEN_TRY(std::vector<ScanUnit> units, scan.units(range));
  std::erase_if(units, [](const ScanUnit& unit) { return unit.block == nullptr; });
  scan.add_total(units.size());

  DoomedRows out;
  std::uint64_t bytes = 0;
  UnitPipeline pipeline;
  pipeline.range = range;
  pipeline.bounds = [](const ScanUnit&) { return std::optional(PositionBounds()); };
  pipeline.take = [&](const UnitPipeline::Selected& selected) -> Result<bool> {
    store::MarkedBlock marked{selected.unit.block->id, {}};
    for (const std::uint32_t row : selected.rows) marked.rows.add(row);
    out.rows += marked.rows.count();
    bytes += sizeof(store::MarkedBlock) + marked.rows.packed().size();
    if (bytes > mark_bytes) return too_many(out.rows, mark_bytes);
    out.blocks.push_back(std::move(marked));
    return true;
  };
  DURAMEN_TRY_VOID(run_pipeline(context, units, pipeline));
  out.damage = notes.texts();
  return out;
}

}  // namespace duramen::query
