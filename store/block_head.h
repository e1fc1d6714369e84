#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/record_batch.h"
#include "store/block.h"
#include "store/frame.h"

namespace duramen::store {

// Limits of the format (docs/format/block.md, "Head").
inline constexpr std::uint64_t kMaxBlockRows = 1ULL << 24;
inline constexpr std::uint64_t kMaxBlockFields = 1ULL << 25;
inline constexpr std::uint64_t kMaxBlockRaw = 256ULL << 20;
inline constexpr std::uint64_t kMaxSection = 256ULL << 20;

/// The integer columns of the rows value, in order.
enum class RowColumn : std::uint8_t {
  kStream,
  kTemplate,
  kTime,
  kSeq,
  kNode,
  kOriginSeq,
  kReceived,
  kFieldSet,
};
inline constexpr std::size_t kRowColumns = 8;

struct FieldColumn {
  std::string name;
  model::FieldKind kind = model::FieldKind::kText;
  friend bool operator==(const FieldColumn&, const FieldColumn&) = default;
};

struct BlockTemplate {
  std::string text;
  std::uint32_t rows = 0;
};

/// A decoded head.
struct BlockHead {
  BlockSummary summary;
  std::uint32_t field_values = 0;
  std::uint64_t message_bytes = 0;
  std::vector<model::Labels> streams;
  std::vector<model::NodeId> nodes;
  std::vector<FieldColumn> field_columns;
  std::vector<std::vector<std::uint32_t>> field_sets;
  std::vector<BlockTemplate> templates;  ///< [0]: the whole message as one variable
  ValueDirectory rows;
  ValueDirectory vars;
  ValueDirectory fields;

  std::uint64_t value_bytes() const { return summary.raw_bytes - message_bytes; }
};

/// What the frames of one value may take when expanded (docs/format/block.md, "Directory").
std::uint64_t raw_limit(const BlockHead& head);

/// Errors: kInvalidArgument when a section would be larger than kMaxSection, kInternal from zstd.
Result<std::string> encode_head(const BlockHead& head, int zstd_level);

/// Verifies magic, checksum and version, and reads everything. Every index in it is in range.
/// Errors: kDataLoss, kUnimplemented.
Result<BlockHead> decode_head(std::string_view bytes);

}  // namespace duramen::store
