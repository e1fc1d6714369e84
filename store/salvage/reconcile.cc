#include "store/salvage/reconcile.h"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "store/block.h"
#include "store/directory.h"
#include "store/journal_entry.h"
#include "store/keys.h"
#include "store/local_store.h"
#include "store/seen_batch.h"

namespace duramen::store {
namespace {

/// Seqs, from `first` to before `end`.
struct Interval {
  model::Seq first;
  model::Seq end;
};

class Reconciliation {
 public:
  Reconciliation(Database& database, const PutAside& aside, bool lost_record)
      : database_(database), aside_(aside), lost_record_(lost_record) {}

  Result<void> run() {
    DURAMEN_TRY_VOID(read_meta());
    settle_gone();
    DURAMEN_TRY_VOID(settle_segments());
    DURAMEN_TRY_VOID(read_journal());
    for (const auto& [name, family] : database_.found_segments()) {
      DURAMEN_TRY_VOID(settle_blocks(name, family));
    }
    settle_hidden();
    settle_numbers();
    DURAMEN_TRY_VOID(database_.write(batch_, true));
    for (const std::string& line : lines_) DURAMEN_TRY_VOID(aside_.report(line));
    return {};
  }

 private:
  void put(const std::string& key, const std::string& value) {
    batch_.Put(database_.meta().get(), key, value).PermitUncheckedError();
  }
  void remove(std::string_view key) {
    batch_.Delete(database_.meta().get(), rocksdb::Slice(key.data(), key.size()))
        .PermitUncheckedError();
  }

  Result<void> read_meta() {
    // Judges the format, before anything is changed.
    DURAMEN_TRY_VOID(check_stored_format(database_));
    return database_.scan(database_.meta(), "",
                          [&](std::string_view key, std::string_view value) -> Result<void> {
                            auto taken = take(key, value);
                            if (taken || taken.error().code == ErrorCode::kUnimplemented) {
                              return taken;
                            }
                            remove(key);
                            lines_.push_back("meta: an entry of kind '" + std::string(1, key[0]) +
                                             "' that cannot be read is taken out");
                            return {};
                          });
  }

  static Result<std::uint64_t> number_in(std::string_view value) {
    if (value.size() != 8) return Error{ErrorCode::kDataLoss, "a number of the wrong size"};
    return ByteReader(value).u64();
  }

  Result<void> take(std::string_view key, std::string_view value) {
    switch (static_cast<MetaKind>(key[0])) {
      case MetaKind::kFormat:
        has_format_ = true;
        return {};
      case MetaKind::kStoreId:
        has_id_ = value.size() == 16;
        if (!has_id_) return Error{ErrorCode::kDataLoss, "an id of the wrong size"};
        return {};
      case MetaKind::kBuilt: {
        DURAMEN_TRY(const std::uint64_t n, number_in(value));
        built_ = std::max(built_, model::Seq(n));
        has_built_ = true;
        return {};
      }
      case MetaKind::kNextBlock: {
        DURAMEN_TRY(const std::uint64_t n, number_in(value));
        next_block_ = std::max(next_block_, n);
        return {};
      }
      case MetaKind::kWindow: {
        DURAMEN_TRY(const Window window, decode_window(key, value));
        windows_[window.id] = window;
        return {};
      }
      case MetaKind::kSegment: {
        const std::string name(key.substr(1));
        DURAMEN_TRY(const SegmentId id, decode_segment(value));
        if (parse_segment_name(name) != id) {
          return Error{ErrorCode::kDataLoss, "a segment of another day or class"};
        }
        registered_.insert(name);
        return {};
      }
      case MetaKind::kDirectory: {
        DURAMEN_TRY(auto entry, decode_directory_entry(key, value));
        directory_[entry.segment][entry.block] = std::move(entry);
        return {};
      }
      case MetaKind::kIncarnation:
        return {};
      case MetaKind::kDeletion:
        DURAMEN_TRY_VOID(decode_deletion(key, value));
        return {};
      case MetaKind::kHiddenRows:
        if (key.size() != 9) return Error{ErrorCode::kDataLoss, "a key of the wrong size"};
        DURAMEN_TRY_VOID(decode_hidden_rows(value));
        hidden_.insert(model::BlockId(load_be64(key.data() + 1)));
        return {};
      case MetaKind::kGoneBlock:
        if (key.size() != 9) return Error{ErrorCode::kDataLoss, "a key of the wrong size"};
        gone_.insert(model::BlockId(load_be64(key.data() + 1)));
        return {};
      case MetaKind::kCursor:
        DURAMEN_TRY_VOID(decode_cursor(key, value));
        return {};
    }
    return Error{ErrorCode::kUnimplemented, "meta has keys of an unknown kind"};
  }

