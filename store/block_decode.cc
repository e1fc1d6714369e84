#include <algorithm>
#include <cstring>
#include <limits>
#include <unordered_map>

#include "model/template.h"
#include "store/block.h"
#include "store/block_head.h"
#include "store/column_encoding.h"
#include "store/column_integers.h"
#include "store/frame.h"

namespace duramen::store {
namespace {

Error broken(std::string_view what) { return {ErrorCode::kDataLoss, "block " + std::string(what)}; }

using Numbers = std::vector<std::uint64_t>;

/// Decodes one block. Works through the head's promises in order: first rows, which say how many
/// values every column has, then the columns.
class BlockDecoder {
 public:
  explicit BlockDecoder(BlockHead head)
      : head_(std::move(head)), batch_(std::make_shared<model::RecordBatch>()) {}

  Result<model::RowSet> decode(std::string_view rows, std::string_view vars,
                               std::string_view fields);

 private:
  Result<void> read_rows(std::string_view value);
  Result<void> check_rows() const;
  void build_rows();
  Result<void> check_times_and_seqs() const;
  Result<void> read_columns(FrameReader& reader, std::span<const TimeNs> times, std::size_t& budget,
                            ColumnValues& out);
  void sort_times_by_template();
  Result<void> read_messages(std::string_view value);
  Result<void> read_template_columns(FrameReader& reader);
  Result<void> build_messages();
  Result<void> read_fields(std::string_view value);
  Result<std::vector<std::vector<TimeNs>>> times_of_fields() const;
  void build_fields(const std::vector<ColumnValues>& columns);
  std::vector<model::RowIdentity> identities() const;

  const Numbers& row_column(RowColumn column) const {
    return numbers_[static_cast<std::size_t>(column)];
  }

  struct Piece {
    std::string_view constant;
    std::size_t column = 0;
    bool is_slot = false;
  };
  struct Plan {
    std::vector<Piece> pieces;
    std::uint32_t next_row = 0;
  };

