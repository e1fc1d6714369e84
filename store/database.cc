#include "store/database.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <cstdarg>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "store/keys.h"
#include "store/salvage/blob_walk.h"
#include "store/salvage/table_properties.h"
#include "store/wal_check.h"

namespace duramen::store {
namespace {

constexpr std::size_t kMiB = 1U << 20;

rocksdb::DBOptions database_options(rocksdb::Env* env) {
  rocksdb::DBOptions options;
  if (env != nullptr) options.env = env;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  // A torn last record is what a crash leaves; damage anywhere else refuses to open. The default
  // (point in time) would drop acknowledged batches behind a flipped byte without a word.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.track_and_verify_wals_in_manifest = true;
  options.max_total_wal_size = 256 * kMiB;
  options.max_open_files = 512;
  options.max_background_jobs = 2;
  options.keep_log_file_num = 4;
  options.max_log_file_size = 4 * kMiB;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.max_manifest_file_size = 16 * kMiB;
  return options;
}

rocksdb::BlockBasedTableOptions table_options() {
  rocksdb::BlockBasedTableOptions table;
  // Metadata and batch ids only: blocks are read once a query and are not worth caching twice.
  table.block_cache = rocksdb::NewLRUCache(8 * kMiB);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.format_version = 5;
  // Salvage finds the blocks of a damaged table by it (store/salvage/table_walk.h).
  table.checksum = rocksdb::kCRC32c;
  return table;
}

/// No compaction by RocksDB's own choice, and no number of level 0 files may stall a write.
void leave_compaction_to_us(rocksdb::ColumnFamilyOptions& options) {
  options.disable_auto_compactions = true;
  options.level0_file_num_compaction_trigger = 1 << 30;
  options.level0_slowdown_writes_trigger = 1 << 30;
  options.level0_stop_writes_trigger = 1 << 30;
  options.soft_pending_compaction_bytes_limit = 0;
  options.hard_pending_compaction_bytes_limit = 0;
}

rocksdb::ColumnFamilyOptions small_family_options() {
  rocksdb::ColumnFamilyOptions options;
  // By compact_small_families(), when there is room: Debian's RocksDB 7.8 ends the process when the
  // disk fills up while it compacts.
  leave_compaction_to_us(options);
  options.write_buffer_size = 4 * kMiB;
  options.compression = rocksdb::kNoCompression;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table_options()));
  return options;
}

rocksdb::ColumnFamilyOptions journal_options() {
  rocksdb::ColumnFamilyOptions options = small_family_options();
  // Entries are packed already, and most are deleted by their epoch before the memtable is full:
  // then a flush writes next to nothing.
  options.write_buffer_size = 32 * kMiB;
  options.enable_blob_files = false;
  // One entry to a block of the table: one damaged byte costs one entry.
  rocksdb::BlockBasedTableOptions table = table_options();
  table.block_size = 64;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

rocksdb::ColumnFamilyOptions segment_options() {
  rocksdb::ColumnFamilyOptions options = small_family_options();
  options.write_buffer_size = 16 * kMiB;
  // Blocks are written once and dropped with their column family: nothing is left for compaction.
  options.enable_blob_files = true;
  // Every value has its own place, key and checksum in a blob file; the table keeps references
  // only, a few to a block of the table, so that one damaged byte costs as little as can be, and
  // the blob files alone are enough to make the table again.
  options.min_blob_size = 0;
  rocksdb::BlockBasedTableOptions table = table_options();
  table.block_size = 256;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.blob_compression_type = rocksdb::kNoCompression;
  return options;
}

/// RocksDB would put its log into the directory.
class Silence final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char* /*format*/, va_list /*arguments*/) override {}
};

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }

std::vector<rocksdb::ColumnFamilyDescriptor> families_of(const std::string& path,
                                                         const rocksdb::DBOptions& options) {
  std::vector<std::string> names;
  if (!rocksdb::DB::ListColumnFamilies(options, path, &names).ok()) names.clear();
  for (const std::string& name : {rocksdb::kDefaultColumnFamilyName, std::string(kMetaFamily),
                                  std::string(kJournalFamily), std::string(kBatchesFamily)}) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  families.reserve(names.size());
  for (const std::string& name : names) families.emplace_back(name, Database::family_options(name));
  return families;
}

}  // namespace

