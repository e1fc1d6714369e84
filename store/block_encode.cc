#include <algorithm>
#include <span>
#include <unordered_map>

#include "model/template.h"
#include "model/template_words.h"
#include "store/block.h"
#include "store/block_head.h"
#include "store/column_encoding.h"
#include "store/column_integers.h"
#include "store/frame.h"

namespace duramen::store {
namespace {

constexpr std::size_t kPartRaw = 128 * 1024;  // bytes of values in one part of a column

/// Rows come sorted by stream, so that their messages lie far apart in memory.
constexpr std::size_t kAhead = 4;
void prefetch(std::string_view message) {
  for (std::size_t at = 0; at < std::min<std::size_t>(message.size(), 256); at += 64) {
    __builtin_prefetch(message.data() + at);
  }
}

/// Memory kept from block to block.
struct Scratch {
  model::MessageSplitter splitter;
  model::TemplateTable table;
  std::vector<model::Slice> variables;
  std::vector<std::size_t> variables_begin;   ///< a row; one more at the end
  std::vector<std::string_view> messages;     ///< a row
  std::vector<std::uint32_t> split_template;  ///< a row: id in `table`, 0 for none
  std::vector<std::uint32_t> split_rows;      ///< a split template: how many rows
  std::vector<std::uint32_t> by_template;     ///< rows ordered by joined template
  std::vector<std::string_view> values;
  std::vector<TimeNs> times;  ///< of the rows of `values`
  std::vector<std::uint64_t> numbers;
  LaneBytes lanes;
};

struct FieldValues {
  std::vector<std::string_view> values;
  std::vector<TimeNs> times;  ///< of their rows
};

/// Encodes one block; made anew for each, with scratch memory of the thread.
class BlockEncoder {
 public:
  BlockEncoder(std::span<const RowRef> rows, const BlockEncodeOptions& options, Scratch& scratch)
      : rows_(rows), level_(options.zstd_level), s_(scratch) {}

  Result<EncodedBlock> encode() {
    DURAMEN_TRY_VOID(summarize());
    split();
    DURAMEN_TRY_VOID(encode_fields());
    DURAMEN_TRY_VOID(encode_variables());
    DURAMEN_TRY_VOID(encode_rows());
    DURAMEN_TRY(out_.bytes.head, encode_head(head_, level_));
    out_.summary = head_.summary;
    return std::move(out_);
  }

 private:
  Result<void> summarize();
  void split();
  Result<void> encode_rows();
  Result<void> encode_variables();
  Result<void> encode_template(std::size_t id, std::span<const std::uint32_t> rows,
                               FrameWriter& writer);
  void gather(std::uint32_t slot, bool has_words, std::span<const std::uint32_t> rows);
  Result<void> encode_fields();
  void collect_fields(std::vector<FieldValues>& columns);
  Result<void> add_column(std::span<const std::string_view> values, std::span<const TimeNs> times,
                          FrameWriter& writer);
  Result<void> add_row_column(RowColumn column, FrameWriter& writer);
  void row_numbers(RowColumn column);
  void stream_numbers();
  void node_numbers();