  /// Blocks that were written again without some rows: what damage brought back of their entries
  /// must not bring back the rows.
  void settle_gone() {
    for (auto& [name, blocks] : directory_) {
      std::erase_if(blocks, [&](const auto& block) {
        if (!gone_.contains(block.first)) return false;
        remove(directory_key(block.second.window, block.first));
        return true;
      });
    }
  }

  /// Rows of blocks that are no more.
  void settle_hidden() {
    for (const auto& [name, blocks] : directory_) {
      for (const auto& [id, entry] : blocks) hidden_.erase(id);
    }
    for (const model::BlockId block : hidden_) {
      remove(meta_key(MetaKind::kHiddenRows, block.value()));
    }
  }

  /// Registry and column families name the same segments.
  Result<void> settle_segments() {
    std::set<std::string> found;
    for (const auto& [name, family] : database_.found_segments()) {
      found.insert(name);
      if (registered_.contains(name)) continue;
      const auto id = parse_segment_name(name);
      if (!id || !has_blocks(family)) continue;  // the rest of a creation: load_state() drops it
      put(segment_key(name), encode_segment_value(id->day, id->retention_class));
      lines_.push_back("segment " + name + " was not registered any more; it is again");
    }
    for (const std::string& name : registered_) {
      if (found.contains(name)) continue;
      remove(segment_key(name));
      lines_.push_back("segment " + name + " was registered and is not there: it is taken out");
    }
    for (const auto& [name, blocks] : directory_) {
      if (found.contains(name)) continue;
      for (const auto& [id, entry] : blocks) remove(directory_key(entry.window, id));
    }
    std::erase_if(directory_, [&](const auto& segment) { return !found.contains(segment.first); });
    return {};
  }

  /// When they cannot be read, there are some.
  bool has_blocks(const Database::Family& family) const {
    bool any = false;
    const std::string heads(1, static_cast<char>(BlockPart::kHead));
    const auto scanned =
        database_.scan(family, heads, [&](std::string_view, std::string_view) -> Result<void> {
          any = true;
          return {};
        });
    return any || !scanned;
  }

  Result<void> read_journal() {
    return database_.scan(
        database_.journal(), "", [&](std::string_view key, std::string_view value) -> Result<void> {
          const auto entry = decode_journal_entry(value);
          if (key.size() != 8 || !entry) return {};  // replay names it
          const model::Seq first(load_be64(key.data()));
          journal_.push_back({first, first.plus(entry->head.rows)});
          return entry->head.batch_id ? put_batch_id(first, entry->head) : Result<void>();
        });
  }

  /// Of an entry that is there without its id: a repeat would be stored again.
  Result<void> put_batch_id(model::Seq first, const JournalHead& head) {
    const model::BatchId& id = *head.batch_id;
    const Database::Family& family = database_.batches();
    DURAMEN_TRY(const auto there, database_.get(family, batch_id_key(id.id)));
    if (there) return {};
    const model::AppendAck ack{first, first.plus(head.rows - 1), head.node, false};
    const std::string seen = encode_seen({id.payload, ack, head.received});
    batch_.Put(family.get(), batch_id_key(id.id), seen).PermitUncheckedError();
    batch_.Put(family.get(), batch_time_key(head.received, id.id), rocksdb::Slice())
        .PermitUncheckedError();
    return {};
  }

  /// Ascending and apart from each other, as the journal's keys are.
  bool in_journal(model::Seq seq) const {
    auto after = std::upper_bound(
        journal_.begin(), journal_.end(), seq,
        [](model::Seq wanted, const Interval& entry) { return wanted < entry.first; });
    return after != journal_.begin() && seq < std::prev(after)->end;
  }

