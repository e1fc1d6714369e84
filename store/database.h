#pragma once

#include <rocksdb/db.h>
#include <rocksdb/options.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "store/salvage/manifest.h"

namespace duramen::store {

/// RocksDB's status as an Error: no space and I/O are kUnavailable, corruption is kDataLoss.
Error to_error(const rocksdb::Status& status, std::string_view doing);

/// The one place that opens RocksDB and knows its options; internal to store/.
///
/// Threading: any thread. Ownership: family handles are shared, so that a snapshot keeps reading a
/// column family that has been dropped; all of them must be gone before the database is.
/// Errors: RocksDB reports by status, it does not throw.
class Database : public std::enable_shared_from_this<Database> {
 public:
  using Family = std::shared_ptr<rocksdb::ColumnFamilyHandle>;

  /// Errors: kDataLoss (damage in WAL or manifest that recovery must not step over), kUnavailable.
  static Result<std::shared_ptr<Database>> open(const std::string& path, rocksdb::Env* env);
  /// Neither creates nor writes anything, not even a lock or a log of RocksDB's own: the caller
  /// sees to it that no process writes meanwhile. The log is replayed into memory. Does not
  /// check_wals().
  static Result<std::shared_ptr<Database>> open_read_only(const std::string& path);
  /// The same for one with table files that are damaged or not there, which are in live_tables(),
  /// too; they must not be read through it. Those that check_table_properties() finds must not be
  /// there.
  static Result<std::shared_ptr<Database>> open_damaged(const std::string& path);
  /// How the files of a column family are made.
  static rocksdb::ColumnFamilyOptions family_options(const std::string& name);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  Database(Database&&) = delete;
  Database& operator=(Database&&) = delete;

  const Family& meta() const { return meta_; }
  const Family& journal() const { return journal_; }
  const Family& batches() const { return batches_; }
  /// By name; of the segments those that were found when opening. Nullptr when there is none.
  Family family(const std::string& name) const;
  /// Segment column families found when opening, by name.
  const std::vector<std::pair<std::string, Family>>& found_segments() const { return found_; }
  /// The list holds handles, too: let it go once the segments are taken over.
  void forget_found_segments() { found_.clear(); }

  /// All at once: RocksDB writes its options file, which names every column family, once a call.
  Result<std::vector<Family>> create_segments(const std::vector<std::string>& names);
  /// Readers that hold the handle go on; files go when the last one lets go. One that could not be
  /// dropped is kept: drop_leftovers() tries again, and create_segments() before it makes one of
  /// its name.
  Result<void> drop_segment(const Family& family);
  Result<void> drop_leftovers();

  Result<void> write(rocksdb::WriteBatch& batch, bool sync);
  /// Synced; what is for a column family that was dropped meanwhile is left out.
  Result<void> write_where_there(rocksdb::WriteBatch& batch);
  /// Nothing when there is no such key.
  Result<std::optional<std::string>> get(const Family& family, std::string_view key,
                                         const rocksdb::Snapshot* snapshot = nullptr) const;
  /// Calls `take(key, value)` in key order for every key with this prefix, until it gives an error;
  /// from `from` on, when given.
  Result<void> scan(const Family& family, std::string_view prefix,
                    const std::function<Result<void>(std::string_view, std::string_view)>& take,
                    const rocksdb::Snapshot* snapshot = nullptr, std::string_view from = {}) const;

  /// Flushes every column family, removes what the journal's range deletions cover, and lets the
  /// WAL files go that nothing needs.
  Result<void> flush_all(const std::vector<Family>& segments);
  /// Writes the files of a segment again, without what was deleted from it: deletions alone hide a
  /// value, and its bytes stay in a blob file. Blocking: reads and writes all that the segment has.
  /// Errors: kUnavailable (no room for it a second time; disk), kCancelled, kNotFound (dropped).
  Result<void> write_segment_again(const Family& family, std::atomic<bool>& cancelled);
  /// The same for the journal.
  Result<void> write_journal_again();
  /// Where writing is, and whether a RocksDB snapshot looks at what was before.
  std::uint64_t latest_sequence() const { return db_->GetLatestSequenceNumber(); }
  bool has_snapshot_before(std::uint64_t sequence) const;
  /// Joins the tables of metadata, journal and batch ids where there are many. Blocking: rewrites
  /// them. Nothing where a full disk is near.
  Result<void> compact_small_families();
  /// After a failed write: tries to make the database writable again (new WAL file). RocksDB
  /// flushes what it has, so nothing rests on the WAL that failed.
  Result<void> resume();
  /// Reads every block of every table file; gives their number, and a line for each damaged one.
  std::uint64_t verify_tables(std::vector<std::string>& faults) const;
  /// The same of one file. Errors: kDataLoss, kUnavailable (it is not there).
  static Result<void> check_table(const std::string& path, const std::string& family);
  std::vector<LiveTable> live_tables() const;
  /// Numbers of the blob files that a table of this family refers to.
  std::vector<std::uint64_t> blob_files(const Family& family, const LiveTable& table) const;
  /// Puts headers and footers of a segment's blob files right; they hold nothing that is not known
  /// otherwise. Gives the names of the files that it changed.
  std::vector<std::string> mend_blob_files(const Family& family) const;
  std::uint64_t wal_bytes() const;
  rocksdb::DB& raw() const { return *db_; }

 private:
  Database() = default;
  static std::shared_ptr<Database> adopt(rocksdb::DB* raw,
                                         const std::vector<rocksdb::ColumnFamilyHandle*>& handles);
  static Result<std::shared_ptr<Database>> open_to_read(const std::string& path,
                                                        rocksdb::DBOptions options);
  Result<void> write(rocksdb::WriteBatch& batch, const rocksdb::WriteOptions& options);
  Result<void> compact(const Family& family);
  Family share(rocksdb::ColumnFamilyHandle* handle) const;
  rocksdb::Status change_families(const std::function<rocksdb::Status()>& change);
  Result<void> drop_leftover(const std::string& name);

  /// RocksDB writes one group at a time anyway, and the journal groups by itself. One writer at a
  /// time keeps the hand-over of batches between writers out of the picture, which the thread
  /// sanitizer cannot follow inside Debian's RocksDB.
  Mutex write_mutex_;
  std::unique_ptr<rocksdb::DB> db_;
  Family default_;
  Family meta_;
  Family journal_;
  Family batches_;
  std::vector<std::pair<std::string, Family>> found_;
  /// Column families that are no segment's and could not be dropped. Whoever calls
  /// create_segments() and the two below does so on one thread at a time.
  std::map<std::string, Family> leftovers_;
};

}  // namespace duramen::store
