#pragma once

#include <rocksdb/write_batch.h>

#include <string>

#include "store/block.h"
#include "store/database.h"
#include "store/directory.h"

namespace duramen::store {

/// What the directory is going to say of an encoded block. Internal to store/.
DirectoryEntry directory_entry(const EncodedBlock& block, model::WindowId window, model::BlockId id,
                               std::string segment);
/// Adds a block's values and its directory entry to what is going to be written.
void put_block(const Database& database, const Database::Family& segment,
               const DirectoryEntry& entry, const BlockBytes& bytes, rocksdb::WriteBatch& batch);

}  // namespace duramen::store