  std::span<const RowRef> rows_;
  int level_;
  Scratch& s_;
  BlockHead head_;
  EncodedBlock out_;
  model::JoinedTemplates joined_;
  std::vector<std::uint32_t> field_set_;  ///< a row
};

Result<void> BlockEncoder::summarize() {
  if (rows_.empty() || rows_.size() > kMaxBlockRows) {
    return Error{ErrorCode::kInvalidArgument, "a block has 1 to 2^24 rows"};
  }
  BlockSummary& sum = head_.summary;
  sum.rows = static_cast<std::uint32_t>(rows_.size());
  std::uint64_t fields = 0;
  s_.messages.resize(rows_.size());
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const model::RecordBatch& batch = rows_[i].set->records();
    const std::uint32_t row = rows_[i].row;
    const model::Seq seq = rows_[i].set->identity(row).seq;
    const TimeNs time = batch.time[row];
    const bool first = i == 0;
    sum.min_time = first ? time : std::min(sum.min_time, time);
    sum.max_time = first ? time : std::max(sum.max_time, time);
    sum.min_seq = first ? seq : std::min(sum.min_seq, seq);
    sum.max_seq = first ? seq : std::max(sum.max_seq, seq);
    s_.messages[i] = batch.message(row);
    head_.message_bytes += s_.messages[i].size();
    for (std::uint32_t f = batch.first_field(row); f < batch.fields_end[row]; ++f) {
      sum.raw_bytes += batch.value(f).size();
      ++fields;
    }
  }
  sum.raw_bytes += head_.message_bytes;
  if (fields > kMaxBlockFields || sum.raw_bytes > kMaxBlockRaw) {
    return Error{ErrorCode::kInvalidArgument, "a block has at most 256 MiB of text in 2^25 fields"};
  }
  head_.field_values = static_cast<std::uint32_t>(fields);
  return {};
}

void BlockEncoder::split() {
  const std::size_t n = rows_.size();
  s_.table.clear();
  s_.variables.clear();
  s_.variables_begin.resize(n + 1);
  s_.split_template.resize(n);
  s_.split_rows.assign(1, 0);
  for (std::size_t i = 0; i < n; ++i) {
    const std::string_view message = s_.messages[i];
    if (i + kAhead < n) prefetch(s_.messages[i + kAhead]);
    s_.variables_begin[i] = s_.variables.size();
    const std::uint32_t id =
        s_.splitter.split(message, s_.variables) ? s_.table.add(s_.splitter.text()) : 0;
    s_.split_template[i] = id;
    if (id >= s_.split_rows.size()) s_.split_rows.push_back(0);
    ++s_.split_rows[id];
  }
  s_.variables_begin[n] = s_.variables.size();
  joined_ = model::join_templates(s_.table, s_.split_rows);
  for (const model::JoinedTemplate& t : joined_.templates) {
    head_.templates.push_back({t.text, t.rows});
  }
}

Result<void> BlockEncoder::add_column(std::span<const std::string_view> values,
                                      std::span<const TimeNs> times, FrameWriter& writer) {
  while (!values.empty()) {
    std::size_t n = 0;
    std::size_t bytes = 0;
    while (n < values.size() && (n == 0 || bytes + values[n].size() <= kPartRaw)) {
      bytes += values[n++].size();
    }
    s_.lanes.clear();
    PartEntry part;
    part.encoding = encode_values(values.first(n), times.first(n), s_.lanes);
    part.values = n;
    part.last = n == values.size();
    DURAMEN_TRY_VOID(writer.add(part, s_.lanes));
    values = values.subspan(n);
    times = times.subspan(n);
  }
  return {};
}

/// Collects the values of one slot of one template.
void BlockEncoder::gather(std::uint32_t slot, bool has_words, std::span<const std::uint32_t> rows) {
  s_.values.resize(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::uint32_t row = rows[i];
    std::uint32_t variable = slot;
    if (has_words) {
      const model::SlotSource& source = joined_.sources[s_.split_template[row]][slot];
      if (!source.word.empty()) {
        s_.values[i] = source.word;
        continue;
      }
      variable = source.variable;
    }
    const model::Slice at = s_.variables[s_.variables_begin[row] + variable];
    s_.values[i] = {s_.messages[row].data() + at.begin, at.size};
  }
}

Result<void> BlockEncoder::encode_template(std::size_t id, std::span<const std::uint32_t> rows,
                                           FrameWriter& writer) {
  if (rows.empty()) return {};
  s_.times.resize(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    s_.times[i] = rows_[rows[i]].set->records().time[rows_[rows[i]].row];
  }
  if (id == 0) {
    s_.values.resize(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) s_.values[i] = s_.messages[rows[i]];
    return add_column(s_.values, s_.times, writer);
  }
  const model::JoinedTemplate& t = joined_.templates[id];
  for (std::uint32_t slot = 0; slot < t.slots; ++slot) {
    gather(slot, t.has_words, rows);
    DURAMEN_TRY_VOID(add_column(s_.values, s_.times, writer));
  }
  return {};
}

Result<void> BlockEncoder::encode_variables() {
  const std::size_t n = rows_.size();
  std::vector<std::uint32_t> begin(joined_.templates.size() + 1, 0);
  for (std::size_t t = 0; t < joined_.templates.size(); ++t) {
    begin[t + 1] = begin[t] + joined_.templates[t].rows;
  }
  std::vector<std::uint32_t> next(begin.begin(), begin.end() - 1);
  s_.by_template.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    s_.by_template[next[joined_.of[s_.split_template[i]]]++] = static_cast<std::uint32_t>(i);
  }
  FrameWriter writer(out_.bytes.vars, level_);
  const std::span<const std::uint32_t> ordered(s_.by_template);
  for (std::size_t t = 0; t < joined_.templates.size(); ++t) {
    DURAMEN_TRY_VOID(
        encode_template(t, ordered.subspan(begin[t], begin[t + 1] - begin[t]), writer));
  }
  DURAMEN_TRY(head_.vars, writer.finish());
  return {};
}

