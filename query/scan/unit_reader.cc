#include "query/scan/unit_reader.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "query/rows/batch_columns.h"

namespace duramen::query {
namespace {

constexpr std::size_t kMaxWarnings = 100;
/// Rows times terms of the filter: some milliseconds.
constexpr std::size_t kTermsBetweenChecks = 1024;

}  // namespace

bool is_damage(ErrorCode code) {
  return code == ErrorCode::kDataLoss || code == ErrorCode::kUnimplemented ||
         code == ErrorCode::kNotFound || code == ErrorCode::kUnavailable;
}

void DamageNotes::add(const store::BlockRef& block, std::uint64_t lost, const std::string& why) {
  const MutexLock lock(mutex_);
  if (!damaged_.insert(block.id).second || texts_.size() >= kMaxWarnings) return;
  texts_.push_back("block " + std::to_string(block.id.value()) + " of " + block.segment +
                   " cannot be read, its " + std::to_string(lost) +
                   " rows are missing here: " + why);
}

std::vector<std::string> DamageNotes::texts() const {
  const MutexLock lock(mutex_);
  return texts_;
}

void UnitReader::count_cost() {
  if (block_ == nullptr) return;
  const store::BlockCost cost = block_->take_cost();
  context_.progress.scanned_bytes += cost.value_bytes;
  context_.progress.frames += cost.frames;
}

void UnitReader::close() { suspend(); }

UnitReader::Suspended UnitReader::suspend() {
  count_cost();
  filter_.reset();
  return {std::move(columns_), std::exchange(block_, nullptr)};
}

void UnitReader::bind(std::unique_ptr<RecordColumns> columns, BlockColumns* block) {
  columns_ = std::move(columns);
  block_ = block;
  row_.bind(*columns_);
  if (block_ != nullptr)
    filter_.emplace(context_.matcher, context_.names, context_.progress, *block_, row_);
}

Result<bool> UnitReader::open(const ScanUnit& unit) {
  ++context_.progress.units;
  if (unit.open != nullptr) {
    context_.progress.scanned_bytes += unit.open->records().raw_bytes();
  } else {
    ++context_.progress.blocks;
  }
  return open_again(unit);
}

Result<bool> UnitReader::reopen(const ScanUnit& unit, Suspended suspended) {
  if (suspended.columns == nullptr) return open_again(unit);
  close();
  unit_ = unit;
  bind(std::move(suspended.columns), suspended.block);
  return true;
}

Result<bool> UnitReader::open_again(const ScanUnit& unit) {
  close();
  DURAMEN_TRY_VOID(context_.progress.check());
  unit_ = unit;
  if (unit.open != nullptr) {
    bind(std::make_unique<BatchColumns>(*unit.open), nullptr);
    return true;
  }
  if (context_.mode == ReadMode::kRows) return open_whole();
  auto block = context_.snapshot.open(*unit.block);
  if (!block) return is_damage(block.error().code) ? fall_back() : cannot_read(block.error());
  auto columns = BlockColumns::open(*std::move(block));
  if (!columns) return fall_back();
  BlockColumns* const opened = columns->get();
  bind(*std::move(columns), opened);
  return true;
}

Result<bool> UnitReader::open_whole() {
  auto read = context_.snapshot.read(*unit_.block);
  if (!read) return cannot_read(std::move(read).error());
  context_.progress.scanned_bytes += read->records().raw_bytes();
  bind(std::make_unique<BatchColumns>(*std::move(read)), nullptr);
  return true;
}

Result<bool> UnitReader::cannot_read(Error error) {
  if (!is_damage(error.code)) return error;
  context_.notes.add(*unit_.block, unit_.block->summary.rows, error.message);
  return false;
}

Result<bool> UnitReader::fall_back() {
  close();
  return open_whole();
}

bool UnitReader::needs_seqs() const {
  return unit_.block == nullptr || unit_.block->summary.max_seq > context_.up_to ||
         unit_.block->summary.min_seq <= context_.after;
}

Result<bool> UnitReader::select(const TimeRange& range, const PositionBounds& bounds,
                                std::vector<std::uint32_t>& rows) {
  DURAMEN_TRY_VOID(select_once(range, bounds, rows));
  if (!damaged()) return true;
  DURAMEN_TRY(const bool readable, fall_back());
  if (!readable) return false;
  DURAMEN_TRY_VOID(select_once(range, bounds, rows));
  return true;
}

Result<void> UnitReader::select_once(const TimeRange& range, const PositionBounds& bounds,
                                     std::vector<std::uint32_t>& rows) {
  rows.clear();
  const bool hopeless = is_hopeless();
  DURAMEN_TRY_VOID(context_.progress.check());
  if (hopeless) return {};
  preselect(rows);
  DURAMEN_TRY_VOID(context_.progress.check());
  const bool all_times = range.contains(unit_.first, unit_.last);
  const bool all_seqs = !needs_seqs();
  const bool all_positions = bounds.is_everything();
  context_.progress.scanned_rows += columns_->rows();
  if (filter_ && filter_->of_block() == Verdict::kYes && all_times && all_seqs && all_positions) {
    return {};
  }
  const std::size_t rows_between_checks =
      std::max<std::size_t>(1, kTermsBetweenChecks / (context_.matcher.leaves() + 1));
  std::size_t kept = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i % rows_between_checks == 0) {
      if (damaged()) return {};
      DURAMEN_TRY_VOID(context_.progress.check());
    }
    const std::uint32_t row = rows[i];
    if (!all_seqs && !context_.sees(columns_->seq(row))) continue;
    if (!all_times && !range.contains(columns_->time(row))) continue;
    if (!all_positions && !bounds.contain(columns_->position(row))) continue;
    if (matches(row)) rows[kept++] = row;
  }
  rows.resize(kept);
  // A filter that had to stop has said no to everything since.
  return context_.progress.check();
}