  BlockHead head_;
  std::array<Numbers, kRowColumns> numbers_;
  std::vector<TimeNs> times_;            ///< ordered by template
  std::vector<Plan> plans_;              ///< a template
  std::vector<ColumnValues> variables_;  ///< a column of vars
  std::shared_ptr<model::RecordBatch> batch_;
};

Result<void> BlockDecoder::read_rows(std::string_view value) {
  DURAMEN_TRY(auto reader, FrameReader::open("rows", head_.rows, value, raw_limit(head_)));
  for (Numbers& column : numbers_) {
    bool last = false;
    while (!last) {
      LaneReaders in{ByteReader({}), ByteReader({}), ByteReader({})};
      DURAMEN_TRY(const PartEntry* part, reader.next(in));
      last = part->last;
      const std::uint64_t left = head_.summary.rows - column.size();
      const std::uint64_t n = last ? left : part->values;
      if (part->encoding != Encoding::kIntegers || n == 0 || n > left) {
        return broken("rows: a part's encoding or count");
      }
      column.resize(column.size() + n);
      const std::span added = std::span(column).last(n);
      if (!decode_integers(in, added) || !in.used_up()) return broken("rows: a broken column");
    }
  }
  DURAMEN_TRY_VOID(reader.finish());
  return check_rows();
}

Result<void> BlockDecoder::check_rows() const {
  const auto below = [&](RowColumn column, std::size_t limit) {
    const Numbers& n = row_column(column);
    return std::all_of(n.begin(), n.end(), [limit](std::uint64_t v) { return v < limit; });
  };
  if (!below(RowColumn::kStream, head_.streams.size()) ||
      !below(RowColumn::kTemplate, head_.templates.size()) ||
      !below(RowColumn::kNode, head_.nodes.size()) ||
      !below(RowColumn::kFieldSet, head_.field_sets.size())) {
    return broken("rows: an index out of range");
  }
  std::vector<std::uint32_t> rows(head_.templates.size());
  for (const std::uint64_t t : row_column(RowColumn::kTemplate)) ++rows[t];
  for (std::size_t t = 0; t < rows.size(); ++t) {
    if (rows[t] != head_.templates[t].rows) return broken("rows: template counts");
  }
  return check_times_and_seqs();
}

Result<void> BlockDecoder::check_times_and_seqs() const {
  const auto spans = [](const Numbers& n, std::uint64_t span) {
    const auto [low, high] = std::minmax_element(n.begin(), n.end());
    return *low == 0 && *high == span;
  };
  const BlockSummary& sum = head_.summary;
  const std::uint64_t time_span =
      static_cast<std::uint64_t>(sum.max_time) - static_cast<std::uint64_t>(sum.min_time);
  if (sum.min_time > sum.max_time || !spans(row_column(RowColumn::kTime), time_span) ||
      sum.min_seq > sum.max_seq ||
      !spans(row_column(RowColumn::kSeq), sum.max_seq.value() - sum.min_seq.value())) {
    return broken("rows: times or seqs that the head does not name");
  }
  return {};
}

Result<void> BlockDecoder::read_columns(FrameReader& reader, std::span<const TimeNs> times,
                                        std::size_t& budget, ColumnValues& out) {
  for (bool last = times.empty(); !last;) {
    LaneReaders in{ByteReader({}), ByteReader({}), ByteReader({})};
    DURAMEN_TRY(const PartEntry* part, reader.next(in));
    last = part->last;
    const std::uint64_t n = last ? times.size() : part->values;
    if (n == 0 || n > times.size()) return broken("columns: a part's count");
    if (!decode_values(part->encoding, in, n, times.first(n), budget, out)) {
      return broken("columns: broken values");
    }
    times = times.subspan(n);
  }
  return {};
}

void BlockDecoder::sort_times_by_template() {
  std::vector<std::size_t> next;
  std::size_t begin = 0;
  for (const BlockTemplate& t : head_.templates) {
    next.push_back(begin);
    begin += t.rows;
  }
  times_.resize(head_.summary.rows);
  const Numbers& of = row_column(RowColumn::kTemplate);
  for (std::size_t i = 0; i < of.size(); ++i) times_[next[of[i]]++] = batch_->time[i];
}

Result<void> BlockDecoder::read_template_columns(FrameReader& reader) {
  // A variable of a template is never empty, so there are at most as many as message bytes.
  std::uint64_t values_left = head_.message_bytes;
  std::size_t budget = head_.message_bytes;
  plans_.resize(head_.templates.size());
  sort_times_by_template();
  std::span<const TimeNs> times_left(times_);
  for (std::size_t t = 0; t < head_.templates.size(); ++t) {
    const BlockTemplate& from = head_.templates[t];
    const auto times = times_left.first(from.rows);
    times_left = times_left.subspan(from.rows);
    std::vector<Piece>& pieces = plans_[t].pieces;
    const std::string_view text = t == 0 ? std::string_view(&model::kDigitSlot, 1) : from.text;
    for (std::size_t at = 0; at < text.size();) {
      std::size_t end = at;
      while (end < text.size() && !model::is_slot(text[end])) ++end;
      if (end != at) pieces.push_back({text.substr(at, end - at), 0, false});
      at = end;
      if (at == text.size()) break;
      ++at;
      if (from.rows == 0) continue;
      if (t != 0 && from.rows > values_left) return broken("vars: more values than bytes");
      if (t != 0) values_left -= from.rows;
      pieces.push_back({{}, variables_.size(), true});
      DURAMEN_TRY_VOID(read_columns(reader, times, budget, variables_.emplace_back()));
    }
  }
  return {};
}

Result<void> BlockDecoder::build_messages() {
  std::uint64_t total = 0;
  for (const ColumnValues& column : variables_) total += column.bytes.size();
  for (std::size_t t = 0; t < plans_.size(); ++t) {
    std::uint64_t constant = 0;
    for (const Piece& p : plans_[t].pieces) constant += p.constant.size();
    total += constant * head_.templates[t].rows;  // at most 2^28 x 2^24
    if (total > head_.message_bytes) break;
  }
  if (total != head_.message_bytes) return broken("vars: message bytes");
  batch_->messages.resize(total);
  batch_->message_end.reserve(head_.summary.rows);
  char* to = batch_->messages.data();
  const auto put = [&to](std::string_view bytes) {
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
    to += bytes.size();
  };
  for (const std::uint64_t t : row_column(RowColumn::kTemplate)) {
    Plan& plan = plans_[t];
    for (const Piece& p : plan.pieces) {
      put(p.is_slot ? variables_[p.column][plan.next_row] : p.constant);
    }
    ++plan.next_row;
    batch_->message_end.push_back(static_cast<std::uint32_t>(to - batch_->messages.data()));
  }
  return {};
}

Result<void> BlockDecoder::read_messages(std::string_view value) {
  DURAMEN_TRY(auto reader, FrameReader::open("vars", head_.vars, value, raw_limit(head_)));
  DURAMEN_TRY_VOID(read_template_columns(reader));
  DURAMEN_TRY_VOID(reader.finish());
  return build_messages();
}

Result<std::vector<std::vector<TimeNs>>> BlockDecoder::times_of_fields() const {
  std::uint64_t total = 0;
  for (const std::uint64_t set : row_column(RowColumn::kFieldSet)) {
    total += head_.field_sets[set].size();
    if (total > head_.field_values) return broken("fields: more values than the head says");
  }
  if (total != head_.field_values) return broken("fields: fewer values than the head says");
  std::vector<std::vector<TimeNs>> times(head_.field_columns.size());
  for (std::size_t row = 0; row < batch_->time.size(); ++row) {
    for (const std::uint32_t column : head_.field_sets[row_column(RowColumn::kFieldSet)[row]]) {
      times[column].push_back(batch_->time[row]);
    }
  }
  return times;
}

void BlockDecoder::build_fields(const std::vector<ColumnValues>& columns) {
  model::RecordBatch& batch = *batch_;
  std::vector<std::uint32_t> names;
  std::unordered_map<std::string_view, std::uint32_t> index;
  for (const FieldColumn& column : head_.field_columns) {
    const auto next_name = static_cast<std::uint32_t>(batch.field_names.size());
    const auto [found, added] = index.try_emplace(column.name, next_name);
    if (added) batch.field_names.push_back(column.name);
    names.push_back(found->second);
  }
  batch.values.reserve(head_.value_bytes());
  batch.fields_end.reserve(head_.summary.rows);
  std::vector<std::size_t> next(columns.size());
  for (const std::uint64_t set : row_column(RowColumn::kFieldSet)) {
    for (const std::uint32_t c : head_.field_sets[set]) {
      batch.add_field(names[c], head_.field_columns[c].kind, columns[c][next[c]++]);
    }
    batch.fields_end.push_back(static_cast<std::uint32_t>(batch.field_name.size()));
  }
}

Result<void> BlockDecoder::read_fields(std::string_view value) {
  DURAMEN_TRY(auto reader, FrameReader::open("fields", head_.fields, value, raw_limit(head_)));
  DURAMEN_TRY(const auto times, times_of_fields());
  std::size_t budget = head_.value_bytes();
  std::vector<ColumnValues> columns(times.size());
  for (std::size_t c = 0; c < columns.size(); ++c) {
    DURAMEN_TRY_VOID(read_columns(reader, times[c], budget, columns[c]));
  }
  DURAMEN_TRY_VOID(reader.finish());
  if (budget != 0) return broken("fields: value bytes");
  build_fields(columns);
  return {};
}

std::vector<model::RowIdentity> BlockDecoder::identities() const {
  std::vector<model::RowIdentity> out(head_.summary.rows);
  const Numbers& seq = row_column(RowColumn::kSeq);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i].seq = head_.summary.min_seq.plus(seq[i]);
    out[i].node = head_.nodes[row_column(RowColumn::kNode)[i]];
    out[i].origin_seq = out[i].seq.plus(row_column(RowColumn::kOriginSeq)[i]);
    out[i].received = static_cast<TimeNs>(row_column(RowColumn::kReceived)[i]);
  }
  return out;
}

