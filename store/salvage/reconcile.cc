#include "store/salvage/reconcile.h"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
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

namespace duramen::store {
namespace {

std::string number_value(std::uint64_t n) {
  std::string out;
  ByteWriter(out).u64(n);
  return out;
}

/// A journal entry by its seqs.
struct Interval {
  model::Seq first;
  model::Seq end;
};

class Reconciliation {
 public:
  Reconciliation(Database& database, const PutAside& aside) : database_(database), aside_(aside) {}

  Result<void> run() {
    DURAMEN_TRY_VOID(read_meta());
    DURAMEN_TRY_VOID(settle_segments());
    DURAMEN_TRY_VOID(read_journal());
    for (const auto& [name, family] : database_.found_segments()) {
      if (auto settled = settle_blocks(name, family); !settled) {
        if (settled.error().code != ErrorCode::kDataLoss) return settled;
        lines_.push_back("the blocks of segment " + name + " cannot be listed, its directory is " +
                         "taken as it is: " + settled.error().message);
      }
    }
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
    return database_.scan(database_.meta(), "",
                          [&](std::string_view key, std::string_view value) -> Result<void> {
                            if (!take(key, value)) {
                              remove(key);
                              lines_.push_back("meta: an entry of kind '" + std::string(1, key[0]) +
                                               "' that cannot be read is taken out");
                            }
                            return {};
                          });
  }

  /// False when the value cannot be read.
  bool take(std::string_view key, std::string_view value) {
    switch (static_cast<MetaKind>(key[0])) {
      case MetaKind::kFormat:
        has_format_ = true;
        return true;  // judged by load_state()
      case MetaKind::kStoreId:
        has_id_ = value.size() == 16;
        return has_id_;
      case MetaKind::kBuilt:
        if (value.size() == 8) built_ = std::max(built_, model::Seq(ByteReader(value).u64()));
        return value.size() == 8;
      case MetaKind::kNextBlock:
        if (value.size() == 8) next_block_ = std::max(next_block_, ByteReader(value).u64());
        return value.size() == 8;
      case MetaKind::kWindow: {
        const auto window = decode_window(key, value);
        if (window) windows_[window->id] = *window;
        return window.operator bool();
      }
      case MetaKind::kSegment: {
        const auto day = decode_segment_day(value);
        if (day) registered_.insert(std::string(key.substr(1)));
        return day.operator bool();
      }
      case MetaKind::kDirectory: {
        auto entry = decode_directory_entry(key, value);
        if (entry) directory_[entry->segment][entry->block] = *entry;
        return entry.operator bool();
      }
      case MetaKind::kIncarnation:
        return true;
    }
    return true;  // load_state() refuses: written by a newer Duramen
  }

  /// Registry and column families name the same segments.
  Result<void> settle_segments() {
    std::set<std::string> found;
    for (const auto& [name, family] : database_.found_segments()) {
      found.insert(name);
      if (registered_.contains(name)) continue;
      const auto day = day_in(name);
      if (!day || !has_blocks(family)) continue;  // the rest of a creation: load_state() drops it
      put(segment_key(name), encode_segment_value(*day, kDefaultClass));
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

  /// The day in a segment's name, when it is one of ours.
  static std::optional<std::int64_t> day_in(const std::string& name) {
    int year = 0;
    unsigned month = 0;
    unsigned day = 0;
    if (std::sscanf(name.c_str(), "%d-%u-%u", &year, &month, &day) != 3) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                           std::chrono::day(day)};
    if (!date.ok()) return std::nullopt;
    const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
    if (segment_name(days, kDefaultClass) != name) return std::nullopt;
    return days;
  }

  /// Entries below the builder's position whose rows are in no block: their epoch was lost.
  Result<void> read_journal() {
    return database_.scan(database_.journal(), "",
                          [&](std::string_view key, std::string_view value) -> Result<void> {
                            const auto entry = decode_journal_entry(value);
                            if (key.size() != 8 || !entry) return {};  // replay names it
                            const model::Seq first(load_be64(key.data()));
                            journal_.push_back({first, first.plus(entry->head.rows)});
                            return {};
                          });
  }

  bool in_journal(model::Seq seq) const {
    return std::any_of(journal_.begin(), journal_.end(), [&](const Interval& entry) {
      return entry.first <= seq && seq < entry.end;
    });
  }

  Result<void> settle_blocks(const std::string& name, const Database::Family& family) {
    const std::string heads(1, static_cast<char>(BlockPart::kHead));
    return database_.scan(family, heads,
                          [&](std::string_view key, std::string_view head) -> Result<void> {
                            if (key.size() != 9) return {};
                            const std::uint64_t id = load_be64(key.data() + 1);
                            next_block_ = std::max(next_block_, id + 1);
                            const auto known = directory_.find(name);
                            const model::BlockId block(id);
                            if (known != directory_.end() && known->second.contains(block))
                              return {};
                            const auto summary = read_summary(head);
                            // A block whose rows are in the journal was never committed: they
                            // become another.
                            if (!summary || in_journal(summary->min_seq)) return {};
                            return add_block(name, family, block, *summary);
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
      DURAMEN_TRY(const auto part, database_.get(family, block_key(kBlockParts[i], block)));
      entry.stored[i] = static_cast<std::uint32_t>(part ? part->size() : 0);
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
    for (const Interval& entry : journal_) {
      if (entry.first >= behind || in_a_block(entry.first)) continue;
      lines_.push_back("the rows from seq " + std::to_string(entry.first.value()) +
                       " on are taken from the journal again: the epoch that made blocks of them "
                       "was lost");
      behind = entry.first;  // ascending: the first one is the lowest
      break;
    }
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

  bool in_a_block(model::Seq seq) const {
    for (const auto& [name, blocks] : directory_) {
      for (const auto& [id, entry] : blocks) {
        if (entry.summary.min_seq <= seq && seq <= entry.summary.max_seq) return true;
      }
    }
    return false;
  }

  Database& database_;
  const PutAside& aside_;
  rocksdb::WriteBatch batch_;
  std::vector<std::string> lines_;

  bool has_format_ = false;
  bool has_id_ = false;
  model::Seq built_{1};
  std::uint64_t next_block_ = 1;
  std::map<model::WindowId, Window> windows_;  // their first seqs ascend, too
  std::set<std::string> registered_;
  std::map<std::string, std::map<model::BlockId, DirectoryEntry>> directory_;
  std::vector<Interval> journal_;
};

}  // namespace

Result<void> reconcile(Database& database, const PutAside& aside) {
  return Reconciliation(database, aside).run();
}

}  // namespace duramen::store
