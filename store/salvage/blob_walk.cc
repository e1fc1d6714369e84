#include "store/salvage/blob_walk.h"

#include <cstring>

#include "base/bytes.h"
#include "store/salvage/crc32c.h"
#include "store/salvage/files.h"

namespace duramen::store {
namespace {

constexpr std::uint32_t kMagic = 2395959;
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeader = 30;
constexpr std::size_t kFooter = 32;
constexpr std::size_t kRecord = 32;
constexpr std::size_t kSums = 24;  ///< what the checksum of a record's head covers

struct Record {
  std::string_view key;
  std::string_view value;
  bool whole = false;
  std::size_t bytes() const { return kRecord + key.size() + value.size(); }
};

/// The record that begins at `at`: its own checksum says whether one does.
bool record_at(std::string_view file, std::size_t at, Record& record) {
  ByteReader in(file.substr(at));
  const std::uint64_t key = in.u64();
  const std::uint64_t value = in.u64();
  in.u64();
  const std::uint32_t head_crc = in.u32();
  const std::uint32_t crc = in.u32();
  if (!in.ok() || key > in.remaining() || value > in.remaining() - key) return false;
  if (masked_crc(file.substr(at, kSums)) != head_crc) return false;
  const std::string_view both = file.substr(at + kRecord, key + value);
  record = {both.substr(0, key), both.substr(key), masked_crc(both) == crc};
  return true;
}

std::string header_of(std::uint32_t column_family) {
  std::string header;
  ByteWriter out(header);
  out.u32(kMagic);
  out.u32(kVersion);
  out.u32(column_family);
  out.u8(0);   // no time to live
  out.u8(0);   // not compressed
  out.u64(0);  // expiration, from and to
  out.u64(0);
  return header;
}

std::string footer_of(std::uint64_t records) {
  std::string footer;
  ByteWriter out(footer);
  out.u32(kMagic);
  out.u64(records);
  out.u64(0);
  out.u64(0);
  out.u32(masked_crc(footer));
  return footer;
}

bool is_footer(std::string_view footer) {
  ByteReader in(footer);
  const bool magic = in.u32() == kMagic;
  in.u64();
  const bool expires = in.u64() != 0 || in.u64() != 0;
  return magic && !expires && in.u32() == masked_crc(footer.substr(0, kFooter - 4));
}

}  // namespace

Result<void> walk_blobs(
    std::string_view file,
    const std::function<Result<void>(std::string_view, std::string_view)>& take) {
  for (std::size_t at = kHeader; at + kRecord <= file.size();) {
    Record record;
    if (!record_at(file, at, record)) {
      ++at;
      continue;
    }
    if (record.whole) DURAMEN_TRY_VOID(take(record.key, record.value));
    at += record.bytes();
  }
  return {};
}

Result<bool> mend_blob_file(const std::string& path, std::uint64_t size,
                            std::uint32_t column_family) {
  DURAMEN_TRY(const FileEnds ends, read_ends(path, kHeader, kFooter));
  const std::string header = header_of(column_family);
  bool changed = false;
  if (ends.size != size || size < kHeader + kFooter) return false;
  if (ends.head != header) {
    DURAMEN_TRY_VOID(overwrite(path, 0, header));
    changed = true;
  }
  if (!is_footer(ends.tail)) {
    DURAMEN_TRY(const std::string file, read_file(path));
    if (file.size() != size) return changed;
    const std::size_t footer_at = size - kFooter;
    std::uint64_t records = 0;
    DURAMEN_TRY_VOID(walk_blobs(std::string_view(file).substr(0, footer_at),
                                [&](std::string_view, std::string_view) -> Result<void> {
                                  ++records;
                                  return {};
                                }));
    DURAMEN_TRY_VOID(overwrite(path, footer_at, footer_of(records)));
    changed = true;
  }
  return changed;
}

}  // namespace duramen::store
