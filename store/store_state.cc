#include <rocksdb/write_batch.h>

#include <algorithm>
#include <random>
#include <utility>

#include "base/bytes.h"
#include "store/keys.h"
#include "store/local_store.h"

namespace duramen::store {
namespace {

Error damaged(std::string_view what) {
  return {ErrorCode::kDataLoss, "meta: " + std::string(what)};
}

Result<std::uint64_t> number(std::string_view value) {
  ByteReader in(value);
  const std::uint64_t n = in.u64();
  if (!in.ok() || !in.done()) return damaged("a number of the wrong size");
  return n;
}

Result<void> check_format(std::string_view value) {
  ByteReader in(value);
  const std::uint32_t format = in.u32();
  if (!in.ok() || !in.done()) return damaged("the format has the wrong size");
  if (format == 0) return damaged("the format is 0");
  if (format > kStoreFormat) {
    return Error{ErrorCode::kUnimplemented,
                 "the data directory has format " + std::to_string(format) +
                     ", written by a newer Duramen; this "
                     "one reads up to " +
                     std::to_string(kStoreFormat) + ": install the newer one again"};
  }
  return {};
}

Result<model::BlockId> block_in(std::string_view key) {
  if (key.size() != 9) return damaged("a block's key has the wrong size");
  return model::BlockId(load_be64(key.data() + 1));
}

Result<void> take_directory(std::string_view key, std::string_view value, StoreState& state) {
  DURAMEN_TRY(auto entry, decode_directory_entry(key, value));
  if (const auto hidden = state.hidden.find(entry.block); hidden != state.hidden.end()) {
    if (hidden->second->rows.end() > entry.summary.rows) {
      return damaged("rows of block " + std::to_string(entry.block.value()) +
                     " are hidden that it does not have");
    }
    entry.hidden = hidden->second;
  }
  auto segment = state.segments.find(entry.segment);
  if (segment == state.segments.end()) {
    return damaged("block " + std::to_string(entry.block.value()) +
                   " belongs to an unknown segment " + entry.segment);
  }
  segment->second.blocks.push_back(std::move(entry));
  return {};
}

Result<void> take_segment(std::string_view key, std::string_view value, StoreState& state) {
  Segment segment;
  segment.name = key.substr(1);
  DURAMEN_TRY(segment.id, decode_segment(value));
  if (!is_class_name(segment.id.retention_class) || segment.name != segment_name(segment.id)) {
    return damaged("segment " + segment.name + " says that it is of another day or class");
  }
  state.segments[segment.name] = std::move(segment);
  return {};
}

Result<void> take_meta(std::string_view key, std::string_view value, StoreState& state) {
  switch (static_cast<MetaKind>(key[0])) {
    case MetaKind::kFormat:
      return check_format(value);
    case MetaKind::kStoreId:
      state.store_id = value;
      return {};
    case MetaKind::kBuilt: {
      DURAMEN_TRY(const std::uint64_t n, number(value));
      state.built = model::Seq(n);
      return {};
    }
    case MetaKind::kNextBlock: {
      DURAMEN_TRY(const std::uint64_t n, number(value));
      state.next_block = model::BlockId(n);
      return {};
    }
    case MetaKind::kWindow: {
      DURAMEN_TRY(state.window, decode_window(key, value));  // ascending: the last one stays
      return {};
    }
    case MetaKind::kSegment:
      return take_segment(key, value, state);
    case MetaKind::kDirectory:
      return {};  // in a second pass, when all segments are known
    case MetaKind::kIncarnation:
      return {};  // history; the new one is drawn by the journal
    case MetaKind::kDeletion: {
      DURAMEN_TRY(auto deletion, decode_deletion(key, value));
      state.deletions[deletion.id] = std::move(deletion);
      return {};
    }
    case MetaKind::kHiddenRows: {
      DURAMEN_TRY(const model::BlockId block, block_in(key));
      DURAMEN_TRY(auto hidden, decode_hidden_rows(value));
      state.hidden[block] = std::make_shared<const HiddenRows>(std::move(hidden));
      return {};
    }
    case MetaKind::kGoneBlock: {
      DURAMEN_TRY(const model::BlockId block, block_in(key));
      state.gone_blocks[block] = value;
      return {};
    }
    case MetaKind::kCursor: {
      DURAMEN_TRY(auto cursor, decode_cursor(key, value));
      state.cursors[cursor.name] = std::move(cursor);
      return {};
    }
  }
  return Error{ErrorCode::kUnimplemented, std::string("meta has keys of the unknown kind '") +
                                              key[0] + "': written by a newer Duramen"};
}

Result<void> create(Database& database, StoreState& state) {
  std::random_device random;
  for (int i = 0; i < 16; ++i) state.store_id.push_back(static_cast<char>(random()));
  state.window = {model::WindowId(1), model::Seq(1), model::Seq(1), 0};
  std::string format;
  ByteWriter(format).u32(kStoreFormat);
  rocksdb::WriteBatch batch;
  batch.Put(database.meta().get(), meta_key(MetaKind::kFormat), format).PermitUncheckedError();
  batch.Put(database.meta().get(), meta_key(MetaKind::kStoreId), state.store_id)
      .PermitUncheckedError();
  return database.write(batch, true);
}

}  // namespace

Result<void> check_stored_format(const Database& database) {
  DURAMEN_TRY(const auto format, database.get(database.meta(), meta_key(MetaKind::kFormat)));
  return format ? check_format(*format) : Result<void>();
}

Result<StoreState> load_state(Database& database) {
  StoreState state;
  bool is_new = true;
  // The format decides whether anything else may be read at all.
  DURAMEN_TRY(const auto format, database.get(database.meta(), meta_key(MetaKind::kFormat)));
  if (format) {
    DURAMEN_TRY_VOID(check_format(*format));
    is_new = false;
  }
  if (is_new) {
    DURAMEN_TRY_VOID(create(database, state));
    return state;
  }
  DURAMEN_TRY_VOID(database.scan(
      database.meta(), "",
      [&](std::string_view key, std::string_view value) { return take_meta(key, value, state); }));
  DURAMEN_TRY_VOID(database.scan(database.meta(), meta_key(MetaKind::kDirectory),
                                 [&](std::string_view key, std::string_view value) {
                                   return take_directory(key, value, state);
                                 }));
  if (state.store_id.size() != 16) return damaged("the store has no id");
  if (state.window.id.value() == 0)
    state.window = {model::WindowId(1), model::Seq(1), model::Seq(1), 0};
  // After damage the builder's position may lie before blocks that are there.
  state.next = std::max(state.built, state.window.end);
  for (const auto& [name, segment] : state.segments) {
    for (const DirectoryEntry& block : segment.blocks) {
      state.next = std::max(state.next, block.summary.max_seq.plus(1));
    }
  }
  return state;
}

}  // namespace duramen::store
