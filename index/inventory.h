#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "index/index.h"
#include "index/manifest.h"

namespace duramen::index {

/// What a start finds in the directory.
struct Inventory {
  std::map<std::string, std::vector<PartEntry>> segments;
  std::uint64_t next_number = 1;  ///< above that of every file that was there
};

/// Makes the directory when there is none. What cannot be trusted (a damaged manifest, files that
/// are missing or of another size, another owner, blocks that were never given) is taken out of
/// the manifests first, then every file that no manifest names is removed.
/// Errors: kUnavailable.
Result<Inventory> take_inventory(const IndexOptions& options, Counter& damaged);

/// Writes a segment's manifest, or removes it when there are no parts. The parts' files become
/// durable before. Errors: kUnavailable.
Result<void> save_manifest(const IndexOptions& options, const std::string& segment,
                           const std::vector<PartEntry>& parts);

}  // namespace duramen::index
