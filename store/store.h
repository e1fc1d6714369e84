#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/result.h"
#include "model/ids.h"
#include "model/record_batch.h"
#include "model/record_sink.h"
#include "store/block.h"
#include "store/block_reader.h"
#include "store/cursor.h"
#include "store/deletion.h"
#include "store/retention_class.h"

namespace rocksdb {
class Env;
}

namespace duramen::store {

struct StoreOptions {
  std::string directory;  ///< created when absent; one process at a time (lock)
  std::string host;       ///< a label of this node, shown in status
  Retention retention;
  // The three sizes are what RecordBatch::weight() counts: text, and a little for each row, field
  // and stream, so that rows without text are bounded, too.
  std::uint64_t epoch_raw_bytes = 32ULL << 20;  ///< an epoch closes at this size
  TimeNs epoch_age = 15 * 60 * kNsPerSecond;    ///< or when its oldest row is this old
  std::uint64_t open_raw_bytes = 128ULL << 20;  ///< rows not yet in blocks; at it an epoch closes,
                                                ///< and appends wait for that
  std::uint32_t block_raw_bytes = 4U << 20;     ///< a block closes at this size
  std::uint64_t queue_bytes = 64ULL << 20;      ///< packed batches waiting for the commit thread
  std::uint64_t min_free_bytes = 256ULL << 20;  ///< below it appends get kUnavailable
  std::uint64_t cache_bytes = 32ULL << 20;      ///< values of blocks kept in memory; 0: none
  std::uint64_t batch_ids = 4'000'000;          ///< batch ids kept
  TimeNs batch_id_age = 24 * 3600 * kNsPerSecond;
  std::uint64_t window_raw_bytes = 1ULL << 30;  ///< a window ends with the epoch that fills it
  int zstd_level = 3;
  bool sync = true;             ///< false only in the test that shows that syncing matters
  rocksdb::Env* env = nullptr;  ///< default; a test passes one that loses power
  /// Asked again and again while open() replays the journal: true ends it with kCancelled.
  std::function<bool()> interrupted = nullptr;
};

/// A block as a snapshot sees it.
struct BlockRef {
  model::BlockId id;
  model::WindowId window;
  std::string segment;  ///< "2026-11-21.default"
  BlockSummary summary;
  /// Deleted rows that are still in it; none: there are none. The summary counts them.
  std::shared_ptr<const HiddenRows> hidden = nullptr;
};

/// Everything that was durable at one moment: rows with seq <= seq(), each exactly once, in open
/// rows (not yet in a block) or in blocks. Keeps what it refers to readable, also when retention
/// drops a segment meanwhile.
/// Threading: const methods from any thread. Blocking: read() reads from disk.
class Snapshot {
 public:
  Snapshot() = default;
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
  Snapshot(Snapshot&&) = delete;
  Snapshot& operator=(Snapshot&&) = delete;
  virtual ~Snapshot() = default;

