#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/record_batch.h"

namespace duramen::store {

/// One row to put into a block.
struct RowRef {
  const model::RowSet* set;
  std::uint32_t row;
};

/// What is known of a block without reading it. Also the directory's entry (docs/format/keys.md).
struct BlockSummary {
  std::uint32_t rows = 0;
  std::uint64_t raw_bytes = 0;  ///< of messages and field values
  std::int64_t min_time = 0;
  std::int64_t max_time = 0;
  model::Seq min_seq;
  model::Seq max_seq;
  friend bool operator==(const BlockSummary&, const BlockSummary&) = default;
};

/// The four values of a block, one RocksDB key each (docs/format/block.md).
struct BlockBytes {
  std::string head;
  std::string rows;
  std::string vars;
  std::string fields;
  std::size_t size() const { return head.size() + rows.size() + vars.size() + fields.size(); }
};

struct EncodedBlock {
  BlockSummary summary;
  BlockBytes bytes;
};

struct BlockEncodeOptions {
  int zstd_level = 3;
};

/// Encodes rows as block version 1, in the order given (the caller sorts: stream, then seq).
///
/// Exact: decode_block gives back every byte. Deterministic: equal rows give equal bytes.
/// Threading: pure; many blocks are encoded at once. Blocking: CPU only.
/// Errors: kInvalidArgument for no rows, more than 2^24 rows, 2^25 fields or 256 MiB of text;
/// kInternal from zstd.
Result<EncodedBlock> encode_block(std::span<const RowRef> rows, const BlockEncodeOptions& options);

/// Decodes a whole block: the plain path, and the oracle of every cleverer one.
///
/// Never crashes or allocates without bound on damaged or hostile bytes: every checksum, count and
/// index is checked before it is trusted.
/// Threading: pure. Errors: kDataLoss (says which key, which frame, what is wrong),
/// kUnimplemented (a newer block version).
Result<model::RowSet> decode_block(std::string_view head, std::string_view rows,
                                   std::string_view vars, std::string_view fields);

/// Reads just the summary from a head. Errors: as decode_block.
Result<BlockSummary> read_summary(std::string_view head);

/// Bytes by column kind, for `status` and benchmarks: sums over frames as they lie on disk.
struct BlockSizes {
  std::uint64_t templates = 0;  ///< head: dictionary and directory
  std::uint64_t rows = 0;       ///< template ids, times, seqs, streams
  std::uint64_t variables = 0;
  std::uint64_t fields = 0;
};

/// Errors: as decode_block.
Result<BlockSizes> block_sizes(std::string_view head);

}  // namespace duramen::store
