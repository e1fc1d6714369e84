#include "query/context.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "query/rows/row_json.h"
#include "query/scan/nearest_rows.h"
#include "query/scan/unit_reader.h"

namespace duramen::query {
namespace {

constexpr std::string_view kContextName = "_context";
constexpr std::size_t kRowsBetweenChecks = 4096;

struct Unit {
  ScanUnit read;
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
    const ScanUnit unit{&block, nullptr, summary.min_time, summary.max_time};
    if (range.touches(unit.first, unit.last)) {
      out.push_back({unit, summary.min_seq, summary.max_seq});
    }
  }
  for (const model::RowSet& rows : snapshot.open_rows()) {
    if (rows.rows() == 0) continue;
    const auto [first, last] =
        std::minmax_element(rows.records().time.begin(), rows.records().time.end());
    // A batch as the journal took it: rising seqs.
    out.push_back({{nullptr, &rows, *first, *last},
                   rows.identity(0).seq,
                   rows.identity(rows.rows() - 1).seq});
  }
  return out;
}

/// Matches every row.
Matcher all_rows(NameTable& names) { return *Matcher::compile(Filter{}, names); }

class ContextSearch {
 public:
  ContextSearch(const Execution& execution, Progress& progress)
      : request_(*execution.request.context),
        range_{execution.request.start, execution.request.end},
        progress_(progress),
        matcher_(all_rows(names_)),
        read_{*execution.snapshot, execution.snapshot->seq(), names_, matcher_, progress, notes_,
              execution.read},
        near_(read_),
        far_(read_),
        older_(NearestRows::Side::kOlder, request_.before, progress),
        newer_(NearestRows::Side::kNewer, request_.after, progress) {}

  Result<QueryEnd> run(const LineWriter& write) {
    DURAMEN_TRY_VOID(find_record());
    DURAMEN_TRY_VOID(find_neighbours());
    DURAMEN_TRY_VOID(write_rows(write));
    near_.close();
    far_.close();
    end_.warnings = notes_.texts();
    end_.partial = !end_.warnings.empty();
    end_.scanned_rows = progress_.scanned_rows;
    end_.scanned_bytes = progress_.scanned_bytes;
    return std::move(end_);
  }

 private:
  Result<void> find_record();
  Result<bool> find_in(const Unit& unit);
  Result<void> find_neighbours();
  Result<bool> open(const Unit& unit, UnitReader& reader);
  Result<void> take_from(UnitReader& reader);
  Result<void> choose(UnitReader& reader);
  Result<void> take(NearestRows& side, const std::vector<NearestRows::Candidate>& candidates,
                    UnitReader& reader);
  Result<void> write_rows(const LineWriter& write);

  const ContextRequest& request_;
  const TimeRange range_;
  Progress& progress_;
  NameTable names_;
  const Matcher matcher_;
  DamageNotes notes_;
  const ReadContext read_;
  UnitReader near_;  ///< stays with the unit of the record: its neighbours are needed first
  UnitReader far_;
  NearestRows older_;
  NearestRows newer_;
  model::StreamId stream_;
  std::optional<Row> record_;
  model::Seq from_;  ///< its seq here
  ScanUnit found_in_;
  std::vector<std::uint32_t> rows_;
  std::vector<std::uint32_t> streams_;  ///< of the rows
  std::vector<NearestRows::Candidate> before_;
  std::vector<NearestRows::Candidate> after_;
  QueryEnd end_;
};

// A record that entered here is in the journal at the place that its name says: so the name leads
// to the units that span it.
Result<void> ContextSearch::find_record() {
  for (const Unit& unit : units_of(read_.snapshot, {})) {
    if (unit.distance(request_.record.seq) != 0) continue;
    ++progress_.units_total;
    DURAMEN_TRY(const bool found, find_in(unit));
    if (found) return {};
  }
  const std::string name = to_text(request_.record);
  const std::vector<std::string> damage = notes_.texts();
  if (damage.empty()) {
    return Error{ErrorCode::kNotFound,
                 "there is no record " + name + " here; retention may have dropped it"};
  }
  return Error{ErrorCode::kDataLoss,
               "the record " + name + " was not found where it can be read: " + damage[0]};
}

Result<bool> ContextSearch::find_in(const Unit& unit) {
  DURAMEN_TRY(bool readable, near_.open(unit.read));
  if (!readable) return false;
  DURAMEN_TRY(readable, near_.select({}, {}, rows_));
  if (!readable) return false;
  DURAMEN_TRY(readable, near_.load(rows_, Load::kPositions));
  if (!readable) return false;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (i % kRowsBetweenChecks == 0) {
      DURAMEN_TRY_VOID(progress_.check());
    }
    const Position position = near_.columns().position(rows_[i]);
    if (position.seq != request_.record.seq || position.node != request_.record.node) continue;
    found_in_ = unit.read;
    DURAMEN_TRY(readable, near_.load(std::span(rows_).subspan(i, 1), Load::kWhole));
    if (!readable) return false;
    near_.row().move_to(rows_[i]);
    from_ = near_.columns().seq(rows_[i]);
    stream_ = near_.row().labels()->id();
    record_ = near_.row().to_row();
    return true;
  }
  return false;
}