void UnitReader::preselect(std::vector<std::uint32_t>& rows) {
  const auto count = static_cast<std::uint32_t>(columns_->rows());
  if (!filter_ || filter_->by_names() || !filter_->by_template()) {
    rows.resize(count);
    std::iota(rows.begin(), rows.end(), 0U);
    return;
  }
  std::vector<bool> passes;
  for (std::uint32_t id = 0; id < block_->templates().size(); ++id) {
    passes.push_back(block_->templates()[id].rows != 0 && filter_->of_template(id) != Verdict::kNo);
  }
  const auto of_row = block_->templates_of_rows();
  for (std::uint32_t row = 0; row < count; ++row) {
    if (passes[of_row[row]]) rows.push_back(row);
  }
}

bool UnitReader::matches(std::uint32_t row) {
  if (filter_) {
    const Verdict verdict = filter_->of_row(row);
    return verdict == Verdict::kLook ? filter_->matches(row) : verdict == Verdict::kYes;
  }
  row_.move_to(row);
  return context_.matcher.matches(row_);
}

bool UnitReader::is_hopeless() {
  if (!filter_ || filter_->by_names()) return false;
  const auto& templates = block_->templates();
  for (std::uint32_t id = 0; id < templates.size(); ++id) {
    if (templates[id].rows != 0 && filter_->of_template(id) != Verdict::kNo) return false;
  }
  return true;
}

std::optional<std::uint64_t> UnitReader::count(const TimeRange& range) {
  if (!filter_ || filter_->by_names() || needs_seqs()) return std::nullopt;
  if (!range.contains(unit_.first, unit_.last)) return std::nullopt;
  std::uint64_t rows = 0;
  const auto& templates = block_->templates();
  for (std::uint32_t id = 0; id < templates.size(); ++id) {
    if (templates[id].rows == 0) continue;
    const Verdict verdict = filter_->of_template(id);
    if (verdict == Verdict::kLook) return std::nullopt;
    if (verdict == Verdict::kYes) rows += templates[id].rows;
  }
  if (damaged() || !context_.progress.check()) return std::nullopt;  // select() says which
  context_.progress.scanned_rows += columns_->rows();
  return rows;
}

BlockColumns::Needs UnitReader::needs(Load what) const {
  BlockColumns::Needs needs;
  needs.times = what == Load::kTimes;
  needs.positions = what == Load::kPositions || what == Load::kWhole;
  needs.seqs = what == Load::kSeqsAndStreams;
  needs.streams = what == Load::kSeqsAndStreams || what == Load::kStreams;
  if (what == Load::kWhole) {
    needs.times = needs.received = needs.messages = needs.streams = needs.all_fields = true;
  }
  if (what != Load::kNames) return needs;
  for (Slot slot = 0; slot < context_.names.size(); ++slot) {
    if (!context_.names.is_of_pipes(slot)) continue;
    const Name::Builtin builtin = context_.names.at(slot).builtin;
    needs.times = needs.times || builtin == Name::Builtin::kTime;
    needs.positions = needs.positions || builtin == Name::Builtin::kSeq;
    needs.messages = needs.messages || builtin == Name::Builtin::kMessage;
    needs.received = needs.received || builtin == Name::Builtin::kReceived;
    needs.streams = needs.streams || builtin == Name::Builtin::kNone;
  }
  needs.fields = row_.fields_asked_for();
  return needs;
}

Result<bool> UnitReader::load(std::span<const std::uint32_t> rows, Load what) {
  if (block_ == nullptr || block_->load(rows, needs(what))) return true;
  return fall_back();
}

}  // namespace duramen::query
