#pragma once

#include <rocksdb/db.h>

#include <functional>
#include <vector>

#include "store/catalog.h"
#include "store/offline_verify.h"

namespace duramen::store {

/// Both add to `report` what they read and which faults they found. Internal to store/.
/// Together they count every row once, when `segments`, `built` and `snapshot` are of one moment:
/// no epoch may be committed between taking them.
/// Threading: any thread. Blocking: reads everything.
///
/// Errors: kCancelled when `interrupted` (asked before each block; may be empty) says so.
Result<void> verify_blocks(Catalog& catalog, const std::vector<SegmentPtr>& segments,
                           const VerifyProgress& progress, const std::function<bool()>& interrupted,
                           VerifyReport& report);
/// Entries from `built` on; those below are in blocks. `snapshot` null: the newest state.
void verify_journal(const Database& database, model::Seq built, const rocksdb::Snapshot* snapshot,
                    VerifyReport& report);

/// What was put aside is a fault until the operator has removed it.
void add_put_aside(const std::string& data_directory, VerifyReport& report);

}  // namespace duramen::store
