#include "store/salvage/salvage.h"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/log.h"
#include "store/keys.h"
#include "store/salvage/blob_walk.h"
#include "store/salvage/files.h"
#include "store/salvage/log_walk.h"
#include "store/salvage/manifest.h"
#include "store/salvage/put_aside.h"
#include "store/salvage/reconcile.h"
#include "store/salvage/table_properties.h"
#include "store/salvage/table_walk.h"

namespace duramen::store {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPending = "salvage-pending";
constexpr std::size_t kBatchBytes = 8U << 20;

/// What has to be written again (step 3) is noted in the file kPending before it is taken out: a
/// line `FAMILY FILE` each, FILE in put-aside. The file is there, empty, from the beginning.
struct Pending {
  std::string family;
  std::string file;
};
/// Instead of a family: a log that lost a record.
constexpr const char* kLostRecord = "log";

std::string pending_path(const std::string& data_directory) {
  return data_directory + "/" + kPending;
}

bool is_small_family(std::string_view family) {
  return family == kMetaFamily || family == kJournalFamily || family == kBatchesFamily ||
         family == rocksdb::kDefaultColumnFamilyName;
}

// ---- 1. write-ahead logs

Result<void> mend_log(const std::string& path, const PutAside& aside,
                      const std::string& data_directory) {
  DURAMEN_TRY(const std::string log, read_file(path));
  const LogContent content = read_log(log);
  if (content.damage.empty()) return {};
  DURAMEN_TRY(const std::string name, aside.keep(path));
  const bool lost = std::any_of(content.damage.begin(), content.damage.end(),
                                [](const LogDamage& damage) { return !damage.mended; });
  if (lost) {
    DURAMEN_TRY_VOID(
        append_to_file(pending_path(data_directory), std::string(kLostRecord) + " " + name + "\n"));
  }
  for (const LogDamage& damage : content.damage) {
    DURAMEN_TRY_VOID(aside.report(
        "write-ahead log " + fs::path(path).filename().string() + ": " + damage.what + ", " +
        std::to_string(damage.bytes) + " bytes at " + std::to_string(damage.at) +
        (damage.mended ? "; its checksum told what it was, nothing is lost"
                       : "; the record is left out, and with it the rows that only it held (at "
                         "the end of the newest log after a power cut: what was not yet "
                         "acknowledged)")));
  }
  std::string anew;
  for (const std::string& record : content.records) append_log_record(anew, record);
  // RocksDB knows how large the log was when it was synced, and takes zeros for room kept free.
  if (anew.size() < log.size()) anew.resize(log.size(), '\0');
  return replace_file(path, anew);
}

Result<void> mend_logs(const std::string& data_directory, const PutAside& aside) {
  const std::string db = data_directory + "/db";
  std::error_code error;
  std::vector<std::string> logs;
  for (auto it = fs::directory_iterator(db, error); !error && it != fs::directory_iterator();
       it.increment(error)) {
    if (it->path().extension() == ".log") logs.push_back(it->path());
  }
  for (const std::string& log : logs) DURAMEN_TRY_VOID(mend_log(log, aside, data_directory));
  return {};
}

// ---- 2. table files

/// A flipped byte here and there is damage; most of many files is a disk that dies, or a RocksDB
/// that wrote what this one cannot read: not to be touched.
constexpr std::size_t kFewTables = 16;

struct BadFile {
  std::string path;
  Error why;
};

Result<void> refuse_if_most(const std::vector<BadFile>& bad, std::size_t files,
                            const std::string& db) {
  if (bad.size() <= kFewTables || bad.size() <= files / 2) return {};
  return Error{ErrorCode::kDataLoss, std::to_string(bad.size()) + " of " + std::to_string(files) +
                                         " table files in " + db +
                                         " cannot be read, the first: " + bad.front().why.message};
}

/// RocksDB must not see them: it does not survive each damage. The others it can tell itself. Not
/// reported yet: it may be what a crash left of a table that nothing names. Gives name in put-aside
/// and reason by path.
using Hidden = std::map<std::string, std::pair<std::string, Error>>;
Result<Hidden> hide_dangerous_tables(const std::string& db, const PutAside& aside) {
  std::vector<BadFile> bad;
  std::size_t files = 0;
  std::error_code error;
  for (auto it = fs::directory_iterator(db, error); !error && it != fs::directory_iterator();
       it.increment(error)) {
    if (it->path().extension() != ".sst") continue;
    ++files;
    auto checked = check_table_properties(it->path());
    if (checked) continue;
    if (checked.error().code != ErrorCode::kDataLoss) return checked.error();
    bad.push_back({it->path(), std::move(checked).error()});
  }
  DURAMEN_TRY_VOID(refuse_if_most(bad, files, db));
  Hidden hidden;
  for (const auto& [path, why] : bad) {
    DURAMEN_TRY(const std::string name, aside.keep(path));
    hidden.emplace(path, std::pair(name, why));
    DURAMEN_TRY_VOID(remove_file(path));
  }
  return hidden;
}

/// Gives the name in put-aside, or nothing when there is no such file.
Result<std::string> put_table_aside(const BadFile& file, const Hidden& hidden,
                                    const PutAside& aside) {
  const auto known = hidden.find(file.path);
  DURAMEN_TRY_VOID(
      aside.report(known != hidden.end() ? known->second.second.message : file.why.message));
  if (known != hidden.end()) return known->second.first;
  auto name = aside.keep(file.path);
  if (name || name.error().code != ErrorCode::kNotFound) return name;
  // Gone, or hidden before a crash.
  return std::string(fs::path(file.path).filename());
}

/// RocksDB drops blob files that no table refers to: what they hold is read from links.
Result<void> keep_blobs(const std::string& db, const Database& database, const LiveTable& table,
                        const PutAside& aside, std::string& pending) {
  const Database::Family family = database.family(table.family);
  if (family == nullptr) return {};
  for (const std::uint64_t number : database.blob_files(family, table)) {
    auto name = aside.keep(db + "/" + table_file_name(number, ".blob"));
    if (!name && name.error().code == ErrorCode::kNotFound) {
      DURAMEN_TRY_VOID(aside.report(name.error().message));
      continue;
    }
    if (!name) return std::move(name).error();
    pending += table.family + " " + *name + "\n";
  }
  return {};
}

/// Their paths in the order of `tables`.
Result<std::vector<BadFile>> find_bad_tables(const std::string& db,
                                             const std::vector<LiveTable>& tables,
                                             std::vector<LiveTable>& bad) {
  std::vector<BadFile> files;
  for (const LiveTable& table : tables) {
    const std::string path = db + "/" + table_file_name(table.number, ".sst");
    auto checked = Database::check_table(path, table.family);
    if (checked) continue;
    std::error_code error;
    const bool is_gone = !fs::exists(path, error) && !error;
    // A disk that cannot be read now may be read tomorrow.
    if (checked.error().code != ErrorCode::kDataLoss && !is_gone) return checked.error();
    bad.push_back(table);
    files.push_back({path, std::move(checked).error()});
  }
  DURAMEN_TRY_VOID(refuse_if_most(files, tables.size(), db));
  return files;
}

Result<void> put_tables_aside(const std::string& data_directory, const PutAside& aside) {
  const std::string db = data_directory + "/db";
  std::vector<LiveTable> bad;
  std::string pending;
  DURAMEN_TRY(Hidden hidden, hide_dangerous_tables(db, aside));
  {
    DURAMEN_TRY(const auto database, Database::open_damaged(db));
    DURAMEN_TRY(const auto files, find_bad_tables(db, database->live_tables(), bad));
    for (std::size_t i = 0; i < bad.size(); ++i) {
      DURAMEN_TRY(const std::string name, put_table_aside(files[i], hidden, aside));
      hidden.erase(files[i].path);
      pending += bad[i].family + " " + name + "\n";
      DURAMEN_TRY_VOID(keep_blobs(db, *database, bad[i], aside, pending));
    }
  }
  for (const auto& [path, known] : hidden) {  // nothing named them
    DURAMEN_TRY_VOID(remove_file(aside.path(known.first)));
  }
  if (bad.empty()) return {};
  DURAMEN_TRY_VOID(append_to_file(pending_path(data_directory), pending));
  return take_out_tables(db, bad);
}

// ---- 3. writing again what they held

/// Writes in batches of bounded size.
class Rewriter {
 public:
  Rewriter(Database& database, Database::Family family)
      : database_(database), family_(std::move(family)) {}

