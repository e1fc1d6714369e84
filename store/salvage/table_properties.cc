#include "store/salvage/table_properties.h"

#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>

#include "base/bytes.h"
#include "store/salvage/crc32c.h"
#include "store/salvage/files.h"
#include "store/salvage/table_walk.h"

namespace duramen::store {
namespace {

constexpr std::size_t kFooter = 53;
constexpr std::size_t kHandles = 40;
constexpr std::size_t kTrailer = 5;
constexpr std::uint8_t kChecksumCrc32c = 1;
constexpr std::uint32_t kFormatVersion = 5;
constexpr std::uint64_t kMagic = 0x88e241b785f4cff7ULL;
constexpr std::uint64_t kMostBytes = 256U << 20;  ///< of one of these blocks

struct Handle {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

Error damaged(const std::string& path, const std::string& what) {
  return {ErrorCode::kDataLoss, "table file " + path + ": " + what + " damaged"};
}

Handle read_handle(ByteReader& in) {
  Handle handle;
  handle.offset = in.varint();
  handle.size = in.varint();
  return handle;
}

/// The content of a block; nothing when it is damaged or not there.
Result<std::optional<std::string>> read_block(const std::string& path, std::uint64_t file_size,
                                              const Handle& handle) {
  const bool inside = handle.size <= kMostBytes && handle.offset <= file_size &&
                      handle.size + kTrailer <= file_size - handle.offset;
  if (!inside) return std::optional<std::string>();
  DURAMEN_TRY(std::string block, read_part(path, handle.offset, handle.size + kTrailer));
  if (block.size() != handle.size + kTrailer) return std::optional<std::string>();
  std::uint32_t stored = 0;
  std::memcpy(&stored, block.data() + handle.size + 1, 4);
  const std::string_view summed = std::string_view(block).substr(0, handle.size + 1);
  if (summed.back() != 0 || masked_crc(summed) != stored) return std::optional<std::string>();
  block.resize(handle.size);
  return std::optional<std::string>(std::move(block));
}

struct Footer {
  Handle metaindex;
  Handle index;
};

/// Nothing when it is none of ours.
std::optional<Footer> parse_footer(std::string_view footer) {
  if (footer.size() != kFooter) return std::nullopt;
  ByteReader in(footer);
  const std::uint8_t checksum = in.u8();
  ByteReader handles(in.raw(kHandles));
  Footer out;
  out.metaindex = read_handle(handles);
  out.index = read_handle(handles);
  const std::uint32_t version = in.u32();
  const bool ours = in.u64() == kMagic && version == kFormatVersion && checksum == kChecksumCrc32c;
  if (!ours || !handles.ok()) return std::nullopt;
  return out;
}

/// Written with another checksum, by another program: RocksDB may know more.
bool is_foreign(std::string_view footer) {
  return footer.size() == kFooter && footer[0] != static_cast<char>(kChecksumCrc32c);
}

}  // namespace

Result<void> check_table_properties(const std::string& path) {
  DURAMEN_TRY(const FileEnds ends, read_ends(path, 0, kFooter));
  const auto footer = parse_footer(ends.tail);
  if (!footer) return {};
  DURAMEN_TRY(const auto blocks, read_block(path, ends.size, footer->metaindex));
  const auto entries = blocks ? parse_table_block(*blocks) : std::nullopt;
  if (!entries) return {};
  for (const BlockEntry& entry : *entries) {
    if (entry.key != "rocksdb.properties") continue;
    ByteReader value(entry.value);
    const Handle handle = read_handle(value);
    DURAMEN_TRY(const auto properties, read_block(path, ends.size, handle));
    if (!properties) return damaged(path, "its properties are");
  }
  return {};
}

Result<void> check_table_ends(const std::string& path) {
  DURAMEN_TRY(const FileEnds ends, read_ends(path, 0, kFooter));
  const auto footer = parse_footer(ends.tail);
  if (!footer && is_foreign(ends.tail)) return {};
  if (!footer) return damaged(path, "its footer is");
  DURAMEN_TRY(const auto index, read_block(path, ends.size, footer->index));
  if (!index) return damaged(path, "its index is");
  DURAMEN_TRY(const auto blocks, read_block(path, ends.size, footer->metaindex));
  const auto entries = blocks ? parse_table_block(*blocks) : std::nullopt;
  if (!entries) return damaged(path, "its metaindex is");
  for (const BlockEntry& entry : *entries) {
    ByteReader value(entry.value);
    const Handle handle = read_handle(value);
    DURAMEN_TRY(const auto block, read_block(path, ends.size, handle));
    if (!block) return damaged(path, "its block " + entry.key + " is");
  }
  return {};
}

Result<void> check_all_table_properties(const std::string& directory) {
  std::error_code error;
  for (auto it = std::filesystem::directory_iterator(directory, error);
       !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
    if (it->path().extension() == ".sst") DURAMEN_TRY_VOID(check_table_properties(it->path()));
  }
  return {};
}

}  // namespace duramen::store
