#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "model/ids.h"

namespace duramen::store {

inline constexpr std::uint32_t kStoreFormat = 1;

inline constexpr const char* kMetaFamily = "meta";
inline constexpr const char* kJournalFamily = "journal";
inline constexpr const char* kBatchesFamily = "batches";

/// First byte of every key in `meta`. Never renumber, never reuse a retired letter.
/// Layouts: docs/format/keys.md
enum class MetaKind : char {
  kFormat = '.',
  kStoreId = 'u',
  kIncarnation = 'i',
  kBuilt = 'b',
  kNextBlock = 'n',
  kWindow = 'w',
  kSegment = 's',
  kDirectory = 'd',
  kDeletion = 'a',
  kHiddenRows = 'h',
  kGoneBlock = 'x',
  kCursor = 'c',
};
inline constexpr std::array kMetaKinds{
    MetaKind::kFormat,    MetaKind::kStoreId,    MetaKind::kIncarnation, MetaKind::kBuilt,
    MetaKind::kNextBlock, MetaKind::kWindow,     MetaKind::kSegment,     MetaKind::kDirectory,
    MetaKind::kDeletion,  MetaKind::kHiddenRows, MetaKind::kGoneBlock,   MetaKind::kCursor};

/// First byte of every key in a segment; the block id follows.
enum class BlockPart : char { kHead = 'h', kRows = 'r', kVars = 'v', kFields = 'f' };
inline constexpr std::array kBlockParts{BlockPart::kHead, BlockPart::kRows, BlockPart::kVars,
                                        BlockPart::kFields};

enum class BatchesKind : char { kById = 'i', kByTime = 't' };

template <class Kinds>
consteval bool kinds_are_unique(const Kinds& kinds) {
  for (const auto kind : kinds) {
    if (std::count(kinds.begin(), kinds.end(), kind) != 1) return false;
  }
  return true;
}
static_assert(kinds_are_unique(kMetaKinds), "two kinds of meta key share a letter");
static_assert(kinds_are_unique(kBlockParts), "two parts of a block share a letter");

inline std::string meta_key(MetaKind kind) { return {static_cast<char>(kind)}; }
inline std::string meta_key(MetaKind kind, std::uint64_t number) {
  std::string key = meta_key(kind);
  append_be64(key, number);
  return key;
}
/// The value of kBuilt and kNextBlock.
inline std::string number_value(std::uint64_t n) {
  std::string out;
  ByteWriter(out).u64(n);
  return out;
}
inline std::string directory_key(model::WindowId window, model::BlockId block) {
  std::string key = meta_key(MetaKind::kDirectory, window.value());
  append_be64(key, block.value());
  return key;
}
inline std::string segment_key(const std::string& name) {
  return meta_key(MetaKind::kSegment) + name;
}
inline std::string cursor_key(const std::string& name) {
  return meta_key(MetaKind::kCursor) + name;
}
inline std::string block_key(BlockPart part, model::BlockId block) {
  std::string key(1, static_cast<char>(part));
  append_be64(key, block.value());
  return key;
}
inline std::string journal_key(model::Seq first) {
  std::string key;
  append_be64(key, first.value());
  return key;
}
inline std::string batch_id_key(const Hash128& id) {
  return static_cast<char>(BatchesKind::kById) + id.to_bytes();
}
inline std::string batch_time_key(TimeNs accepted, const Hash128& id) {
  std::string key(1, static_cast<char>(BatchesKind::kByTime));
  append_be64(key, static_cast<std::uint64_t>(accepted));
  return key + id.to_bytes();
}

}  // namespace duramen::store