Result<void> ContextSearch::find_neighbours() {
  std::vector<Unit> units = units_of(read_.snapshot, range_);
  std::sort(units.begin(), units.end(),
            [this](const Unit& a, const Unit& b) { return a.distance(from_) < b.distance(from_); });
  progress_.units_total += units.size();
  for (const Unit& unit : units) {
    const bool wanted =
        older_.wants(unit.first, unit.last, from_) || newer_.wants(unit.first, unit.last, from_);
    if (!wanted) continue;
    if (unit.read.block == found_in_.block && unit.read.open == found_in_.open) {
      DURAMEN_TRY_VOID(take_from(near_));
      continue;
    }
    DURAMEN_TRY(const bool readable, far_.open(unit.read));
    if (readable) DURAMEN_TRY_VOID(take_from(far_));
  }
  return {};
}

Result<void> ContextSearch::take_from(UnitReader& reader) {
  const auto& streams = reader.columns().streams();
  const auto is_stream = [this](const model::Labels& labels) { return labels.id() == stream_; };
  if (std::none_of(streams.begin(), streams.end(), is_stream)) return {};
  DURAMEN_TRY(bool readable, reader.select(range_, {}, rows_));
  if (!readable) return {};
  DURAMEN_TRY(readable, reader.load(rows_, Load::kSeqsAndStreams));
  if (!readable) return {};
  DURAMEN_TRY_VOID(choose(reader));
  DURAMEN_TRY_VOID(take(older_, before_, reader));
  return take(newer_, after_, reader);
}

/// Finds the rows of the stream that are nearer than what is kept so far.
Result<void> ContextSearch::choose(UnitReader& reader) {
  std::vector<bool> same;
  for (const model::Labels& labels : reader.columns().streams()) {
    same.push_back(labels.id() == stream_);
  }
  reader.columns().streams_of(rows_, streams_);
  before_.clear();
  after_.clear();
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (i % kRowsBetweenChecks == 0) {
      DURAMEN_TRY_VOID(progress_.check());
    }
    if (!same[streams_[i]]) continue;
    const model::Seq seq = reader.columns().seq(rows_[i]);
    if (older_.wants(seq, from_)) before_.push_back({seq, rows_[i]});
    if (newer_.wants(seq, from_)) after_.push_back({seq, rows_[i]});
  }
  older_.choose(before_);
  newer_.choose(after_);
  return {};
}

Result<void> ContextSearch::take(NearestRows& side,
                                 const std::vector<NearestRows::Candidate>& candidates,
                                 UnitReader& reader) {
  rows_.clear();
  for (const auto& candidate : candidates) rows_.push_back(candidate.row);
  DURAMEN_TRY(const bool readable, reader.load(rows_, Load::kWhole));
  if (!readable) return {};
  return side.take(candidates, reader.row());
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
