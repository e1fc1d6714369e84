#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/block.h"
#include "store/catalog.h"

namespace duramen::store {

/// The rows of one block to be, in block order (stream, then seq). Internal to store/.
struct PlannedBlock {
  std::int64_t day = 0;
  std::uint64_t weight = 0;
  std::vector<RowRef> rows;
};

/// Sorts an epoch's rows into blocks: by UTC day, then by stream. A stream fills blocks of
/// `block_weight` (RecordBatch::weight(), not text alone: a block of rows without text has its
/// limits, too); what is left of each stream is packed together with its neighbours in the
/// order of labels, which are mostly of one application.
/// Pure; refers to `batches`, which must outlive the plan.
std::vector<PlannedBlock> plan_blocks(std::span<const OpenBatch> batches,
                                      std::uint64_t block_weight);

/// Encodes all of them, in parallel (oneTBB), in the order given.
Result<std::vector<EncodedBlock>> encode_blocks(std::span<const PlannedBlock> plan,
                                                const BlockEncodeOptions& options);

}  // namespace duramen::store
