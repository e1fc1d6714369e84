#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "query/filter/block_filter.h"
#include "query/filter/matcher.h"
#include "query/progress.h"
#include "query/request.h"
#include "query/rows/block_columns.h"
#include "query/rows/column_row.h"
#include "query/rows/load.h"
#include "store/store.h"

namespace duramen::query {

struct TimeRange {
  std::optional<TimeNs> start;  ///< inclusive
  std::optional<TimeNs> end;    ///< exclusive
  bool contains(TimeNs time) const { return (!start || time >= *start) && (!end || time < *end); }
  bool contains(TimeNs first, TimeNs last) const { return contains(first) && contains(last); }
  bool touches(TimeNs first, TimeNs last) const {
    return (!start || last >= *start) && (!end || first < *end);
  }
};

/// A part of an ordered answer: what comes after one position and before another.
struct PositionBounds {
  Order order = Order::kNewestFirst;
  std::optional<Position> after;
  std::optional<Position> before;

  bool comes_before(const Position& a, const Position& b) const {
    return order == Order::kNewestFirst ? b < a : a < b;
  }
  bool is_everything() const { return !after && !before; }
  bool contain(const Position& position) const {
    return (!after || comes_before(*after, position)) &&
           (!before || comes_before(position, *before));
  }
};

/// A block or an open batch: what is read at once.
struct ScanUnit {
  const store::BlockRef* block = nullptr;
  const model::RowSet* open = nullptr;
  TimeNs first = 0;  ///< smallest and
  TimeNs last = 0;   ///< greatest time in it
};

/// This block cannot be read, others may be: also for a bad sector (kUnavailable).
bool is_damage(ErrorCode code);

/// Blocks that could not be read, in words for who asked. Threading: any thread.
class DamageNotes {
 public:
  /// `lost`: how many of its rows are missing in the answer.
  void add(const store::BlockRef& block, std::uint64_t lost, const std::string& why);
  std::vector<std::string> texts() const;

 private:
  mutable Mutex mutex_;
  std::set<model::BlockId> damaged_ DURAMEN_GUARDED_BY(mutex_);
  std::vector<std::string> texts_ DURAMEN_GUARDED_BY(mutex_);
};

/// What all the readers of one scan share, and which outlives them.
struct ReadContext {
  const store::Snapshot& snapshot;
  model::Seq up_to;  ///< rows above are not seen
  const NameTable& names;
  const Matcher& matcher;
  Progress& progress;
  DamageNotes& notes;
  ReadMode mode = ReadMode::kColumns;
  model::Seq after{0};  ///< nor are rows up to it

  bool sees(model::Seq seq) const { return seq > after && seq <= up_to; }
};

/// Reads one unit after the other: which rows match, and what is in them.
///
/// A block that turns out damaged is read again as a whole, which mends or names what is damaged;
/// if it cannot be read, it is noted and passed over. No row of it has been given by then:
/// select() and load() find the damage.
/// Threading: one thread. Blocking: disk. Errors: kCancelled, kDeadlineExceeded, and those of the
/// store that are not damage.
class UnitReader {
 public:
  explicit UnitReader(const ReadContext& context) : context_(context), row_(context.names) {}
  UnitReader(const UnitReader&) = delete;
  UnitReader& operator=(const UnitReader&) = delete;
  UnitReader(UnitReader&&) = delete;
  UnitReader& operator=(UnitReader&&) = delete;
  ~UnitReader() { close(); }

  /// What a reader has of a unit. May have nothing.
  struct Suspended {
    std::unique_ptr<RecordColumns> columns;
    BlockColumns* block = nullptr;
  };

  /// False: it cannot be read, which is noted.
  Result<bool> open(const ScanUnit& unit);
  /// The same again for one that was read before.
  Result<bool> reopen(const ScanUnit& unit, Suspended suspended);
  /// The number of rows that match, when that can be told without looking at rows.
  std::optional<std::uint64_t> count(const TimeRange& range);
  /// The rows that are in the snapshot, in the range and within the bounds, and match, rising.
  /// False as open().
  Result<bool> select(const TimeRange& range, const PositionBounds& bounds,
                      std::vector<std::uint32_t>& rows);
  /// Reads what is going to be asked of these rows, so that damage is found now. False as open().
  /// Row numbers stay.
  Result<bool> load(std::span<const std::uint32_t> rows, Load what);

  /// Lets go of the unit, and counts what was read of it.
  void close();
  /// The same, but the unit can be gone on with by reopen().
  Suspended suspend();

  ColumnRow& row() { return row_; }
  const ColumnRow& row() const { return row_; }
  RecordColumns& columns() { return *columns_; }

 private:
  Result<bool> open_again(const ScanUnit& unit);
  void bind(std::unique_ptr<RecordColumns> columns, BlockColumns* block);
  void count_cost();
  Result<bool> open_whole();
  Result<bool> cannot_read(Error error);
  /// After damage.
  Result<bool> fall_back();
  bool damaged() const { return block_ != nullptr && block_->error().has_value(); }
  /// Nothing of the block can match, as its templates say.
  bool is_hopeless();
  bool needs_seqs() const;
  BlockColumns::Needs needs(Load what) const;
  Result<void> select_once(const TimeRange& range, const PositionBounds& bounds,
                           std::vector<std::uint32_t>& rows);
  /// All rows but those that their template alone rules out.
  void preselect(std::vector<std::uint32_t>& rows);
  bool matches(std::uint32_t row);

  const ReadContext& context_;
  ScanUnit unit_;
  std::unique_ptr<RecordColumns> columns_;
  BlockColumns* block_ = nullptr;  ///< columns_, when they are read one by one
  std::optional<BlockFilter> filter_;
  ColumnRow row_;
};

}  // namespace duramen::query