void BlockDecoder::build_rows() {
  model::RecordBatch& batch = *batch_;
  batch.stream.reserve(head_.summary.rows);
  for (const std::uint64_t s : row_column(RowColumn::kStream)) {
    batch.stream.push_back(static_cast<std::uint32_t>(s));
  }
  batch.time.reserve(head_.summary.rows);
  for (const std::uint64_t t : row_column(RowColumn::kTime)) {
    batch.time.push_back(
        static_cast<TimeNs>(static_cast<std::uint64_t>(head_.summary.min_time) + t));
  }
  batch.streams = std::move(head_.streams);
}

Result<model::RowSet> BlockDecoder::decode(std::string_view rows, std::string_view vars,
                                           std::string_view fields) {
  DURAMEN_TRY_VOID(read_rows(rows));
  build_rows();
  DURAMEN_TRY_VOID(read_messages(vars));
  DURAMEN_TRY_VOID(read_fields(fields));
  return model::RowSet(batch_, identities());
}

}  // namespace

Result<model::RowSet> decode_block(std::string_view head, std::string_view rows,
                                   std::string_view vars, std::string_view fields) {
  DURAMEN_TRY(auto decoded, decode_head(head));
  return BlockDecoder(std::move(decoded)).decode(rows, vars, fields);
}

}  // namespace duramen::store