Error to_error(const rocksdb::Status& status, std::string_view doing) {
  const auto code = [&] {
    if (status.IsNotFound()) return ErrorCode::kNotFound;
    if (status.IsCorruption()) return ErrorCode::kDataLoss;
    if (status.IsShutdownInProgress()) return ErrorCode::kCancelled;
    if (status.IsIOError() || status.IsNoSpace() || status.IsBusy() || status.IsTimedOut() ||
        status.IsAborted() || status.IsIncomplete()) {
      return ErrorCode::kUnavailable;
    }
    return ErrorCode::kInternal;
  }();
  return {code, std::string(doing) + ": " + status.ToString()};
}

rocksdb::ColumnFamilyOptions Database::family_options(const std::string& name) {
  if (name == kJournalFamily) return journal_options();
  if (name == rocksdb::kDefaultColumnFamilyName || name == kMetaFamily || name == kBatchesFamily) {
    return small_family_options();
  }
  return segment_options();
}

Database::Family Database::share(rocksdb::ColumnFamilyHandle* handle) const {
  return Family(handle, [db = db_.get()](rocksdb::ColumnFamilyHandle* h) {
    db->DestroyColumnFamilyHandle(h).PermitUncheckedError();
  });
}

std::shared_ptr<Database> Database::adopt(
    rocksdb::DB* raw, const std::vector<rocksdb::ColumnFamilyHandle*>& handles) {
  std::shared_ptr<Database> database(new Database);
  database->db_.reset(raw);
  for (rocksdb::ColumnFamilyHandle* handle : handles) {
    const std::string name = handle->GetName();
    Family family = database->share(handle);
    if (name == rocksdb::kDefaultColumnFamilyName) {
      database->default_ = std::move(family);
    } else if (name == kMetaFamily) {
      database->meta_ = std::move(family);
    } else if (name == kJournalFamily) {
      database->journal_ = std::move(family);
    } else if (name == kBatchesFamily) {
      database->batches_ = std::move(family);
    } else {
      database->found_.emplace_back(name, std::move(family));
    }
  }
  return database;
}

Result<std::shared_ptr<Database>> Database::open(const std::string& path, rocksdb::Env* env) {
  DURAMEN_TRY_VOID(check_wals(path));
  DURAMEN_TRY_VOID(check_all_table_properties(path));
  const rocksdb::DBOptions options = database_options(env);
  const auto families = families_of(path, options);
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* raw = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(options, path, families, &handles, &raw);
  if (!status.ok()) return to_error(status, "open " + path);
  auto database = adopt(raw, handles);
  // RocksDB opens few of them now, and one that it cannot open hides keys of others later.
  for (const LiveTable& table : database->live_tables()) {
    auto checked = check_table_ends(path + "/" + table_file_name(table.number, ".sst"));
    // One that is gone was compacted a moment ago.
    if (!checked && checked.error().code != ErrorCode::kNotFound) return checked.error();
  }
  return database;
}

Result<std::shared_ptr<Database>> Database::open_to_read(const std::string& path,
                                                         rocksdb::DBOptions options) {
  options.create_if_missing = false;
  options.create_missing_column_families = false;
  options.info_log = std::make_shared<Silence>();
  std::vector<std::string> names;
  auto status = rocksdb::DB::ListColumnFamilies(options, path, &names);
  if (!status.ok()) return to_error(status, "open " + path);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  families.reserve(names.size());
  for (const std::string& name : names) families.emplace_back(name, family_options(name));
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* raw = nullptr;
  status = rocksdb::DB::OpenForReadOnly(options, path, families, &handles, &raw);
  if (!status.ok()) return to_error(status, "open " + path);
  return adopt(raw, handles);
}

Result<std::shared_ptr<Database>> Database::open_read_only(const std::string& path) {
  DURAMEN_TRY_VOID(check_all_table_properties(path));
  DURAMEN_TRY(auto database, open_to_read(path, database_options(nullptr)));
  if (!database->meta_ || !database->journal_ || !database->batches_) {
    return Error{ErrorCode::kDataLoss, "open " + path + ": a column family is missing"};
  }
  return database;
}