/// A field's column: name and kind, looked up by batch-local name index.
class FieldColumns {
 public:
  explicit FieldColumns(std::vector<FieldColumn>& columns) : columns_(columns) {}
  std::uint32_t index(const model::RecordBatch& batch, std::uint32_t field) {
    if (&batch != batch_) {
      batch_ = &batch;
      known_.assign(batch.field_names.size() * 2, kUnknown);
    }
    const std::size_t kind = static_cast<std::size_t>(batch.field_kind[field]);
    std::uint32_t& known = known_[batch.field_name[field] * 2 + kind];
    if (known == kUnknown) known = intern(batch.field_names[batch.field_name[field]], kind);
    return known;
  }

 private:
  static constexpr std::uint32_t kUnknown = 0xffffffff;
  std::uint32_t intern(const std::string& name, std::size_t kind) {
    std::string key = name;
    key.push_back(static_cast<char>(kind));
    const auto [found, added] =
        index_.try_emplace(std::move(key), static_cast<std::uint32_t>(columns_.size()));
    if (added) columns_.push_back({name, static_cast<model::FieldKind>(kind)});
    return found->second;
  }
  std::vector<FieldColumn>& columns_;
  const model::RecordBatch* batch_ = nullptr;
  std::vector<std::uint32_t> known_;
  std::unordered_map<std::string, std::uint32_t> index_;
};

/// Numbers the ordered column lists of rows.
class FieldSets {
 public:
  explicit FieldSets(std::vector<std::vector<std::uint32_t>>& sets) : sets_(sets) {}
  std::uint32_t index(const std::vector<std::uint32_t>& set) {
    if (!sets_.empty() && sets_[last_] == set) return last_;
    const std::string key(reinterpret_cast<const char*>(set.data()), set.size() * sizeof set[0]);
    const auto [found, added] = index_.try_emplace(key, static_cast<std::uint32_t>(sets_.size()));
    if (added) sets_.push_back(set);
    return last_ = found->second;
  }

 private:
  std::vector<std::vector<std::uint32_t>>& sets_;
  std::unordered_map<std::string, std::uint32_t> index_;
  std::uint32_t last_ = 0;
};

void BlockEncoder::collect_fields(std::vector<FieldValues>& columns) {
  FieldColumns names(head_.field_columns);
  FieldSets sets(head_.field_sets);
  std::vector<std::uint32_t> set;
  field_set_.resize(rows_.size());
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const model::RecordBatch& batch = rows_[i].set->records();
    const std::uint32_t row = rows_[i].row;
    set.clear();
    for (std::uint32_t f = batch.first_field(row); f < batch.fields_end[row]; ++f) {
      const std::uint32_t column = names.index(batch, f);
      if (column >= columns.size()) columns.resize(column + 1);
      columns[column].values.push_back(batch.value(f));
      columns[column].times.push_back(batch.time[row]);
      set.push_back(column);
    }
    field_set_[i] = sets.index(set);
  }
}

Result<void> BlockEncoder::encode_fields() {
  std::vector<FieldValues> columns;
  collect_fields(columns);
  FrameWriter writer(out_.bytes.fields, level_);
  for (const FieldValues& column : columns) {
    DURAMEN_TRY_VOID(add_column(column.values, column.times, writer));
  }
  DURAMEN_TRY(head_.fields, writer.finish());
  return {};
}