  /// Directory and blocks of a segment name the same blocks.
  Result<void> settle_blocks(const std::string& name, const Database::Family& family) {
    std::set<model::BlockId> there;
    std::string from(1, static_cast<char>(BlockPart::kHead));
    const std::string heads = from;
    bool complete = true;
    for (int skipped = 0; skipped < kMaxUnreadable;) {
      const auto listed = database_.scan(
          family, heads,
          [&](std::string_view key, std::string_view head) -> Result<void> {
            from = std::string(key) + '\0';
            if (key.size() != 9) return {};
            const model::BlockId block(load_be64(key.data() + 1));
            there.insert(block);
            return settle_block(name, family, block, head);
          },
          nullptr, from);
      if (listed) break;
      // A head that cannot be read ends the listing: on behind it. Its key is not known.
      complete = false;
      ++skipped;
      from = next_head(from);
    }
    if (complete) take_out_missing(name, there);
    return {};
  }

  /// The key of the head after the one that is expected at `from`.
  static std::string next_head(const std::string& from) {
    const std::uint64_t id = from.size() < 9 ? 0 : load_be64(from.data() + 1);
    return block_key(BlockPart::kHead, model::BlockId(id + (from.size() == 9 ? 1 : 2)));
  }

  Result<void> settle_block(const std::string& name, const Database::Family& family,
                            model::BlockId block, std::string_view head) {
    next_block_ = std::max(next_block_, block.value() + 1);
    if (gone_.contains(block)) return {};
    const auto known = directory_.find(name);
    if (known != directory_.end() && known->second.contains(block)) return {};
    const auto summary = read_summary(head);
    if (!summary) return {};
    const bool may_be_open = lost_record_ || (has_built_ && summary->min_seq >= built_);
    if (!may_be_open || !in_journal(summary->min_seq)) {
      return add_block(name, family, block, *summary);
    }
    // It was never committed, or that is lost: its rows become another block.
    for (const BlockPart part : kBlockParts) {
      batch_.Delete(family.get(), block_key(part, block)).PermitUncheckedError();
    }
    return {};
  }

  void take_out_missing(const std::string& name, const std::set<model::BlockId>& there) {
    const auto known = directory_.find(name);
    if (known == directory_.end()) return;
    std::erase_if(known->second, [&](const auto& block) {
      if (there.contains(block.first)) return false;
      const BlockSummary& summary = block.second.summary;
      remove(directory_key(block.second.window, block.first));
      lines_.push_back("block " + std::to_string(block.first.value()) + " of segment " + name +
                       " (" + std::to_string(summary.rows) + " rows, seqs " +
                       std::to_string(summary.min_seq.value()) + " to " +
                       std::to_string(summary.max_seq.value()) +
                       ") is not there; its rows are lost unless the journal has them");
      return true;
    });
  }

  Result<void> add_block(const std::string& name, const Database::Family& family,
                         model::BlockId block, const BlockSummary& summary) {
    DirectoryEntry entry;
    entry.window = window_of(summary.min_seq);
    entry.block = block;
    entry.segment = name;
    entry.summary = summary;
    for (std::size_t i = 0; i < kBlockParts.size(); ++i) {
      const auto part = database_.get(family, block_key(kBlockParts[i], block));
      entry.stored[i] = static_cast<std::uint32_t>(part && *part ? (*part)->size() : 0);
    }
    put(directory_key(entry.window, block), encode_directory_value(entry));
    directory_[name][block] = entry;
    lines_.push_back("block " + std::to_string(block.value()) + " of segment " + name +
                     " was in no directory any more; it is again");
    return {};
  }

  model::WindowId window_of(model::Seq seq) const {
    model::WindowId id(1);
    for (const auto& [candidate, window] : windows_) {
      if (window.first <= seq) id = candidate;
    }
    return id;
  }

  /// Windows that only the directory knows.
  void add_windows() {
    std::map<model::WindowId, Window> missing;
    for (const auto& [name, blocks] : directory_) {
      for (const auto& [id, entry] : blocks) {
        if (windows_.contains(entry.window)) continue;
        const BlockSummary& summary = entry.summary;
        auto [it, is_new] = missing.try_emplace(
            entry.window, Window{entry.window, summary.min_seq, summary.max_seq.plus(1), 0});
        it->second.first = std::min(it->second.first, summary.min_seq);
        it->second.end = std::max(it->second.end, summary.max_seq.plus(1));
        it->second.raw_bytes += summary.raw_bytes;
      }
    }
    if (windows_.empty() && missing.empty()) {
      missing[model::WindowId(1)] = {model::WindowId(1), model::Seq(1), model::Seq(1), 0};
    }
    for (const auto& [id, window] : missing) {
      put(meta_key(MetaKind::kWindow, id.value()), encode_window_value(window));
      windows_[id] = window;
    }
  }

