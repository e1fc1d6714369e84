#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "index/local_view.h"
#include "index/manifest.h"
#include "index/part.h"

// Both write the two files of a new part, synced and under their names; nobody counts them before
// a manifest does. Nothing is left when they fail. Errors: kUnavailable (disk), and for merging
// what reading met: then a part is damaged() and must be left out.

namespace duramen::index {

Result<PartEntry> write_part(const std::string& directory, std::uint64_t number,
                             const std::vector<std::shared_ptr<const DeltaBlock>>& blocks);

Result<PartEntry> merge_parts(const std::string& directory, std::uint64_t number,
                              const std::vector<std::shared_ptr<Part>>& parts);

}  // namespace duramen::index
