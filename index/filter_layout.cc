#include "index/filter_layout.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/checksum.h"

namespace duramen::index {
namespace {

constexpr std::string_view kMagic = "DIXF";
constexpr std::uint16_t kVersion = 1;
constexpr std::size_t kPageBytes = 512;
static_assert((kPageBytes - kPageSum) * 8 >= kMaxPartBlocks, "a page has a row at least");
/// Rows of a filter for each row that a hash takes, in hundredths: 46 of 100 bits are set then.
constexpr std::uint64_t kRoomPercent = 160;

Error damaged(std::string_view what) {
  return {ErrorCode::kDataLoss, "filter: " + std::string(what)};
}

/// Magic, version, reserved, size of the head, blocks, groups; and at the end the checksum.
constexpr std::size_t kFixedHead = 4 + 2 + 2 + 4 + 2 + 2 + 8;
constexpr std::size_t kHeadSizeAt = 8;

std::size_t head_bytes(const FilterHead& head) {
  std::size_t bytes = kFixedHead;
  for (const FilterGroup& group : head.groups) bytes += 3 + 2 * group.columns.size();
  return bytes;
}

void set_offsets(FilterHead& head, std::uint64_t offset) {
  for (FilterGroup& group : head.groups) {
    group.offset = std::exchange(offset, offset + group.bytes());
  }
}

}  // namespace

std::uint32_t class_rows(std::uint8_t size_class) {
  return (size_class % 2 == 0 ? 64U : 91U) << (size_class / 2);
}

std::uint8_t size_class_of(const std::vector<std::uint64_t>& hashes, std::uint64_t bytes_limit) {
  std::uint64_t taken = 0;
  for (const std::uint64_t hash : hashes) taken += hash & 7;
  std::uint64_t wanted = taken * kRoomPercent / 100;
  std::uint8_t size_class = 0;
  // The nearest: up to a fifth less or more than wanted.
  while (size_class + 1 < kSizeClasses &&
         std::uint64_t{class_rows(size_class)} + class_rows(size_class + 1) < 2 * wanted) {
    ++size_class;
  }
  if (bytes_limit == 0) return size_class;
  while (size_class > 0 && class_rows(size_class) > bytes_limit * 8) --size_class;
  return size_class;
}

HashRows hash_rows(std::uint64_t hash, std::uint32_t rows) {
  HashRows out;
  out.count = hash & 7;
  auto at = static_cast<std::uint32_t>(hash);
  auto step = static_cast<std::uint32_t>(hash >> 32) | 1;
  for (std::size_t i = 0; i < out.count; ++i) {
    out.row[i] = static_cast<std::uint32_t>((std::uint64_t{at} * rows) >> 32);
    at += step;
    step += static_cast<std::uint32_t>(i);
  }
  return out;
}

std::uint32_t FilterGroup::rows_in_page() const {
  return static_cast<std::uint32_t>((kPageBytes - kPageSum) * 8 / columns.size());
}

std::uint64_t FilterGroup::bytes() const {
  return page_offset(pages() - 1) - offset + page_bytes(pages() - 1);
}

std::uint32_t FilterGroup::rows_of_page(std::uint32_t page) const {
  return std::min(rows_in_page(), rows() - page * rows_in_page());
}

std::size_t FilterGroup::page_bytes(std::uint32_t page) const {
  return (rows_of_page(page) * columns.size() + 7) / 8 + kPageSum;
}

std::uint64_t FilterGroup::page_offset(std::uint32_t page) const {
  return offset + page * ((std::uint64_t{rows_in_page()} * columns.size() + 7) / 8 + kPageSum);
}

std::uint64_t FilterHead::file_bytes() const {
  return groups.empty() ? 0 : groups.back().offset + groups.back().bytes();
}

std::string encode_filter_head(FilterHead& head) {
  std::string out;
  ByteWriter writer(out);
  writer.raw(kMagic);
  writer.u16(kVersion);
  writer.u16(0);
  writer.u32(static_cast<std::uint32_t>(head_bytes(head)));
  writer.u16(static_cast<std::uint16_t>(head.blocks));
  writer.u16(static_cast<std::uint16_t>(head.groups.size()));
  for (const FilterGroup& group : head.groups) {
    writer.u8(group.size_class);
    writer.u16(static_cast<std::uint16_t>(group.columns.size()));
    for (const std::uint16_t place : group.columns) writer.u16(place);
  }
  writer.u64(checksum64(out));
  set_offsets(head, out.size());
  return out;
}

std::size_t max_filter_head(std::size_t blocks) { return kFixedHead + blocks * 5; }

namespace {

Result<FilterGroup> read_group(ByteReader& in, std::size_t blocks) {
  FilterGroup group;
  group.size_class = in.u8();
  const std::size_t columns = in.u16();
  if (!in.ok() || group.size_class >= kSizeClasses || columns == 0 || columns > blocks) {
    return damaged("a group that cannot be");
  }
  for (std::size_t i = 0; i < columns; ++i) group.columns.push_back(in.u16());
  return group;
}

/// Each block of the part has one column, and the classes ascend.
bool is_whole(const FilterHead& head) {
  std::vector<bool> seen(head.blocks);
  std::size_t count = 0;
  for (std::size_t g = 0; g < head.groups.size(); ++g) {
    if (g != 0 && head.groups[g].size_class <= head.groups[g - 1].size_class) return false;
    for (const std::uint16_t place : head.groups[g].columns) {
      if (place >= head.blocks || seen[place]) return false;
      seen[place] = true;
      ++count;
    }
  }
  return count == head.blocks;
}

}  // namespace

Result<FilterHead> decode_filter_head(std::string_view bytes, std::size_t blocks) {
  if (bytes.size() < kFixedHead || !bytes.starts_with(kMagic)) return damaged("no filter");
  const std::size_t size = ByteReader(bytes.substr(kHeadSizeAt)).u32();
  if (size < kFixedHead || size > bytes.size()) return damaged("a head that is cut off");
  const std::string_view body = bytes.substr(0, size - sizeof(std::uint64_t));
  if (ByteReader(bytes.substr(body.size())).u64() != checksum64(body)) {
    return damaged("checksum of the head");
  }
  ByteReader in(body.substr(kMagic.size()));
  if (in.u16() != kVersion) {
    return Error{ErrorCode::kUnimplemented, "filter: written by a newer Duramen"};
  }
  const bool reserved = in.u16() != 0;
  in.u32();  // the size of the head
  FilterHead head;
  head.blocks = in.u16();
  const std::size_t groups = in.u16();
  if (reserved || head.blocks != blocks || groups > blocks) return damaged("not of this part");
  for (std::size_t g = 0; g < groups; ++g) {
    DURAMEN_TRY(auto group, read_group(in, blocks));
    head.groups.push_back(std::move(group));
  }
  if (!in.ok() || !in.done() || !is_whole(head)) return damaged("a head that cannot be");
  set_offsets(head, size);
  return head;
}

Result<void> check_page(std::string_view page) {
  if (page.size() <= kPageSum) return damaged("a page that is no page");
  const std::string_view rows = page.substr(0, page.size() - kPageSum);
  ByteReader sum(page.substr(rows.size()));
  if (sum.u64() != checksum64(rows)) return damaged("checksum of a page");
  return {};
}

}  // namespace duramen::index
