#pragma once

#include "base/result.h"
#include "index/block_keys.h"
#include "store/store.h"

namespace duramen::query {

/// All keys of the rows of a block (model::for_each_key_of_row), worked out column by column: the
/// text of a template once, and each value of a column by itself.
/// Pure but for reading the block. Blocking: disk, and CPU of some 20 ms for a block of 4 MiB.
/// Errors: as Snapshot::read(), by which damage is noted.
Result<index::BlockKeys> keys_of_block(const store::Snapshot& snapshot,
                                       const store::BlockRef& block);

}  // namespace duramen::query
