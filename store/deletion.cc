#include "store/deletion.h"

#include <utility>

#include "base/bytes.h"
#include "base/checksum.h"

namespace duramen::store {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kSumBytes = 8;

Error damaged(std::string_view what) {
  return {ErrorCode::kDataLoss, "meta: " + std::string(what)};
}

std::string with_sum(std::string value) {
  const std::uint64_t sum = checksum64(value);
  ByteWriter(value).u64(sum);
  return value;
}

/// What lies before the sum and behind the version.
Result<std::string_view> body_of(std::string_view value, std::string_view what) {
  if (value.size() <= kSumBytes) return damaged(std::string(what) + " is cut off");
  const std::string_view body = value.substr(0, value.size() - kSumBytes);
  if (ByteReader(value.substr(body.size())).u64() != checksum64(body)) {
    return damaged(std::string(what) + ": checksum mismatch");
  }
  const auto version = static_cast<std::uint8_t>(body[0]);
  if (version > kVersion) {
    return Error{ErrorCode::kUnimplemented, std::string(what) + " has version " +
                                                std::to_string(version) +
                                                ", written by a newer Duramen"};
  }
  return body.substr(1);
}

void put_time(ByteWriter& out, const std::optional<TimeNs>& time) {
  out.u8(time ? 1 : 0);
  out.i64(time.value_or(0));
}

std::optional<TimeNs> take_time(ByteReader& in) {
  const std::uint8_t there = in.u8();
  if (there > 1) in.fail();
  const TimeNs time = in.i64();
  return there == 1 ? std::optional(time) : std::nullopt;
}

}  // namespace

std::string encode_deletion(const Deletion& deletion) {
  std::string value;
  ByteWriter out(value);
  out.u8(kVersion);
  out.u8(static_cast<std::uint8_t>(deletion.state));
  out.text(deletion.query);
  put_time(out, deletion.start);
  put_time(out, deletion.end);
  out.u64(deletion.up_to.value());
  out.text(deletion.by);
  out.text(deletion.reason);
  out.i64(deletion.asked);
  put_time(out, deletion.hidden);
  put_time(out, deletion.ended);
  out.u64(deletion.rows);
  out.u64(deletion.blocks);
  out.text(deletion.problem);
  return with_sum(std::move(value));
}

Result<Deletion> decode_deletion(std::string_view key, std::string_view value) {
  if (key.size() != 9) return damaged("a deletion's key has the wrong size");
  DURAMEN_TRY(const std::string_view body, body_of(value, "a deletion"));
  ByteReader in(body);
  Deletion deletion;
  deletion.id = load_be64(key.data() + 1);
  const std::uint8_t state = in.u8();
  if (state < 1 || state > static_cast<std::uint8_t>(DeletionState::kFailed)) in.fail();
  deletion.state = static_cast<DeletionState>(state);
  deletion.query = in.text();
  deletion.start = take_time(in);
  deletion.end = take_time(in);
  deletion.up_to = model::Seq(in.u64());
  deletion.by = in.text();
  deletion.reason = in.text();
  deletion.asked = in.i64();
  deletion.hidden = take_time(in);
  deletion.ended = take_time(in);
  deletion.rows = in.u64();
  deletion.blocks = in.u64();
  deletion.problem = in.text();
  if (!in.ok() || !in.done()) return damaged("a deletion that cannot be");
  return deletion;
}

std::string encode_hidden_rows(const HiddenRows& hidden) {
  std::string value;
  ByteWriter out(value);
  out.u8(kVersion);
  out.u64(hidden.deletion);
  out.u32(hidden.rows.count());
  out.raw(hidden.rows.packed());
  return with_sum(std::move(value));
}

Result<HiddenRows> decode_hidden_rows(std::string_view value) {
  DURAMEN_TRY(const std::string_view body, body_of(value, "a list of hidden rows"));
  ByteReader in(body);
  HiddenRows hidden;
  hidden.deletion = in.u64();
  const std::uint32_t count = in.u32();
  if (!in.ok()) return damaged("a list of hidden rows is cut off");
  DURAMEN_TRY(hidden.rows, RowMarks::read(count, in.rest()));
  return hidden;
}

}  // namespace duramen::store
