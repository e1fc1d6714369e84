#include "query/tail/seq_reader.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "query/scan/planner.h"

namespace duramen::query {
namespace {

/// Seqs of one window.
constexpr std::uint64_t kWindow = 32 * 1024;

}  // namespace

SeqReader::~SeqReader() = default;

Result<std::unique_ptr<SeqReader>> SeqReader::open(std::shared_ptr<const TailQuery> query,
                                                   std::shared_ptr<const store::Snapshot> snapshot,
                                                   const index::Index* index, Progress& progress) {
  std::unique_ptr<SeqReader> out(new SeqReader(std::move(query), std::move(snapshot), progress));
  DURAMEN_TRY_VOID(out->plan(index));
  return out;
}

Result<void> SeqReader::plan(const index::Index* index) {
  std::vector<ScanUnit> units;
  const auto note_oldest = [&](model::Seq first) {
    oldest_ = oldest_ ? std::min(*oldest_, first) : first;
  };
  for (const store::BlockRef& block : snapshot_->blocks()) {
    note_oldest(block.summary.min_seq);
    units.push_back({&block, nullptr, block.summary.min_time, block.summary.max_time});
  }
  Planner planner(index, query_->prune(), progress_, false);
  DURAMEN_TRY_VOID(planner.leave_out(units));
  for (const ScanUnit& unit : units) {
    units_.push_back({unit, unit.block->summary.min_seq, unit.block->summary.max_seq});
  }
  for (const model::RowSet& rows : snapshot_->open_rows()) {
    if (rows.rows() == 0) continue;
    note_oldest(rows.identity(0).seq);
    const auto& times = rows.records().time;
    const auto [first, last] = std::minmax_element(times.begin(), times.end());
    units_.push_back({{nullptr, &rows, *first, *last},
                      rows.identity(0).seq,
                      rows.identity(rows.rows() - 1).seq});
  }
  std::sort(units_.begin(), units_.end(),
            [](const Unit& a, const Unit& b) { return a.first < b.first; });
  return {};
}

Result<model::Seq> SeqReader::find_behind(model::Seq after, model::Seq until) {
  open_.clear();
  found_.clear();
  auto first = model::Seq(std::numeric_limits<std::uint64_t>::max());
  for (const Unit& unit : units_) {
    if (unit.last > after) first = std::min(first, std::max(unit.first, after.plus(1)));
  }
  if (first > until) return until;
  const model::Seq last = std::min(until, first.plus(kWindow - 1));
  DURAMEN_TRY_VOID(look(model::Seq(first.value() - 1), last));
  return last;
}

Result<model::Seq> SeqReader::find_back(model::Seq last) {
  open_.clear();
  found_.clear();
  model::Seq top;
  for (const Unit& unit : units_) {
    if (unit.first <= last) top = std::max(top, std::min(unit.last, last));
  }
  const model::Seq after(top.value() > kWindow ? top.value() - kWindow : 0);
  if (top > model::Seq(0)) DURAMEN_TRY_VOID(look(after, top));
  return after;
}

/// Finds the rows with after < seq <= up_to.
Result<void> SeqReader::look(model::Seq after, model::Seq up_to) {
  context_.emplace(ReadContext{*snapshot_, up_to, query_->names(), query_->matcher(), progress_,
                               notes_, ReadMode::kColumns, after});
  for (std::uint32_t unit = 0; unit < units_.size(); ++unit) {
    if (units_[unit].first > up_to || units_[unit].last <= after) continue;
    DURAMEN_TRY_VOID(look_at(unit));
  }
  std::sort(found_.begin(), found_.end(),
            [](const Found& a, const Found& b) { return a.seq < b.seq; });
  return {};
}

Result<void> SeqReader::look_at(std::uint32_t unit) {
  auto reader = std::make_unique<UnitReader>(*context_);
  DURAMEN_TRY(bool readable, reader->open(units_[unit].read));
  if (readable) {
    DURAMEN_TRY(readable, reader->select({}, {}, rows_));
  }
  if (!readable || rows_.empty()) return {};
  DURAMEN_TRY(readable, narrow(*reader));
  if (readable) {
    DURAMEN_TRY(readable, reader->load(rows_, Load::kSeqsAndStreams));
  }
  if (!readable) return {};
  for (const std::uint32_t row : rows_) {
    found_.push_back({reader->columns().seq(row), unit, row});
  }
  open_[unit] = std::move(reader);
  return {};
}

Result<bool> SeqReader::narrow(UnitReader& reader) {
  if (!query_->may_drop()) return true;
  DURAMEN_TRY(const bool readable, reader.load(rows_, Load::kWhole));
  if (!readable) return false;
  std::size_t kept = 0;
  for (const std::uint32_t row : rows_) {
    reader.row().move_to(row);
    if (query_->keeps(reader.row())) rows_[kept++] = row;
  }
  rows_.resize(kept);
  return true;
}

Result<void> SeqReader::append(std::size_t first, std::size_t count, TailChunk& to) {
  const auto wanted = std::span(found_).subspan(first, count);
  std::map<std::uint32_t, std::vector<std::uint32_t>> rows;
  for (const Found& one : wanted) rows[one.unit].push_back(one.row);
  std::map<std::uint32_t, bool> readable;
  for (auto& [unit, its] : rows) {
    std::sort(its.begin(), its.end());
    DURAMEN_TRY(readable[unit], open_.at(unit)->load(its, Load::kWhole));
  }
  for (const Found& one : wanted) {
    if (!readable[one.unit]) continue;
    DURAMEN_TRY_VOID(progress_.check());
    UnitReader& reader = *open_.at(one.unit);
    reader.row().move_to(one.row);
    query_->append(reader.row(), one.seq, reader.columns().position(one.row), to);
  }
  return {};
}

}  // namespace duramen::query