  virtual model::Seq seq() const = 0;
  virtual const std::vector<model::RowSet>& open_rows() const = 0;
  virtual const std::vector<BlockRef>& blocks() const = 0;
  /// Errors: kDataLoss (a damaged block: it is quarantined, counted and named; go on with the
  /// others and tell the user), kUnavailable (disk).
  /// Without rows that are deleted.
  virtual Result<model::RowSet> read(const BlockRef& block) const = 0;
  /// The block to be read column by column; what it refers to stays readable as long as it lives.
  /// Errors: as read(), but damage is not noted: call read() then, also for what the reader finds
  /// later. kUnimplemented for one with hidden rows: read() leaves them out.
  virtual Result<std::unique_ptr<BlockReader>> open(const BlockRef& block) const = 0;
};

/// Durable rows behind a seq that are in no block yet.
struct OpenRows {
  std::vector<model::RowSet> batches;  ///< rising; the first may begin before the seq
  model::Seq durable;                  ///< the last seq that was asked for
  bool whole = true;  ///< false: some of the rows are in blocks, which only a snapshot gives
};

/// Who gave the seqs from `first` on, until the next one begins.
struct Incarnation {
  model::Seq first;
  model::NodeId node;
};

/// In the data directory: links to files of the store that a backup holds on to. Not counted in
/// StoreStatus::disk_bytes.
inline constexpr std::string_view kStagingFolder = "backup-staging";

struct SegmentStatus {
  std::string name;
  std::uint64_t blocks = 0;
  std::uint64_t rows = 0;
  std::uint64_t raw_bytes = 0;
  std::uint64_t disk_bytes = 0;
};

/// A retention class as it is now.
struct ClassStatus {
  std::string name;
  bool configured = true;  ///< false: only segments are left, and `default`'s limits hold for them
  std::string condition;   ///< `app=auth,env=prod`; empty: what fits no other
  std::optional<TimeNs> age;           ///< none: no limit
  std::optional<std::uint64_t> bytes;  ///< of this class alone; none: no limit
  std::uint64_t segments = 0;
  std::uint64_t blocks = 0;
  std::uint64_t rows = 0;
  std::uint64_t raw_bytes = 0;
  std::uint64_t disk_bytes = 0;
  std::string next;                ///< the segment that goes next; empty: none has blocks
  std::optional<TimeNs> next_due;  ///< when it is too old; none: only for room
};

/// A segment that retention would drop and does not, for a cursor.
struct HeldSegment {
  std::string segment;
  std::string cursor;  ///< of those that hold it the one that is furthest behind
  TimeNs since = 0;    ///< when that was first seen, since the start of the process
};

struct StoreStatus {
  model::NodeId node;
  std::string store_id;  ///< random at creation, hex; cursors carry it
  std::string host;
  model::Seq durable;  ///< highest synced seq
  model::Seq built;    ///< everything below is in blocks
  std::uint64_t rows = 0;
  std::uint64_t open_rows = 0;
  std::uint64_t open_raw_bytes = 0;
  std::uint64_t journal_bytes = 0;  ///< journal entries not yet trimmed, as stored
  std::uint64_t wal_bytes = 0;
  std::uint64_t block_bytes = 0;
  BlockSizes block_sizes;
  std::uint64_t disk_bytes = 0;  ///< whole directory
  std::uint64_t free_bytes = 0;  ///< of the file system
  std::uint64_t batch_ids = 0;
  std::vector<SegmentStatus> segments;
  std::vector<std::string> damaged;           ///< quarantined blocks, in words
  std::vector<std::string> put_aside;         ///< what was damaged and mended or left out, in words
  std::optional<std::string> writes_refused;  ///< why appends get kUnavailable now
  Retention retention;
  std::vector<ClassStatus> classes;  ///< in the order of the rules, then `default`, then others
  std::vector<Cursor> cursors;       ///< by name
  std::vector<HeldSegment> held;     ///< oldest first
};

/// What erasing hidden rows is at.
enum class ErasePhase : std::uint8_t {
  kRewriting,  ///< blocks, without the rows
  kWaiting,    ///< for who still reads the blocks as they were
  kPurging,    ///< segments: their files are written again without the old blocks
};
using EraseProgress = std::function<void(ErasePhase, std::uint64_t done, std::uint64_t total)>;

struct VerifyReport {
  std::uint64_t blocks = 0;
  std::uint64_t rows = 0;
  std::uint64_t journal_entries = 0;
  std::uint64_t table_files = 0;
  std::vector<std::string> faults;  ///< empty: everything is as it was written
};

/// The local store: journal, epochs, blocks, segments, retention, over one RocksDB.
///
/// Durability: see RecordSink::append. Threading: any thread. Errors: Result, never exceptions.
class Store : public model::RecordSink {
 public:
  /// Opens or creates; replays the journal's open epoch. What is damaged is put aside and named
  /// in status().put_aside; the rest is opened.
  /// Errors: kUnavailable (locked by another process: names the directory; not writable),
  /// kUnimplemented (a newer format), kDataLoss (a damaged manifest), kCancelled (`interrupted`
  /// said so).
  static Result<std::unique_ptr<Store>> open(const StoreOptions& options, const Clock& clock,
                                             MetricRegistry& metrics);

