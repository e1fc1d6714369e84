#include "store/salvage/table_walk.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "store/salvage/crc32c.h"

namespace duramen::store {
namespace {

constexpr std::size_t kTrailer = 5;
constexpr std::size_t kKeyTail = 8;
constexpr std::size_t kLongestKey = 256;
constexpr std::uint8_t kDeletion = 0;
constexpr std::uint8_t kValue = 1;

std::uint8_t type_of(std::string_view key) {
  return static_cast<std::uint8_t>(key[key.size() - kKeyTail]);
}

/// Its keys are a sequence number and type longer than ours.
bool is_data(const std::vector<BlockEntry>& entries) {
  return std::all_of(entries.begin(), entries.end(), [](const BlockEntry& entry) {
    return entry.key.size() > kKeyTail &&
           (type_of(entry.key) == kValue || type_of(entry.key) == kDeletion);
  });
}

/// The content of the block that begins at `at`: of the length for which the checksum is right.
std::optional<std::string_view> block_at(std::string_view file, std::size_t at) {
  Crc32c crc;
  for (std::size_t end = at; end + kTrailer <= file.size(); ++end) {
    const char type = file[end];
    if (type == 0 && end - at >= 8) {
      Crc32c with_type = crc;
      with_type.process_byte(0);
      std::uint32_t stored = 0;
      std::memcpy(&stored, file.data() + end + 1, 4);
      if (masked(with_type.checksum()) == stored) return file.substr(at, end - at);
    }
    crc.process_byte(static_cast<unsigned char>(type));
  }
  return std::nullopt;
}

/// A cheap look: the first entry of a block shares nothing and has a key of ours.
bool may_begin_at(std::string_view file, std::size_t at) {
  ByteReader in(file.substr(at));
  if (in.u8() != 0) return false;
  const std::uint64_t key = in.varint();
  const std::uint64_t value = in.varint();
  if (!in.ok() || key <= kKeyTail || key > kLongestKey) return false;
  const std::string_view bytes = in.raw(key);
  return in.ok() && value <= in.remaining() &&
         (type_of(bytes) == kValue || type_of(bytes) == kDeletion);
}

}  // namespace

std::optional<std::vector<BlockEntry>> parse_table_block(std::string_view content) {
  if (content.size() < 8) return std::nullopt;
  std::uint32_t restarts = 0;
  std::memcpy(&restarts, content.data() + content.size() - 4, 4);
  if (restarts == 0 || restarts > content.size() / 4 - 1) return std::nullopt;
  ByteReader in(content.substr(0, content.size() - 4 - std::size_t{4} * restarts));
  std::vector<BlockEntry> entries;
  std::string key;
  while (!in.done()) {
    const std::uint64_t shared = in.varint();
    const std::uint64_t unshared = in.varint();
    const std::uint64_t value = in.varint();
    if (!in.ok() || shared > key.size() || unshared > kLongestKey) return std::nullopt;
    key.resize(shared);
    key.append(in.raw(unshared));
    if (value > in.remaining()) return std::nullopt;
    entries.push_back({key, in.raw(value)});
    if (!in.ok()) return std::nullopt;
  }
  return entries;
}

std::vector<TableEntry> salvage_table(std::string_view file) {
  std::vector<TableEntry> out;
  for (std::size_t at = 0; at + kTrailer < file.size();) {
    const auto content = may_begin_at(file, at) ? block_at(file, at) : std::nullopt;
    if (!content) {
      ++at;
      continue;
    }
    at += content->size() + kTrailer;
    const auto entries = parse_table_block(*content);
    if (!entries || !is_data(*entries)) continue;  // another block of the table
    for (const BlockEntry& entry : *entries) {
      const std::string_view key =
          std::string_view(entry.key).substr(0, entry.key.size() - kKeyTail);
      if (!out.empty() && out.back().key == key) continue;  // an older version
      out.push_back({std::string(key), std::string(entry.value), type_of(entry.key) == kDeletion});
    }
  }
  return out;
}

}  // namespace duramen::store
