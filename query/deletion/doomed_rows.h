#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "query/language/ast.h"
#include "query/progress.h"
#include "query/scan/unit_reader.h"
#include "store/store.h"

namespace duramen::index {
class Index;
}

namespace duramen::query {

/// Which rows of blocks a deletion is about.
struct DoomedRows {
  std::vector<store::MarkedBlock> blocks;
  std::uint64_t rows = 0;
  std::vector<std::string> damage;  ///< blocks that could not be looked at, in words
};

/// Finds the rows in blocks that match, in the range, up to a seq. Open rows are not looked at.
/// Blocking: disk, on all processors. Memory: `mark_bytes` and that of a few blocks.
/// Errors: kCancelled, kResourceExhausted (too many rows: says what to do), kInvalidArgument (found
/// only while running), kUnavailable.
Result<DoomedRows> find_doomed_rows(const store::Snapshot& snapshot, const index::Index* index,
                                    const Filter& filter, const TimeRange& range, model::Seq up_to,
                                    std::uint64_t mark_bytes, Progress& progress);

}  // namespace duramen::query
