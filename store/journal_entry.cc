#include "store/journal_entry.h"

#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/checksum.h"
#include "base/compression.h"

namespace duramen::store {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kHasBatchId = 1;
constexpr std::size_t kHeadSize = 72;
constexpr int kLevel = 1;
/// No batch comes near: bodies are limited to far less. Guards the allocation for a hostile size.
constexpr std::uint64_t kMaxColumns = 1ULL << 31;

Error damaged(std::string_view what) {
  return {ErrorCode::kDataLoss, "journal entry: " + std::string(what)};
}

void put_lengths(ByteWriter& out, const std::vector<std::uint32_t>& ends) {
  std::uint32_t begin = 0;
  for (const std::uint32_t end : ends) {
    out.varint(end - begin);
    begin = end;
  }
}

void put_columns(std::string& bytes, const model::RecordBatch& records) {
  bytes.reserve(records.raw_bytes() + records.rows() * 8 + records.field_name.size() * 4 + 4096);
  ByteWriter out(bytes);
  out.varint(records.streams.size());
  for (const model::Labels& labels : records.streams) out.text(labels.canonical());
  out.varint(records.field_names.size());
  for (const std::string& name : records.field_names) out.text(name);
  out.varint(records.rows());
  for (const std::uint32_t stream : records.stream) out.varint(stream);
  std::uint64_t before = 0;
  for (const TimeNs time : records.time) {
    // Differences wrap around: exact for any pair of times.
    out.zigzag(static_cast<std::int64_t>(static_cast<std::uint64_t>(time) - before));
    before = static_cast<std::uint64_t>(time);
  }
  put_lengths(out, records.message_end);
  put_lengths(out, records.fields_end);
  out.raw(records.messages);
  out.varint(records.field_name.size());
  for (const std::uint32_t name : records.field_name) out.varint(name);
  for (const model::FieldKind kind : records.field_kind) out.u8(static_cast<std::uint8_t>(kind));
  put_lengths(out, records.value_end);
  out.raw(records.values);
}

void get_indexes(ByteReader& in, std::vector<std::uint32_t>& out, std::size_t n) {
  out.resize(n);
  for (std::uint32_t& index : out) index = static_cast<std::uint32_t>(in.varint());
}

/// Ends from lengths. Fails the reader when they add up to more than `limit`; gives the total.
std::uint32_t get_ends(ByteReader& in, std::vector<std::uint32_t>& out, std::size_t n,
                       std::uint64_t limit) {
  out.resize(n);
  std::uint64_t end = 0;
  for (std::uint32_t& at : out) {
    const std::uint64_t length = in.varint();
    if (length > limit || end + length > limit) {
      in.fail();
      return 0;
    }
    end += length;
    at = static_cast<std::uint32_t>(end);
  }
  return static_cast<std::uint32_t>(end);
}

Result<void> get_dictionaries(ByteReader& in, model::RecordBatch& records) {
  const std::size_t streams = in.count(2);
  for (std::size_t i = 0; i < streams; ++i) {
    DURAMEN_TRY(auto labels, model::Labels::from_canonical(in.text()));
    records.streams.push_back(std::move(labels));
  }
  const std::size_t names = in.count(1);
  for (std::size_t i = 0; i < names; ++i) records.field_names.emplace_back(in.text());
  if (!in.ok()) return damaged("the stream or field table is cut off");
  return {};
}

Result<std::shared_ptr<const model::RecordBatch>> get_columns(std::string_view bytes) {
  ByteReader in(bytes);
  auto records = std::make_shared<model::RecordBatch>();
  DURAMEN_TRY_VOID(get_dictionaries(in, *records));
  const std::size_t rows = in.count(4);
  get_indexes(in, records->stream, rows);
  records->time.resize(rows);
  std::uint64_t time = 0;
  for (TimeNs& at : records->time) {
    time += static_cast<std::uint64_t>(in.zigzag());
    at = static_cast<TimeNs>(time);
  }
  const std::uint32_t message_bytes = get_ends(in, records->message_end, rows, in.remaining());
  const std::uint32_t fields = get_ends(in, records->fields_end, rows, in.remaining());
  records->messages = in.raw(message_bytes);
  if (in.varint() != fields || fields > in.remaining()) in.fail();
  if (!in.ok()) return damaged("the row columns are cut off");
  get_indexes(in, records->field_name, fields);
  for (std::uint32_t i = 0; i < fields; ++i) {
    const std::uint8_t kind = in.u8();
    if (kind > static_cast<std::uint8_t>(model::FieldKind::kJson))
      return damaged("unknown field kind");
    records->field_kind.push_back(static_cast<model::FieldKind>(kind));
  }
  records->values = in.raw(get_ends(in, records->value_end, fields, in.remaining()));
  if (!in.ok() || !in.done()) return damaged("the field columns do not fit");
  DURAMEN_TRY_VOID(records->check());
  return std::shared_ptr<const model::RecordBatch>(std::move(records));
}

}  // namespace