  /// Not what the journal held below the builder's position: it was deleted, though a table that
  /// did not know that yet still has it.
  Result<void> put_if_absent(std::string_view key, std::string_view value) {
    if (family_ == database_.journal() && key.size() == 8) {
      DURAMEN_TRY(const std::uint64_t built, built_position());
      if (load_be64(key.data()) < built) return {};
    }
    const auto there = database_.get(family_, key);
    if (!there && there.error().code != ErrorCode::kDataLoss) return there.error();
    if (there && *there && !supersedes(key, value, **there)) return {};
    batch_
        .Put(family_.get(), rocksdb::Slice(key.data(), key.size()),
             rocksdb::Slice(value.data(), value.size()))
        .PermitUncheckedError();
    ++written_;
    return batch_.GetDataSize() > kBatchBytes ? flush() : Result<void>();
  }
  Result<void> flush() {
    DURAMEN_TRY_VOID(database_.write_where_there(batch_));
    batch_.Clear();
    return {};
  }
  std::uint64_t written() const { return written_; }

 private:
  /// The builder's position, the next block and a window only grow: what is left of an older
  /// version gives way.
  bool supersedes(std::string_view key, std::string_view value, std::string_view there) const {
    if (family_ != database_.meta() || value.size() != there.size()) return false;
    const auto kind = static_cast<MetaKind>(key[0]);
    const std::size_t at = kind == MetaKind::kWindow ? 8 : 0;  // the end, not the beginning
    if (kind != MetaKind::kBuilt && kind != MetaKind::kNextBlock && kind != MetaKind::kWindow) {
      return false;
    }
    ByteReader ours(value.substr(at));
    ByteReader theirs(there.substr(at));
    return ours.u64() > theirs.u64();
  }

