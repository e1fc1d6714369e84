#include "store/cursor.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/checksum.h"

namespace duramen::store {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kSumBytes = 8;
constexpr std::size_t kLeastGap = 33;  ///< bytes of one with an empty text

Error damaged(std::string_view what) {
  return {ErrorCode::kDataLoss, "meta: a cursor: " + std::string(what)};
}

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

CursorGap read_gap(ByteReader& in) {
  CursorGap gap;
  gap.first = model::Seq(in.u64());
  gap.last = model::Seq(in.u64());
  gap.rows = in.u64();
  gap.segment = in.text();
  gap.time = in.i64();
  if (gap.last < gap.first) in.fail();
  return gap;
}

}  // namespace

void add_gap(Cursor& cursor, CursorGap gap) {
  cursor.lost_rows += gap.rows;
  ++cursor.gap_count;
  cursor.gaps.push_back(std::move(gap));
  if (cursor.gaps.size() > kMaxGaps) cursor.gaps.erase(cursor.gaps.begin());
}

bool is_cursor_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxCursorName && is_alphanumeric(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

std::string encode_cursor(const Cursor& cursor) {
  std::string value;
  ByteWriter out(value);
  out.u8(kVersion);
  out.u64(cursor.position.value());
  out.u8(cursor.hold ? 1 : 0);
  out.i64(cursor.moved);
  out.u64(cursor.lost_rows);
  out.u64(cursor.gap_count);
  out.u32(static_cast<std::uint32_t>(cursor.gaps.size()));
  for (const CursorGap& gap : cursor.gaps) {
    out.u64(gap.first.value());
    out.u64(gap.last.value());
    out.u64(gap.rows);
    out.text(gap.segment);
    out.i64(gap.time);
  }
  out.u64(checksum64(value));
  return value;
}

Result<Cursor> decode_cursor(std::string_view key, std::string_view value) {
  if (value.size() <= kSumBytes) return damaged("it is cut off");
  const std::string_view body = value.substr(0, value.size() - kSumBytes);
  if (ByteReader(value.substr(body.size())).u64() != checksum64(body)) {
    return damaged("checksum mismatch");
  }
  ByteReader in(body);
  if (const std::uint8_t version = in.u8(); version > kVersion) {
    return Error{ErrorCode::kUnimplemented, "a cursor has version " + std::to_string(version) +
                                                ", written by a newer Duramen"};
  }
  Cursor cursor;
  cursor.name = key.substr(std::min<std::size_t>(1, key.size()));
  if (!is_cursor_name(cursor.name)) return damaged("a name that cannot be");
  cursor.position = model::Seq(in.u64());
  const std::uint8_t hold = in.u8();
  cursor.hold = hold == 1;
  cursor.moved = in.i64();
  cursor.lost_rows = in.u64();
  cursor.gap_count = in.u64();
  const std::uint32_t gaps = in.u32();
  if (hold > 1 || gaps > kMaxGaps || in.remaining() < gaps * kLeastGap) in.fail();
  for (std::uint32_t i = 0; i < gaps && in.ok(); ++i) cursor.gaps.push_back(read_gap(in));
  if (!in.ok() || !in.done()) return damaged("content that cannot be");
  return cursor;
}

}  // namespace duramen::store