Result<std::shared_ptr<Database>> Database::open_damaged(const std::string& path) {
  rocksdb::DBOptions options = database_options(nullptr);
  options.paranoid_checks = false;
  return open_to_read(path, std::move(options));
}

Database::~Database() {
  rocksdb::CancelAllBackgroundWork(db_.get(), true);
  found_.clear();
  leftovers_.clear();
  default_.reset();
  meta_.reset();
  journal_.reset();
  batches_.reset();
  db_->Close().PermitUncheckedError();
}

/// RocksDB 7.8 may take the manifest that CURRENT names for obsolete when it could not write a new
/// one, and without it nothing can be opened: no file goes until such a change has been written.
rocksdb::Status Database::change_families(const std::function<rocksdb::Status()>& change) {
  db_->DisableFileDeletions().PermitUncheckedError();
  rocksdb::Status status = change();
  // By force: holds of changes that failed before end, too.
  if (status.ok()) db_->EnableFileDeletions(/*force=*/true).PermitUncheckedError();
  return status;
}

Result<std::vector<Database::Family>> Database::create_segments(
    const std::vector<std::string>& names) {
  // A leftover is not taken over: that it is dropped may be written, though not synced.
  for (const std::string& name : names) {
    if (leftovers_.contains(name)) DURAMEN_TRY_VOID(drop_leftover(name));
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  const auto status = change_families(
      [&] { return db_->CreateColumnFamilies(segment_options(), names, &handles); });
  std::vector<Family> families;
  for (rocksdb::ColumnFamilyHandle* handle : handles) families.push_back(share(handle));
  if (status.ok()) return families;
  // Some may have been made when not all were.
  for (std::size_t i = 0; i < families.size(); ++i) leftovers_[names[i]] = families[i];
  return to_error(status, "create segments");
}

Result<void> Database::drop_segment(const Family& family) {
  const auto status = change_families([&] { return db_->DropColumnFamily(family.get()); });
  if (status.ok()) return {};
  leftovers_[family->GetName()] = family;
  return to_error(status, "drop segment " + family->GetName());
}

Result<void> Database::drop_leftover(const std::string& name) {
  const Family family = leftovers_.at(name);
  const auto status = change_families([&] { return db_->DropColumnFamily(family.get()); });
  if (!status.ok()) return to_error(status, "drop what is left of segment " + name);
  leftovers_.erase(name);
  return {};
}

Result<void> Database::drop_leftovers() {
  while (!leftovers_.empty()) DURAMEN_TRY_VOID(drop_leftover(leftovers_.begin()->first));
  return {};
}

Result<void> Database::write(rocksdb::WriteBatch& batch, bool sync) {
  rocksdb::WriteOptions options;
  options.sync = sync;
  return write(batch, options);
}

Result<void> Database::write_where_there(rocksdb::WriteBatch& batch) {
  rocksdb::WriteOptions options;
  options.sync = true;
  options.ignore_missing_column_families = true;
  return write(batch, options);
}

Result<void> Database::write(rocksdb::WriteBatch& batch, const rocksdb::WriteOptions& options) {
  const MutexLock lock(write_mutex_);
  const auto status = db_->Write(options, &batch);
  if (!status.ok()) return to_error(status, "write");
  return {};
}

Result<std::optional<std::string>> Database::get(const Family& family, std::string_view key,
                                                 const rocksdb::Snapshot* snapshot) const {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  std::string value;
  const auto status = db_->Get(options, family.get(), slice(key), &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return to_error(status, "read");
  return std::optional<std::string>(std::move(value));
}

Result<void> Database::scan(
    const Family& family, std::string_view prefix,
    const std::function<Result<void>(std::string_view, std::string_view)>& take,
    const rocksdb::Snapshot* snapshot, std::string_view from) const {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  options.total_order_seek = true;
  const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(options, family.get()));
  for (it->Seek(slice(from.empty() ? prefix : from));
       it->Valid() && it->key().starts_with(slice(prefix)); it->Next()) {
    DURAMEN_TRY_VOID(take(it->key().ToStringView(), it->value().ToStringView()));
  }
  if (!it->status().ok()) return to_error(it->status(), "scan " + family->GetName());
  return {};
}

Result<void> Database::resume() {
  const auto status = db_->Resume();
  if (status.IsBusy()) {
    return Error{ErrorCode::kUnavailable,
                 "the disk was full; RocksDB recovers, try again in some seconds"};
  }
  if (!status.ok())
    return to_error(status, "after a failed write; if the disk is well again, restart the daemon");
  return {};
}

Database::Family Database::family(const std::string& name) const {
  for (const Family& own : {default_, meta_, journal_, batches_}) {
    if (own && own->GetName() == name) return own;
  }
  for (const auto& [found, family] : found_) {
    if (found == name) return family;
  }
  return nullptr;
}

std::vector<LiveTable> Database::live_tables() const {
  std::vector<rocksdb::LiveFileMetaData> files;
  db_->GetLiveFilesMetaData(&files);
  std::vector<LiveTable> out;
  for (const rocksdb::LiveFileMetaData& file : files) {
    LiveTable& table = out.emplace_back();
    table.family = file.column_family_name;
    if (const Family own = family(table.family)) table.family_id = own->GetID();
    table.number = file.file_number;
    table.level = file.level;
    table.oldest_blob = file.oldest_blob_file_number;
  }
  return out;
}

std::uint64_t Database::verify_tables(std::vector<std::string>& faults) const {
  const std::vector<LiveTable> tables = live_tables();
  for (const LiveTable& table : tables) {
    const std::string path = db_->GetName() + "/" + table_file_name(table.number, ".sst");
    auto checked = check_table(path, table.family);
    std::error_code error;
    const bool is_gone = !std::filesystem::exists(path, error) && !error;
    // One that is gone was dropped or compacted meanwhile.
    if (!checked && !is_gone) faults.push_back(checked.error().message);
  }
  return tables.size();
}

Result<void> Database::check_table(const std::string& path, const std::string& family) {
  DURAMEN_TRY_VOID(check_table_ends(path));  // also what RocksDB would not survive
  rocksdb::SstFileReader reader(rocksdb::Options(rocksdb::DBOptions(), family_options(family)));
  auto status = reader.Open(path);
  if (status.ok()) status = reader.VerifyChecksum();
  if (!status.ok()) return to_error(status, "table file " + path + " of " + family);
  return {};
}

std::vector<std::uint64_t> Database::blob_files(const Family& family,
                                                const LiveTable& table) const {
  // A flush makes a table and its blob files, and numbers these one after the other.
  std::uint64_t end = UINT64_MAX;
  for (const LiveTable& other : live_tables()) {
    const bool is_next = other.family == table.family && other.oldest_blob > table.oldest_blob;
    if (is_next) end = std::min(end, other.oldest_blob);
  }
  std::vector<std::uint64_t> out;
  rocksdb::ColumnFamilyMetaData meta;
  db_->GetColumnFamilyMetaData(family.get(), &meta);
  for (const rocksdb::BlobMetaData& file : meta.blob_files) {
    const std::uint64_t number = file.blob_file_number;
    if (table.oldest_blob != 0 && number >= table.oldest_blob && number < end) {
      out.push_back(number);
    }
  }
  return out;
}

std::vector<std::string> Database::mend_blob_files(const Family& family) const {
  rocksdb::ColumnFamilyMetaData meta;
  db_->GetColumnFamilyMetaData(family.get(), &meta);
  std::vector<std::string> mended;
  for (const rocksdb::BlobMetaData& file : meta.blob_files) {
    const std::string name = table_file_name(file.blob_file_number, ".blob");
    const auto changed =
        mend_blob_file(db_->GetName() + "/" + name, file.blob_file_size, family->GetID());
    if (!changed) {  // its blocks will say so when they are read
      log_error("a blob file cannot be looked at", {{"reason", changed.error().message}});
    } else if (*changed) {
      mended.push_back(name);
    }
  }
  return mended;
}

std::uint64_t Database::wal_bytes() const {
  rocksdb::VectorLogPtr files;
  std::uint64_t total = 0;
  if (db_->GetSortedWalFiles(files).ok()) {
    for (const auto& file : files) total += file->SizeFileBytes();
  }
  return total;
}

}  // namespace duramen::store