  Result<std::uint64_t> built_position() {
    if (!built_) {
      DURAMEN_TRY(const auto value, database_.get(database_.meta(), meta_key(MetaKind::kBuilt)));
      built_ = value ? ByteReader(*value).u64() : 0;
    }
    return *built_;
  }

  Database& database_;
  Database::Family family_;
  rocksdb::WriteBatch batch_;
  std::uint64_t written_ = 0;
  std::optional<std::uint64_t> built_;
};

Result<void> write_again(Database& database, const Pending& pending, const PutAside& aside) {
  const Database::Family family = database.family(pending.family);
  if (family == nullptr) return {};  // a segment that was dropped since
  const bool is_blob = pending.file.find(".blob") != std::string::npos;
  if (!is_blob && !is_small_family(pending.family)) return {};  // its blobs hold everything
  Rewriter rewriter(database, family);
  auto file = read_file(aside.path(pending.file));
  if (!file && file.error().code == ErrorCode::kNotFound) {
    if (is_blob) return {};  // done before a crash
    return aside.report(pending.file + " is gone from put-aside: what it held of " +
                        pending.family + " is lost");
  }
  if (!file) return std::move(file).error();
  if (is_blob) {
    DURAMEN_TRY_VOID(walk_blobs(*file, [&](std::string_view key, std::string_view value) {
      return rewriter.put_if_absent(key, value);
    }));
  } else {
    for (const TableEntry& entry : salvage_table(*file)) {
      if (!entry.deleted) DURAMEN_TRY_VOID(rewriter.put_if_absent(entry.key, entry.value));
    }
  }
  DURAMEN_TRY_VOID(rewriter.flush());
  if (rewriter.written() == 0) return {};
  return aside.report(std::to_string(rewriter.written()) + " values of " + pending.family +
                      " were written again from " + pending.file);
}

std::vector<Pending> parse_pending(std::string_view text) {
  std::vector<Pending> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    const std::size_t blank = line.find(' ');
    if (blank != std::string_view::npos) {
      out.push_back({std::string(line.substr(0, blank)), std::string(line.substr(blank + 1))});
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

Result<void> write_all_again(Database& database, const std::string& data_directory,
                             const PutAside& aside) {
  DURAMEN_TRY(const std::string text, read_file(pending_path(data_directory)));
  std::vector<Pending> pending = parse_pending(text);
  // The metadata first: it says what the journal still holds.
  std::stable_partition(pending.begin(), pending.end(),
                        [](const Pending& one) { return one.family == kMetaFamily; });
  bool lost_record = false;
  for (const Pending& one : pending) {
    lost_record = lost_record || one.family == kLostRecord;
    if (one.family != kLostRecord) DURAMEN_TRY_VOID(write_again(database, one, aside));
  }
  DURAMEN_TRY_VOID(reconcile(database, aside, lost_record));
  for (const Pending& one : pending) {
    if (one.file.find(".blob") != std::string::npos) {
      DURAMEN_TRY_VOID(remove_file(aside.path(one.file)));
    }
  }
  return remove_file(pending_path(data_directory));
}

}  // namespace

Result<void> check_current(const std::string& data_directory) {
  const std::string db = data_directory + "/db";
  std::error_code error;
  if (fs::exists(db + "/CURRENT", error)) return {};
  for (auto it = fs::directory_iterator(db, error); !error && it != fs::directory_iterator();
       it.increment(error)) {
    const std::string extension = it->path().extension();
    std::error_code gone;
    const bool holds = extension == ".sst" || extension == ".blob" || extension == ".log";
    if (!holds || it->file_size(gone) == 0) continue;
    return Error{ErrorCode::kDataLoss, db + "/CURRENT is missing, and " + it->path().string() +
                                           " is there: nothing says which files belong together"};
  }
  return {};
}

bool salvage_is_pending(const std::string& data_directory) {
  std::error_code error;
  return fs::exists(pending_path(data_directory), error);
}

Result<void> mend_blob_files(const Database& database, const PutAside& aside) {
  for (const auto& [name, family] : database.found_segments()) {
    for (const std::string& file : database.mend_blob_files(family)) {
      DURAMEN_TRY_VOID(aside.report("blob file " + file + " of segment " + name +
                                    ": header or footer was damaged; it is made anew, nothing "
                                    "is lost"));
    }
  }
  return {};
}

Result<bool> write_damaged_tables_again(Database& database, const Database::Family& segment,
                                        const PutAside& aside) {
  const std::string& db = database.raw().GetName();
  Rewriter rewriter(database, segment);
  for (const LiveTable& table : database.live_tables()) {
    if (table.family != segment->GetName()) continue;
    const auto checked =
        Database::check_table(db + "/" + table_file_name(table.number, ".sst"), table.family);
    if (checked || checked.error().code != ErrorCode::kDataLoss) continue;
    DURAMEN_TRY_VOID(aside.report(checked.error().message));
    for (const std::uint64_t number : database.blob_files(segment, table)) {
      DURAMEN_TRY(const std::string blobs, read_file(db + "/" + table_file_name(number, ".blob")));
      DURAMEN_TRY_VOID(walk_blobs(blobs, [&](std::string_view key, std::string_view value) {
        return rewriter.put_if_absent(key, value);
      }));
    }
  }
  DURAMEN_TRY_VOID(rewriter.flush());
  if (rewriter.written() == 0) return false;
  DURAMEN_TRY_VOID(aside.report(std::to_string(rewriter.written()) + " values of " +
                                segment->GetName() + " were written again from its blob files"));
  return true;
}

Result<std::shared_ptr<Database>> open_by_salvage(const std::string& data_directory,
                                                  rocksdb::Env* env, const Clock& clock) {
  const std::string db = data_directory + "/db";
  const PutAside aside(data_directory, clock);
  DURAMEN_TRY_VOID(append_to_file(pending_path(data_directory), ""));
  DURAMEN_TRY_VOID(mend_logs(data_directory, aside));
  DURAMEN_TRY_VOID(put_tables_aside(data_directory, aside));
  DURAMEN_TRY(auto database, Database::open(db, env));
  DURAMEN_TRY_VOID(mend_blob_files(*database, aside));
  DURAMEN_TRY_VOID(write_all_again(*database, data_directory, aside));
  return database;
}

}  // namespace duramen::store
