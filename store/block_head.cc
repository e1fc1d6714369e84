#include "store/block_head.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/checksum.h"
#include "base/compression.h"
#include "model/template.h"

namespace duramen::store {
namespace {

constexpr std::string_view kMagic = "DBLK";
constexpr std::uint16_t kVersion = 1;
constexpr std::size_t kFixedPart = 64;
constexpr std::size_t kChecksum = 8;

Error broken(std::string_view what) {
  return {ErrorCode::kDataLoss, "block head: " + std::string(what)};
}

void write_fixed_part(const BlockHead& head, std::string& out) {
  ByteWriter writer(out);
  writer.raw(kMagic);
  writer.u16(kVersion);
  writer.u16(0);
  writer.u32(head.summary.rows);
  writer.u32(head.field_values);
  writer.u64(head.message_bytes);
  writer.u64(head.value_bytes());
  writer.i64(head.summary.min_time);
  writer.i64(head.summary.max_time);
  writer.u64(head.summary.min_seq.value());
  writer.u64(head.summary.max_seq.value());
}

Result<void> write_section(std::string_view raw, int level, std::string& out) {
  if (raw.size() > kMaxSection) {
    return Error{ErrorCode::kInvalidArgument, "block head: streams or fields take over 256 MiB"};
  }
  std::string packed;
  DURAMEN_TRY_VOID(zstd_append(packed, raw, level));
  const bool compressed = packed.size() < raw.size();
  ByteWriter writer(out);
  writer.u8(compressed ? 1 : 0);
  writer.varint(raw.size());
  writer.text(compressed ? std::string_view(packed) : raw);
  return {};
}

std::string tables_of(const BlockHead& head) {
  std::string out;
  ByteWriter writer(out);
  writer.varint(head.streams.size());
  for (const model::Labels& labels : head.streams) writer.text(labels.canonical());
  writer.varint(head.nodes.size());
  for (const model::NodeId node : head.nodes) writer.u64(node.value());
  writer.varint(head.field_columns.size());
  for (const FieldColumn& column : head.field_columns) {
    writer.text(column.name);
    writer.u8(static_cast<std::uint8_t>(column.kind));
  }
  writer.varint(head.field_sets.size());
  for (const auto& set : head.field_sets) {
    writer.varint(set.size());
    for (const std::uint32_t column : set) writer.varint(column);
  }
  return out;
}

std::string templates_of(const BlockHead& head) {
  std::string out;
  ByteWriter writer(out);
  writer.varint(head.templates.size());
  for (const BlockTemplate& t : head.templates) writer.varint(t.rows);
  for (std::size_t i = 1; i < head.templates.size(); ++i) {
    writer.varint(head.templates[i].text.size());
  }
  for (const BlockTemplate& t : head.templates) writer.raw(t.text);
  return out;
}

Result<void> verify_frame(std::string_view bytes) {
  if (bytes.size() < kFixedPart + kChecksum) return broken("it is too short");
  if (bytes.substr(0, kMagic.size()) != kMagic) return broken("it does not begin with the magic");
  const std::string_view checked = bytes.substr(0, bytes.size() - kChecksum);
  if (ByteReader(bytes.substr(checked.size())).u64() != checksum64(checked)) {
    return broken("checksum mismatch");
  }
  ByteReader reader(bytes.substr(kMagic.size()));
  const std::uint16_t version = reader.u16();
  if (version != kVersion) {
    return Error{ErrorCode::kUnimplemented,
                 "block head: version " + std::to_string(version) + " is newer than this program"};
  }
  if (reader.u16() != 0) return broken("reserved bytes are set");
  return {};
}

Result<void> read_fixed_part(std::string_view bytes, BlockHead& head) {
  DURAMEN_TRY_VOID(verify_frame(bytes));
  ByteReader reader(bytes.substr(8));
  head.summary.rows = reader.u32();
  head.field_values = reader.u32();
  head.message_bytes = reader.u64();
  const std::uint64_t value_bytes = reader.u64();
  head.summary.min_time = reader.i64();
  head.summary.max_time = reader.i64();
  head.summary.min_seq = model::Seq(reader.u64());
  head.summary.max_seq = model::Seq(reader.u64());
  if (head.summary.rows == 0 || head.summary.rows > kMaxBlockRows) return broken("row count");
  if (head.field_values > kMaxBlockFields) return broken("field count");
  if (head.message_bytes > kMaxBlockRaw || value_bytes > kMaxBlockRaw - head.message_bytes) {
    return broken("its rows are larger than a block may be");
  }
  head.summary.raw_bytes = head.message_bytes + value_bytes;
  return {};
}

Result<std::string> read_section(ByteReader& in, std::string_view name) {
  const std::uint8_t method = in.u8();
  const std::uint64_t raw_size = in.varint();
  const std::string_view stored = in.text();
  if (!in.ok() || method > 1 || raw_size > kMaxSection) return broken(name);
  if (method == 0) {
    if (raw_size != stored.size()) return broken(name);
    return std::string(stored);
  }
  std::string raw;
  if (auto done = zstd_expand(raw, stored, raw_size); !done) {
    return broken(std::string(name) + ": " + done.error().message);
  }
  return raw;
}

Result<void> read_streams(ByteReader& in, BlockHead& head) {
  const std::size_t n = in.count(1);
  for (std::size_t i = 0; i < n && in.ok(); ++i) {
    DURAMEN_TRY(auto labels, model::Labels::from_canonical(in.text()));
    head.streams.push_back(std::move(labels));
  }
  head.nodes.resize(in.count(8));
  for (model::NodeId& node : head.nodes) node = model::NodeId(in.u64());
  if (!in.ok()) return broken("streams");
  return {};
}

Result<void> read_field_columns(ByteReader& in, BlockHead& head) {
  head.field_columns.resize(in.count(2));
  for (FieldColumn& column : head.field_columns) {
    column.name = in.text();
    const std::uint8_t kind = in.u8();
    if (kind > static_cast<std::uint8_t>(model::FieldKind::kJson)) return broken("field kind");
    column.kind = static_cast<model::FieldKind>(kind);
  }
  head.field_sets.resize(in.count(1));
  for (auto& set : head.field_sets) {
    set.resize(in.count(1));
    for (std::uint32_t& column : set) {
      const std::uint64_t index = in.varint();
      if (index >= head.field_columns.size()) return broken("field set");
      column = static_cast<std::uint32_t>(index);
    }
  }
  if (!in.ok() || !in.done()) return broken("fields");
  return {};
}

Result<void> read_templates(std::string_view raw, BlockHead& head) {
  ByteReader in(raw);
  head.templates.resize(in.count(1));
  std::uint64_t rows = 0;
  for (BlockTemplate& t : head.templates) {
    const std::uint64_t n = in.varint();
    if (n > kMaxBlockRows) return broken("template rows");
    t.rows = static_cast<std::uint32_t>(n);
    rows += n;
  }
  if (head.templates.empty() || rows != head.summary.rows) return broken("template rows");
  std::vector<std::uint64_t> sizes(head.templates.size());
  for (std::size_t i = 1; i < sizes.size(); ++i) sizes[i] = in.varint();
  for (std::size_t i = 1; i < sizes.size(); ++i) {
    if (sizes[i] > in.remaining()) return broken("template sizes");
    head.templates[i].text = in.raw(sizes[i]);
  }
  if (!in.ok() || !in.done()) return broken("templates");
  return {};
}

Result<void> read_directory(std::string_view raw, BlockHead& head) {
  ByteReader in(raw);
  const bool read = ValueDirectory::read(in, head.rows) && ValueDirectory::read(in, head.vars) &&
                    ValueDirectory::read(in, head.fields);
  if (!read || !in.done()) return broken("directory");
  return {};
}

}  // namespace

std::uint64_t raw_limit(const BlockHead& head) {
  const std::uint64_t columns =
      head.rows.parts.size() + head.vars.parts.size() + head.fields.parts.size();
  const std::uint64_t bytes = head.summary.raw_bytes + head.summary.rows;
  return std::min<std::uint64_t>(64 * (bytes + head.field_values + columns + 64), UINT32_MAX);
}

Result<std::string> encode_head(const BlockHead& head, int zstd_level) {
  std::string out;
  write_fixed_part(head, out);
  DURAMEN_TRY_VOID(write_section(tables_of(head), zstd_level, out));
  DURAMEN_TRY_VOID(write_section(templates_of(head), zstd_level, out));
  std::string directory;
  for (const ValueDirectory* d : {&head.rows, &head.vars, &head.fields}) d->write(directory);
  DURAMEN_TRY_VOID(write_section(directory, zstd_level, out));
  ByteWriter(out).u64(checksum64(out));
  return out;
}

Result<BlockHead> decode_head(std::string_view bytes) {
  BlockHead head;
  DURAMEN_TRY_VOID(read_fixed_part(bytes, head));
  ByteReader in(bytes.substr(kFixedPart, bytes.size() - kFixedPart - kChecksum));
  DURAMEN_TRY(const auto tables, read_section(in, "tables"));
  DURAMEN_TRY(const auto templates, read_section(in, "templates"));
  DURAMEN_TRY(const auto directory, read_section(in, "directory"));
  if (!in.done()) return broken("bytes after its sections");
  ByteReader table_reader(tables);
  DURAMEN_TRY_VOID(read_streams(table_reader, head));
  DURAMEN_TRY_VOID(read_field_columns(table_reader, head));
  DURAMEN_TRY_VOID(read_templates(templates, head));
  DURAMEN_TRY_VOID(read_directory(directory, head));
  return head;
}

Result<BlockSummary> read_summary(std::string_view head_bytes) {
  BlockHead head;
  DURAMEN_TRY_VOID(read_fixed_part(head_bytes, head));
  return head.summary;
}

Result<BlockSizes> block_sizes(std::string_view head_bytes) {
  DURAMEN_TRY(const auto head, decode_head(head_bytes));
  const auto stored = [](const ValueDirectory& d) {
    std::uint64_t sum = 0;
    for (const FrameEntry& f : d.frames) sum += f.stored_size;
    return sum;
  };
  return BlockSizes{head_bytes.size(), stored(head.rows), stored(head.vars), stored(head.fields)};
}

}  // namespace duramen::store
