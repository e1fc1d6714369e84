#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/block.h"
#include "store/catalog.h"
#include "store/directory.h"
#include "store/retention_class.h"

namespace duramen::store {

/// The rows of one block to be, in block order (stream, then seq). Internal to store/.
struct PlannedBlock {
  SegmentId segment;  ///< where it belongs
  std::uint64_t weight = 0;
  std::vector<RowRef> rows;
};

/// Sorts an epoch's rows into blocks: by segment (UTC day, and the class of the stream's labels),
/// then by stream. A stream fills blocks of
/// `block_weight` (RecordBatch::weight(), not text alone: a block of rows without text has its
/// limits, too); what is left of each stream is packed together with its neighbours in the
/// order of labels, which are mostly of one application.
/// Pure; refers to `batches`, which must outlive the plan.
std::vector<PlannedBlock> plan_blocks(std::span<const OpenBatch> batches,
                                      std::uint64_t block_weight,
                                      std::span<const RetentionClass> classes);

/// Encodes all of them, in parallel (oneTBB), in the order given.
Result<std::vector<EncodedBlock>> encode_blocks(std::span<const PlannedBlock> plan,
                                                const BlockEncodeOptions& options);

}  // namespace duramen::store
