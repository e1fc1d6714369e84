#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/ids.h"

namespace duramen::index {

/// What a manifest says of one part (docs/format/index.md). A value.
struct PartEntry {
  std::uint64_t number = 0;  ///< names its files
  std::uint64_t words_size = 0;
  std::uint64_t words_sum = 0;  ///< checksum64 of the whole file
  std::uint64_t filter_size = 0;
  std::vector<model::BlockId> blocks;  ///< by place in the part; 1 to kMaxPartBlocks
  friend bool operator==(const PartEntry&, const PartEntry&) = default;
};

/// The parts of one segment that count.
struct Manifest {
  std::string owner;
  std::string segment;
  std::vector<PartEntry> parts;
  friend bool operator==(const Manifest&, const Manifest&) = default;
};

std::string encode_manifest(const Manifest& manifest);
/// Errors: kDataLoss, kUnimplemented (a newer version).
Result<Manifest> decode_manifest(std::string_view bytes);

/// Letters, digits, `.`, `_` and `-`, at most 200; not a dot first.
bool is_segment_name(std::string_view name);
std::string manifest_name(std::string_view segment);
std::string words_name(std::uint64_t number);
std::string filter_name(std::uint64_t number);

}  // namespace duramen::index