Result<PackedColumns> pack_columns(const model::RecordBatch& records) {
  thread_local std::string raw;
  raw.clear();
  put_columns(raw, records);
  PackedColumns packed;
  packed.unpacked_size = raw.size();
  DURAMEN_TRY_VOID(zstd_append(packed.bytes, raw, kLevel));
  packed.bytes.shrink_to_fit();
  packed.checksum = checksum64(packed.bytes);
  return packed;
}

std::string encode_journal_head(const JournalHead& head, const PackedColumns& columns) {
  std::string out;
  ByteWriter writer(out);
  writer.u8(kVersion);
  writer.u8(head.batch_id ? kHasBatchId : 0);
  writer.u16(0);
  writer.u32(head.rows);
  writer.u64(head.node.value());
  writer.i64(head.received);
  const model::BatchId id = head.batch_id.value_or(model::BatchId{});
  writer.u64(id.id.high);
  writer.u64(id.id.low);
  writer.u64(id.payload);
  writer.u64(columns.unpacked_size);
  writer.u64(columns.checksum);
  writer.u64(checksum64(out));
  return out;
}

Result<JournalEntry> decode_journal_entry(std::string_view entry) {
  if (entry.size() < kHeadSize) return damaged("shorter than its head");
  ByteReader in(entry);
  const std::uint8_t version = in.u8();
  if (version > kVersion) {
    return Error{ErrorCode::kUnimplemented, "journal entry of version " + std::to_string(version) +
                                                ": written by a newer Duramen"};
  }
  JournalEntry out;
  const std::uint8_t flags = in.u8();
  const std::uint16_t reserved = in.u16();
  out.head.rows = in.u32();
  out.head.node = model::NodeId(in.u64());
  out.head.received = in.i64();
  model::BatchId id;
  id.id.high = in.u64();
  id.id.low = in.u64();
  id.payload = in.u64();
  const bool has_id = (flags & kHasBatchId) != 0;
  if (has_id) out.head.batch_id = id;
  const std::uint64_t size = in.u64();
  const std::uint64_t columns_sum = in.u64();
  if (version != kVersion || in.u64() != checksum64(entry.substr(0, kHeadSize - 8))) {
    return damaged("checksum of the head");
  }
  if ((flags & ~kHasBatchId) != 0 || reserved != 0 ||
      (!has_id && (id.payload != 0 || id.id != Hash128{}))) {
    return damaged("reserved bits are set");
  }
  const std::string_view packed = in.rest();
  if (checksum64(packed) != columns_sum) return damaged("checksum of the columns");
  if (size > kMaxColumns) return damaged("impossible size");
  std::string columns;
  DURAMEN_TRY_VOID(zstd_expand(columns, packed, size));
  DURAMEN_TRY(out.records, get_columns(columns));
  if (out.records->rows() != out.head.rows || out.head.rows == 0)
    return damaged("wrong number of rows");
  return out;
}

}  // namespace duramen::store
