#include "query/context.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "query/rows/batch_columns.h"
#include "query/rows/column_row.h"
#include "query/rows/row_json.h"
#include "query/scan/nearest_rows.h"
#include "query/scan/scan.h"

namespace duramen::query {
namespace {

constexpr std::string_view kContextName = "_context";
constexpr std::size_t kMaxWarnings = 100;
constexpr std::size_t kRowsBetweenChecks = 4096;

struct Unit {
  const store::BlockRef* block = nullptr;
  const model::RowSet* open = nullptr;
  model::Seq first;  ///< smallest and
  model::Seq last;   ///< greatest seq in it

  /// How far it is from `seq`; 0: it may hold it.
  std::uint64_t distance(model::Seq seq) const {
    if (seq < first) return first.value() - seq.value();
    return seq > last ? seq.value() - last.value() : 0;
  }
};

std::vector<Unit> units_of(const store::Snapshot& snapshot, const TimeRange& range) {
  std::vector<Unit> out;
  for (const store::BlockRef& block : snapshot.blocks()) {
    const store::BlockSummary& summary = block.summary;
    if (range.touches(summary.min_time, summary.max_time)) {
      out.push_back({&block, nullptr, summary.min_seq, summary.max_seq});
    }
  }
  for (const model::RowSet& rows : snapshot.open_rows()) {
    if (rows.rows() == 0) continue;
    // A batch as the journal took it: rising seqs.
    out.push_back({nullptr, &rows, rows.identity(0).seq, rows.identity(rows.rows() - 1).seq});
  }
  return out;
}

class ContextSearch {
 public:
  ContextSearch(const Execution& execution, Progress& progress)
      : snapshot_(*execution.snapshot),
        request_(*execution.request.context),
        range_{execution.request.start, execution.request.end},
        progress_(progress),
        view_(names_),
        older_(NearestRows::Side::kOlder, request_.before, progress),
        newer_(NearestRows::Side::kNewer, request_.after, progress) {}

  Result<QueryEnd> run(const LineWriter& write) {
    DURAMEN_TRY_VOID(find_record());
    DURAMEN_TRY_VOID(find_neighbours());
    DURAMEN_TRY_VOID(write_rows(write));
    end_.partial = !end_.warnings.empty();
    end_.scanned_rows = progress_.scanned_rows;
    end_.scanned_bytes = progress_.scanned_bytes;
    return std::move(end_);
  }

 private:
  Result<void> find_record();
  void bind(const model::RowSet& rows) {
    columns_ = std::make_unique<BatchColumns>(rows);
    view_.bind(*columns_);
  }
  Result<bool> find_in(const model::RowSet& rows);
  Result<void> find_neighbours();
  Result<void> take_from(const model::RowSet& rows);
  Result<void> write_rows(const LineWriter& write);
  /// The rows of a unit; nothing when it is damaged, which is noted.
  Result<std::optional<model::RowSet>> read(const Unit& unit);
  void note_damage(const store::BlockRef& block, const std::string& why);

