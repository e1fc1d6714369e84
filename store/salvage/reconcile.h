#pragma once

#include "base/result.h"
#include "store/database.h"
#include "store/salvage/put_aside.h"

namespace duramen::store {

/// After damage: makes the metadata agree with what is there, before it is loaded.
///
/// Blocks know everything but their window, and column families their day and class. So registry
/// and directory are made anew where they miss something; what they name and is not there any more
/// is taken out; the builder's position goes behind every block, and, where a log lost a record,
/// back to the first journal entry whose rows are in no block; the next block id goes behind all
/// that were ever used. Batch ids that the journal's entries have are put back. A store without an
/// id gets a new one: page cursors of the old one end.
/// Internal to store/. Blocking: reads all metadata, the journal, and the heads of all blocks.
/// Errors: kDataLoss, kUnavailable, kUnimplemented (a newer format: nothing is changed).
Result<void> reconcile(Database& database, const PutAside& aside, bool lost_record);

}  // namespace duramen::store
