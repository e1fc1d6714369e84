#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "store/database.h"
#include "store/salvage/put_aside.h"

namespace duramen::store {

/// Opens a database that cannot be opened, or not be read, as it is: what is damaged is put aside
/// and named, everything else is kept (docs/decisions/0010-damage-is-put-aside.md).
///
/// In this order, each step repeatable after a crash:
///  1. write-ahead logs are written anew without the records that cannot be read;
///  2. damaged table files are linked into `put-aside` and taken out of the manifest;
///  3. the database is opened, and what those files held is written again: metadata, journal and
///     batch ids from their data blocks, blocks from the blob files;
///  4. metadata that is missing or contradicts what is there is made anew from the blocks' heads.
/// Internal to store/. Blocking: reads all logs and table files, and blob files of damaged tables.
/// Errors: kDataLoss (the manifest, or the salvage itself, fails), kUnavailable.
Result<std::shared_ptr<Database>> open_by_salvage(const std::string& data_directory,
                                                  rocksdb::Env* env, const Clock& clock);

/// A damaged header or footer of a blob file hides all its blocks, and nothing is lost with it: it
/// is made anew. Before anything is read: RocksDB keeps what it has read of a header.
/// Blocking: two small reads for each blob file. Errors: kUnavailable.
Result<void> mend_blob_files(const Database& database, const PutAside& aside);

/// For a segment in use: what its damaged table files cannot give any more is written again from
/// the blob files, which hold all of it. True when something was. The damaged file stays, and is
/// read for nothing any more. Blocking: reads the segment's table files, and blob files of damaged
/// ones. Errors: kUnavailable, kDataLoss.
Result<bool> write_damaged_tables_again(Database& database, const Database::Family& segment,
                                        const PutAside& aside);

/// A store whose `CURRENT` is gone looks new to RocksDB, which then removes all files. Errors:
/// kDataLoss (not for salvage: the start stops).
Result<void> check_current(const std::string& data_directory);

/// A salvage was begun and did not end.
bool salvage_is_pending(const std::string& data_directory);

}  // namespace duramen::store