void BlockEncoder::stream_numbers() {
  std::unordered_map<model::StreamId, std::uint32_t> index;
  const model::RecordBatch* batch = nullptr;
  std::uint32_t local = 0;
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const model::RecordBatch& of = rows_[i].set->records();
    const std::uint32_t stream = of.stream[rows_[i].row];
    if (batch != &of || stream != local) {
      const model::Labels& labels = of.streams[stream];
      const auto [found, added] =
          index.try_emplace(labels.id(), static_cast<std::uint32_t>(head_.streams.size()));
      if (added) head_.streams.push_back(labels);
      number = found->second;
      batch = &of;
      local = stream;
    }
    s_.numbers[i] = number;
  }
}

void BlockEncoder::node_numbers() {
  std::unordered_map<model::NodeId, std::uint32_t> index;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const model::NodeId node = rows_[i].set->identity(rows_[i].row).node;
    const auto [found, added] =
        index.try_emplace(node, static_cast<std::uint32_t>(head_.nodes.size()));
    if (added) head_.nodes.push_back(node);
    s_.numbers[i] = found->second;
  }
}

void BlockEncoder::row_numbers(RowColumn column) {
  const auto fill = [&](auto&& number) {
    for (std::size_t i = 0; i < rows_.size(); ++i) s_.numbers[i] = number(i);
  };
  const auto identity = [&](std::size_t i) { return rows_[i].set->identity(rows_[i].row); };
  s_.numbers.resize(rows_.size());
  switch (column) {
    case RowColumn::kStream:
      return stream_numbers();
    case RowColumn::kTemplate:
      return fill([&](std::size_t i) { return joined_.of[s_.split_template[i]]; });
    case RowColumn::kTime:
      return fill([&](std::size_t i) {
        return static_cast<std::uint64_t>(rows_[i].set->records().time[rows_[i].row]) -
               static_cast<std::uint64_t>(head_.summary.min_time);
      });
    case RowColumn::kSeq:
      return fill(
          [&](std::size_t i) { return identity(i).seq.value() - head_.summary.min_seq.value(); });
    case RowColumn::kNode:
      return node_numbers();
    case RowColumn::kOriginSeq:
      return fill(
          [&](std::size_t i) { return identity(i).origin_seq.value() - identity(i).seq.value(); });
    case RowColumn::kReceived:
      return fill([&](std::size_t i) { return static_cast<std::uint64_t>(identity(i).received); });
    case RowColumn::kFieldSet:
      return fill([&](std::size_t i) { return field_set_[i]; });
  }
}

Result<void> BlockEncoder::add_row_column(RowColumn column, FrameWriter& writer) {
  row_numbers(column);
  std::span<const std::uint64_t> numbers(s_.numbers);
  constexpr std::size_t kPartNumbers = kPartRaw / sizeof(std::uint64_t);
  while (!numbers.empty()) {
    const std::size_t n = std::min(numbers.size(), kPartNumbers);
    s_.lanes.clear();
    if (column == RowColumn::kTime) {
      encode_times(numbers.first(n), s_.lanes);
    } else if (column == RowColumn::kTemplate) {
      encode_indexes(numbers.first(n), s_.lanes);
    } else {
      encode_integers(numbers.first(n), s_.lanes);
    }
    PartEntry part;
    part.encoding = Encoding::kIntegers;
    part.values = n;
    part.last = n == numbers.size();
    DURAMEN_TRY_VOID(writer.add(part, s_.lanes));
    numbers = numbers.subspan(n);
  }
  return {};
}

Result<void> BlockEncoder::encode_rows() {
  FrameWriter writer(out_.bytes.rows, level_);
  for (std::size_t c = 0; c < kRowColumns; ++c) {
    DURAMEN_TRY_VOID(add_row_column(static_cast<RowColumn>(c), writer));
  }
  DURAMEN_TRY(head_.rows, writer.finish());
  return {};
}

}  // namespace

Result<EncodedBlock> encode_block(std::span<const RowRef> rows, const BlockEncodeOptions& options) {
  thread_local Scratch scratch;
  return BlockEncoder(rows, options, scratch).encode();
}

}  // namespace duramen::store