  void settle_numbers() {
    add_windows();
    model::Seq behind = built_;
    for (const auto& [id, window] : windows_) behind = std::max(behind, window.end);
    for (const auto& [name, blocks] : directory_) {
      for (const auto& [id, entry] : blocks) {
        behind = std::max(behind, entry.summary.max_seq.plus(1));
        next_block_ = std::max(next_block_, id.value() + 1);
      }
    }
    if (lost_record_) take_lost_epochs_again(behind);
    put(meta_key(MetaKind::kBuilt), number_value(behind.value()));
    put(meta_key(MetaKind::kNextBlock), number_value(next_block_));
    if (!has_format_) {
      std::string format;
      ByteWriter(format).u32(kStoreFormat);
      put(meta_key(MetaKind::kFormat), format);
    }
    if (!has_id_) draw_id();
  }

  void draw_id() {
    std::random_device random;
    std::string id;
    for (int i = 0; i < 16; ++i) id.push_back(static_cast<char>(random()));
    put(meta_key(MetaKind::kStoreId), id);
    lines_.push_back("the store's id was lost; it has a new one, and page cursors end");
  }

  /// Journal entries below the builder's position whose rows are in no block: their epoch was
  /// lost, and is made again by going back to the first of them. Others down there, that a damaged
  /// table brought back, must not be taken again.
  void take_lost_epochs_again(model::Seq& behind) {
    const std::vector<Interval> built = built_intervals();
    const auto in_a_block = [&](model::Seq seq) {
      auto after = std::upper_bound(
          built.begin(), built.end(), seq,
          [](model::Seq wanted, const Interval& blocks) { return wanted < blocks.first; });
      return after != built.begin() && seq < std::prev(after)->end;
    };
    std::optional<model::Seq> back;
    for (const Interval& entry : journal_) {
      if (entry.first >= behind) break;
      if (!in_a_block(entry.first)) {
        back = back ? *back : entry.first;
        continue;
      }
      batch_.Delete(database_.journal().get(), journal_key(entry.first)).PermitUncheckedError();
    }
    if (!back) return;
    behind = *back;
    lines_.push_back("the rows from seq " + std::to_string(behind.value()) +
                     " on are taken from the journal again: the epoch that made blocks of them "
                     "was lost");
  }

  /// Which seqs are in blocks: an epoch takes a run of them, and spreads it over its blocks.
  std::vector<Interval> built_intervals() const {
    std::vector<Interval> all;
    for (const auto& [name, blocks] : directory_) {
      for (const auto& [id, entry] : blocks) {
        all.push_back({entry.summary.min_seq, entry.summary.max_seq.plus(1)});
      }
    }
    std::sort(all.begin(), all.end(),
              [](const Interval& a, const Interval& b) { return a.first < b.first; });
    std::vector<Interval> joined;
    for (const Interval& one : all) {
      if (joined.empty() || one.first > joined.back().end) {
        joined.push_back(one);
      } else {
        joined.back().end = std::max(joined.back().end, one.end);
      }
    }
    return joined;
  }

  static constexpr int kMaxUnreadable = 10'000;

  Database& database_;
  const PutAside& aside_;
  const bool lost_record_;
  rocksdb::WriteBatch batch_;
  std::vector<std::string> lines_;

  bool has_format_ = false;
  bool has_id_ = false;
  bool has_built_ = false;
  model::Seq built_{1};
  std::uint64_t next_block_ = 1;
  std::map<model::WindowId, Window> windows_;  // their first seqs ascend, too
  std::set<std::string> registered_;
  std::map<std::string, std::map<model::BlockId, DirectoryEntry>> directory_;
  std::vector<Interval> journal_;
  std::set<model::BlockId> hidden_;
  std::set<model::BlockId> gone_;  ///< not in the directory, though perhaps in the files
};

}  // namespace

Result<void> reconcile(Database& database, const PutAside& aside, bool lost_record) {
  return Reconciliation(database, aside, lost_record).run();
}

}  // namespace duramen::store
