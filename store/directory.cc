#include "store/directory.h"

#include <chrono>
#include <cstdio>
#include <limits>
#include <utility>

#include "base/bytes.h"
#include "base/checksum.h"
#include "base/time_text.h"

namespace duramen::store {
namespace {

constexpr std::uint8_t kVersion = 1;

Error damaged(std::string_view what) {
  return {ErrorCode::kDataLoss, "directory: " + std::string(what)};
}

}  // namespace

std::string encode_directory_value(const DirectoryEntry& entry) {
  std::string out;
  ByteWriter writer(out);
  writer.u8(kVersion);
  writer.text(entry.segment);
  writer.u32(entry.summary.rows);
  writer.u64(entry.summary.raw_bytes);
  writer.i64(entry.summary.min_time);
  writer.i64(entry.summary.max_time);
  writer.u64(entry.summary.min_seq.value());
  writer.u64(entry.summary.max_seq.value());
  for (const std::uint32_t part : entry.stored) writer.u32(part);
  writer.u64(checksum64(out));
  return out;
}

Result<DirectoryEntry> decode_directory_entry(std::string_view key, std::string_view value) {
  if (key.size() != 17 || value.size() < 9) return damaged("an entry of the wrong size");
  ByteReader sum(value.substr(value.size() - 8));
  if (sum.u64() != checksum64(value.substr(0, value.size() - 8)))
    return damaged("checksum of an entry");
  ByteReader in(value);
  if (in.u8() != kVersion) {
    return Error{ErrorCode::kUnimplemented, "directory: an entry written by a newer Duramen"};
  }
  DirectoryEntry entry;
  entry.window = model::WindowId(load_be64(key.data() + 1));
  entry.block = model::BlockId(load_be64(key.data() + 9));
  entry.segment = in.text();
  entry.summary.rows = in.u32();
  entry.summary.raw_bytes = in.u64();
  entry.summary.min_time = in.i64();
  entry.summary.max_time = in.i64();
  entry.summary.min_seq = model::Seq(in.u64());
  entry.summary.max_seq = model::Seq(in.u64());
  for (std::uint32_t& part : entry.stored) part = in.u32();
  if (!in.ok() || in.remaining() != 8) return damaged("an entry is cut off");
  return entry;
}

std::string encode_window_value(const Window& window) {
  std::string out;
  ByteWriter writer(out);
  writer.u64(window.first.value());
  writer.u64(window.end.value());
  writer.u64(window.raw_bytes);
  return out;
}

Result<Window> decode_window(std::string_view key, std::string_view value) {
  if (key.size() != 9 || value.size() != 24) return damaged("a window of the wrong size");
  ByteReader in(value);
  Window window;
  window.id = model::WindowId(load_be64(key.data() + 1));
  window.first = model::Seq(in.u64());
  window.end = model::Seq(in.u64());
  window.raw_bytes = in.u64();
  if (window.end < window.first) return damaged("a window that ends before it begins");
  return window;
}

std::int64_t day_of(TimeNs time) {
  const std::int64_t day = time / kNsPerDay;
  return time % kNsPerDay < 0 ? day - 1 : day;
}

std::string segment_name(std::int64_t day, std::string_view retention_class) {
  // The first day of the range begins before the first nanosecond of it; any time in a day names
  // it.
  const TimeNs inside = day < 0 ? (day + 1) * kNsPerDay - 1 : day * kNsPerDay;
  return to_rfc3339(inside).substr(0, 10) + "." + std::string(retention_class);
}

std::string encode_segment_value(std::int64_t day, std::string_view retention_class) {
  std::string out;
  ByteWriter writer(out);
  writer.i64(day);
  writer.text(retention_class);
  return out;
}

std::optional<SegmentId> parse_segment_name(const std::string& name) {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  if (std::sscanf(name.c_str(), "%d-%u-%u", &year, &month, &day) != 3) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  if (!date.ok()) return std::nullopt;
  SegmentId id{std::chrono::sys_days(date).time_since_epoch().count(), std::string(class_in(name))};
  if (!is_class_name(id.retention_class)) return std::nullopt;
  if (id.day < day_of(std::numeric_limits<TimeNs>::min()) ||
      id.day > day_of(std::numeric_limits<TimeNs>::max()) || segment_name(id) != name) {
    return std::nullopt;
  }
  return id;
}

std::string_view class_in(std::string_view segment_name) {
  const std::size_t dot = segment_name.find('.');
  return dot == std::string_view::npos ? std::string_view() : segment_name.substr(dot + 1);
}

Result<SegmentId> decode_segment(std::string_view value) {
  ByteReader in(value);
  const std::int64_t day = in.i64();
  std::string retention_class(in.text());
  if (!in.ok() || !in.done()) return damaged("a segment entry of the wrong size");
  if (day < day_of(std::numeric_limits<TimeNs>::min()) ||
      day > day_of(std::numeric_limits<TimeNs>::max())) {
    return damaged("a segment of a day that there is not");
  }
  return SegmentId{day, std::move(retention_class)};
}

}  // namespace duramen::store