  const store::Snapshot& snapshot_;
  const ContextRequest& request_;
  const TimeRange range_;
  Progress& progress_;
  const NameTable names_{};
  std::unique_ptr<BatchColumns> columns_;
  ColumnRow view_;
  NearestRows older_;
  NearestRows newer_;
  model::StreamId stream_;
  std::optional<Row> record_;
  model::Seq from_;  ///< its seq here
  std::optional<model::BlockId> found_in_;
  model::RowSet found_;  ///< the rows of that block: it is the first whose neighbours are needed
  std::vector<model::BlockId> damaged_;
  QueryEnd end_;
};

// A record that entered here is in the journal at the place that its name says: so the name leads
// to the units that span it.
Result<void> ContextSearch::find_record() {
  const std::string name = to_text(request_.record);
  for (const Unit& unit : units_of(snapshot_, {})) {
    if (unit.distance(request_.record.seq) != 0) continue;
    ++progress_.units_total;
    DURAMEN_TRY(const auto rows, read(unit));
    if (!rows) continue;
    DURAMEN_TRY(const bool found, find_in(*rows));
    if (!found) continue;
    if (unit.block != nullptr) {
      found_in_ = unit.block->id;
      found_ = *rows;
    }
    return {};
  }
  if (end_.warnings.empty()) {
    return Error{ErrorCode::kNotFound,
                 "there is no record " + name + " here; retention may have dropped it"};
  }
  return Error{ErrorCode::kDataLoss,
               "the record " + name + " was not found where it can be read: " + end_.warnings[0]};
}

Result<bool> ContextSearch::find_in(const model::RowSet& rows) {
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    if (i % kRowsBetweenChecks == 0) {
      DURAMEN_TRY_VOID(progress_.check());
    }
    const model::RowIdentity identity = rows.identity(i);
    if (identity.origin_seq != request_.record.seq || identity.node != request_.record.node ||
        identity.seq > snapshot_.seq()) {
      continue;
    }
    from_ = identity.seq;
    bind(rows);
    view_.move_to(i);
    stream_ = view_.labels()->id();
    record_ = view_.to_row();
    return true;
  }
  return false;
}

Result<void> ContextSearch::find_neighbours() {
  std::vector<Unit> units = units_of(snapshot_, range_);
  std::sort(units.begin(), units.end(),
            [this](const Unit& a, const Unit& b) { return a.distance(from_) < b.distance(from_); });
  progress_.units_total += units.size();
  for (const Unit& unit : units) {
    const bool wanted =
        older_.wants(unit.first, unit.last, from_) || newer_.wants(unit.first, unit.last, from_);
    if (!wanted) continue;
    DURAMEN_TRY(const auto rows, read(unit));
    if (!rows) continue;
    DURAMEN_TRY_VOID(take_from(*rows));
  }
  return {};
}

Result<void> ContextSearch::take_from(const model::RowSet& rows) {
  const model::RecordBatch& records = rows.records();
  std::vector<bool> same;
  for (const model::Labels& labels : records.streams) same.push_back(labels.id() == stream_);
  if (std::find(same.begin(), same.end(), true) == same.end()) return {};
  std::vector<NearestRows::Candidate> before;
  std::vector<NearestRows::Candidate> after;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    if (i % kRowsBetweenChecks == 0) {
      DURAMEN_TRY_VOID(progress_.check());
    }
    if (!same[records.stream[i]] || !range_.contains(records.time[i])) continue;
    const model::Seq seq = rows.identity(i).seq;
    if (seq > snapshot_.seq()) continue;
    if (older_.wants(seq, from_)) before.push_back({seq, i});
    if (newer_.wants(seq, from_)) after.push_back({seq, i});
  }
  if (before.empty() && after.empty()) return {};
  bind(rows);
  DURAMEN_TRY_VOID(older_.take(before, view_));
  return newer_.take(after, view_);
}

Result<std::optional<model::RowSet>> ContextSearch::read(const Unit& unit) {
  DURAMEN_TRY_VOID(progress_.check());
  if (unit.block != nullptr && found_in_ == unit.block->id) return std::optional(found_);
  ++progress_.units;
  std::optional<model::RowSet> out;
  if (unit.open != nullptr) {
    out = *unit.open;
  } else {
    auto rows = snapshot_.read(*unit.block);
    if (!rows) {
      if (!is_damage(rows.error().code)) return std::move(rows).error();
      note_damage(*unit.block, rows.error().message);
      return out;
    }
    out = *std::move(rows);
  }
  progress_.scanned_rows += out->rows();
  progress_.scanned_bytes += out->records().raw_bytes();
  return out;
}

void ContextSearch::note_damage(const store::BlockRef& block, const std::string& why) {
  if (std::find(damaged_.begin(), damaged_.end(), block.id) != damaged_.end()) return;
  damaged_.push_back(block.id);
  if (end_.warnings.size() >= kMaxWarnings) return;
  end_.warnings.push_back("block " + std::to_string(block.id.value()) + " of " + block.segment +
                          " cannot be read, rows of it may be missing here: " + why);
}

Result<void> ContextSearch::write_rows(const LineWriter& write) {
  std::string line;
  std::vector<ShownField> fields;
  const auto write_row = [&](const Row& row, std::int64_t distance) -> Result<void> {
    DURAMEN_TRY_VOID(progress_.check());
    const std::string number = std::to_string(distance);
    line.clear();
    fields.clear();
    fields.push_back({kContextName, {number, model::FieldKind::kJson}});
    for (const Row::Field& field : row.fields) {
      if (!field.hidden) fields.push_back({field.name, {field.bytes, field.kind}});
    }
    append_row_json(line, fields, true);
    ++end_.rows;
    return write(line);
  };
  const auto& before = older_.nearest_first();
  for (std::size_t i = before.size(); i-- > 0;) {
    DURAMEN_TRY_VOID(write_row(before[i].row, -1 - static_cast<std::int64_t>(i)));
  }
  DURAMEN_TRY_VOID(write_row(*record_, 0));
  std::int64_t distance = 0;
  for (const NearestRows::Kept& kept : newer_.nearest_first()) {
    DURAMEN_TRY_VOID(write_row(kept.row, ++distance));
  }
  return {};
}

}  // namespace

Result<QueryEnd> execute_context(const Execution& execution, Progress& progress,
                                 const LineWriter& write) {
  return ContextSearch(execution, progress).run(write);
}

}  // namespace duramen::query
