#include "query/cursor.h"

#include "base/bytes.h"
#include "base/checksum.h"
#include "base/json_text.h"

namespace duramen::query {
namespace {

constexpr std::uint8_t kVersion = 2;
constexpr std::size_t kMaxText = 1024;

void write_optional(ByteWriter& writer, const std::optional<TimeNs>& time) {
  writer.u8(time ? 1 : 0);
  writer.i64(time.value_or(0));
}

std::optional<TimeNs> read_optional(ByteReader& reader) {
  const bool given = reader.u8() != 0;
  const TimeNs time = reader.i64();
  return given ? std::optional(time) : std::nullopt;
}

Error bad_cursor(std::string_view why) {
  return {ErrorCode::kInvalidArgument, "cursor: " + std::string(why)};
}

}  // namespace

std::string Cursor::to_text() const {
  std::string bytes;
  ByteWriter writer(bytes);
  writer.u8(kVersion);
  writer.text(store_id);
  writer.varint(snapshot.value());
  writer.i64(last.time);
  writer.u64(last.node.value());
  writer.varint(last.seq.value());
  writer.u64(query);
  write_optional(writer, start);
  write_optional(writer, end);
  writer.text(oldest_segment);
  writer.u64(checksum64(bytes));
  std::string text = to_base64(bytes);
  for (char& c : text) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  while (text.ends_with('=')) text.pop_back();
  return text;
}

Result<Cursor> Cursor::from_text(std::string_view text) {
  if (text.size() > kMaxText) return bad_cursor("it is too long to be one");
  std::string standard(text);
  for (char& c : standard) {
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  while (standard.size() % 4 != 0) standard += '=';
  std::string bytes;
  if (!from_base64(standard, bytes) || bytes.size() < sizeof(std::uint64_t)) {
    return bad_cursor("it is not one, or was damaged on the way");
  }
  const std::string_view body =
      std::string_view(bytes).substr(0, bytes.size() - sizeof(std::uint64_t));
  ByteReader sum(std::string_view(bytes).substr(body.size()));
  if (sum.u64() != checksum64(body)) return bad_cursor("it is not one, or was damaged on the way");
  ByteReader reader(body);
  if (reader.u8() != kVersion) return bad_cursor("it is from another version of the program");
  Cursor out;
  out.store_id = reader.text();
  out.snapshot = model::Seq(reader.varint());
  out.last.time = reader.i64();
  out.last.node = model::NodeId(reader.u64());
  out.last.seq = model::Seq(reader.varint());
  out.query = reader.u64();
  out.start = read_optional(reader);
  out.end = read_optional(reader);
  out.oldest_segment = reader.text();
  if (!reader.ok() || !reader.done()) return bad_cursor("it is not complete");
  return out;
}

std::uint64_t hash_request(const QueryRequest& request) {
  std::string bytes;
  ByteWriter writer(bytes);
  writer.text(request.q);
  writer.u8(request.order == Order::kNewestFirst ? 0 : 1);
  return checksum64(bytes);
}

}  // namespace duramen::query