  virtual std::shared_ptr<const Snapshot> snapshot() = 0;
  /// Highest synced seq.
  virtual model::Seq durable() const = 0;
  /// The durable rows behind `after`, as far as they are not in blocks. Does not look at blocks:
  /// for who follows the store and asks often.
  virtual OpenRows open_rows_after(model::Seq after) const = 0;
  /// `listener` is called each time that the durable seq has moved on, on the commit thread: it
  /// must not block, nor call the store; it notes that, and wakes somebody. There is one: the next
  /// takes its place, and an empty one takes it away. Waits for a call that is running.
  virtual void set_durable_listener(std::function<void()> listener) = 0;
  /// The incarnations that gave the seqs of this store, oldest first: what names its rows.
  virtual std::vector<Incarnation> incarnations() const = 0;
  /// Ends the epoch, builds its blocks, flushes every column family, drops old WAL files.
  /// Blocks until done. Errors: kCancelled after interrupt().
  virtual Result<void> seal() = 0;
  /// Puts the store as it is now into `directory`, which is there and empty: `db/`, and
  /// `put-aside/` when there is one. Whoever opens a copy of it finds the same rows under the same
  /// names, and gives names of its own to new ones. Durability: every row up to the seq that it
  /// gives was durable when the call began and is in it, also what is in the log only; a few later
  /// ones may be. Blocking: links and the copy of a log; epochs and retention wait, appends and
  /// queries do not. Ownership: the caller removes the directory. On the same file system it takes
  /// next to no room, but what it links stays on the disk as long as it is there. Errors:
  /// kUnavailable (disk), kAlreadyExists (a store is there).
  virtual Result<model::Seq> checkpoint(const std::string& directory) = 0;
  virtual StoreStatus status() = 0;
  /// Why appends get kUnavailable now; cheap, unlike status().
  virtual std::optional<std::string> writes_refused() const = 0;
  virtual std::string store_id() const = 0;
  /// The lowest block id that had not been given when the store was opened.
  virtual model::BlockId block_end() const = 0;
  /// Reads everything and checks every checksum; `progress(done, total)` blocks-wise.
  /// Errors: only when it cannot run; what it finds is in the report. kCancelled after interrupt().
  virtual Result<VerifyReport> verify(
      const std::function<void(std::uint64_t, std::uint64_t)>& progress) = 0;
  /// Takes effect at once: classes for rows that go into blocks from now on, limits for all.
  virtual void set_retention(Retention retention) = 0;
  /// Applies retention now (else the builder thread does every 10 s). Gives dropped segments.
  virtual Result<std::vector<std::string>> enforce_retention() = 0;

  // ---- cursors: how far somebody outside has got

  static constexpr std::size_t kMaxCursors = 64;
  /// By name.
  virtual std::vector<Cursor> cursors() const = 0;
  /// Makes the cursor, or moves it, also back; what was counted of it stays. `hold`: none leaves
  /// it as it is. Durable when it returns. Blocking: a disk sync, and an epoch's commit.
  /// Errors: kInvalidArgument (not a name; behind what is durable), kResourceExhausted
  /// (kMaxCursors are there), kUnavailable (disk).
  virtual Result<Cursor> put_cursor(const std::string& name, model::Seq position,
                                    std::optional<bool> hold) = 0;
  /// Durable when it returns. Errors: kNotFound, kUnavailable.
  virtual Result<void> remove_cursor(const std::string& name) = 0;

  // ---- deleting rows: one thread sees a deletion through from its plan to its end

  static constexpr std::size_t kMaxDeletions = 10'000;
  /// What is known of deletions, oldest first: those that are open, and of the others the newest.
  virtual std::vector<Deletion> deletions() const = 0;
  /// Notes it durably; gives it with its id. Nothing is hidden yet.
  /// Errors: kUnavailable (disk), kResourceExhausted (kMaxDeletions are open).
  virtual Result<Deletion> plan_deletion(Deletion deletion) = 0;
  /// From now on no snapshot has these rows, all of them in one step, and durably. Blocks that are
  /// gone meanwhile are passed over. `problem` is noted.
  /// Errors: kUnavailable, kInvalidArgument (not planned; marks that the block does not have): then
  /// every row is still seen.
  virtual Result<Deletion> hide_rows(std::uint64_t deletion, const std::vector<MarkedBlock>& rows,
                                     std::string problem) = 0;
  /// Takes all hidden rows out of the blocks, and their bytes out of the files, journal and logs
  /// included. Gives a line for each block that cannot be read: its rows stay hidden.
  /// Blocking: reads and writes the blocks, waits for snapshots that have them, and writes the
  /// files of their segments again. What is done when it ends early stays done.
  /// Errors: kUnavailable (disk; not enough room to write a segment again), kCancelled after
  /// interrupt().
  virtual Result<std::vector<std::string>> erase_hidden_rows(const EraseProgress& progress) = 0;
  /// `state`: one that is not open. Errors: kUnavailable, kInvalidArgument (it has ended, or its
  /// rows are hidden and `state` says that none is).
  virtual Result<Deletion> end_deletion(std::uint64_t id, DeletionState state,
                                        std::string problem) = 0;

  /// Long calls, running and to come, end soon: the caller is going to close.
  virtual void interrupt() = 0;
  /// Refuses new appends, waits for queued ones, stops threads. Idempotent; also by the destructor.
  virtual void close() = 0;
};

}  // namespace duramen::store
