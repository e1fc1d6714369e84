#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "index/block_keys.h"
#include "index/segment_view.h"
#include "model/ids.h"

namespace duramen::index {

struct IndexOptions {
  std::string directory;  ///< of its own; created when absent; leftovers of a crash are removed
  /// Whose blocks these are (the store's id). What another owner wrote is not trusted.
  std::string owner;
  /// The lowest block id that was never given. A part that has it or a higher one was written
  /// before the store was put back to an earlier state, and is not trusted.
  std::optional<model::BlockId> block_end;
  std::size_t delta_blocks = 16;          ///< of a segment, in memory, until they become a part
  std::size_t delta_bytes = 32ULL << 20;  ///< of all segments together
  std::size_t open_words = 16;            ///< word files kept open, over all segments
  std::size_t open_words_bytes = 64ULL << 20;  ///< their memory; one is open even if it is larger
};

struct SegmentIndexStatus {
  std::string name;
  std::uint64_t blocks = 0;
  std::uint64_t parts = 0;
  std::uint64_t delta_blocks = 0;  ///< of blocks: those not on disk
  std::uint64_t word_bytes = 0;
  std::uint64_t filter_bytes = 0;
};

struct IndexStatus {
  std::vector<SegmentIndexStatus> segments;  ///< by name
  std::uint64_t delta_bytes = 0;             ///< of memory
  std::uint64_t damaged_parts = 0;           ///< found since it was opened
};

/// How far a check is; false: it shall end.
using VerifyProgress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

/// Says which blocks of a segment may hold a key: the words in Xapian, the rest in filters
/// (docs/format/index.md). It is derived from the blocks and may be deleted at any time; whoever
/// has the blocks adds again what a view lacks.
///
/// Durability: blocks are in memory first (the *delta*) and become a part on disk by delta_blocks,
/// delta_bytes, flush() or seal(). After a crash the view lacks those that were in memory.
/// Threading: any thread; calls that write wait for each other.
/// Errors: Result, never exceptions. Damage is no error: what is damaged is left out of the views,
/// logged, counted in duramen_index_damaged_parts_total and removed by the next write.
class Index {
 public:
  /// Reads the manifests; opens no part.
  /// Errors: kUnavailable (the directory cannot be made, read or written).
  static Result<std::unique_ptr<Index>> open(IndexOptions options, MetricRegistry& metrics);

  Index() = default;
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;
  Index(Index&&) = delete;
  Index& operator=(Index&&) = delete;
  /// Deltas are lost: flush() first.
  virtual ~Index() = default;

  /// Cheap. A segment that is not known has an empty view, never null.
  virtual std::shared_ptr<const SegmentView> view(const std::string& segment) const = 0;
  virtual std::vector<std::string> segments() const = 0;

  /// A block that is indexed already stays as it is. A block's rows never change, so that it does
  /// not matter when this is called. May write and merge parts first; merging blocks for as long
  /// as it takes to read and write up to 1,024 blocks' index.
  /// Errors: kInvalidArgument (no name for a segment: letters, digits, `.`, `_`, `-`), kUnavailable
  /// (disk): the block is not added, all others stay findable; try again later.
  virtual Result<void> add(const std::string& segment, model::BlockId block, BlockKeys keys) = 0;
  /// The delta becomes a part, and parts are merged into as few as can be (of 1,024 blocks each).
  /// Errors: kUnavailable: everything stays findable.
  virtual Result<void> seal(const std::string& segment) = 0;
  /// Every delta becomes a part; for a stop. Errors: as seal().
  virtual Result<void> flush() = 0;
  /// Links the manifests and the parts that count into `directory` (made when absent), all of one
  /// moment: an index of its own, without the blocks that are in memory only. A file that is gone
  /// is left out, as the next open does. Blocking: waits for whoever writes.
  /// Errors: kUnavailable (disk).
  virtual Result<void> checkpoint(const std::string& directory) = 0;
  /// Forgets the segment and removes its files (those in use when the last view goes).
  virtual Result<void> drop(const std::string& segment) = 0;

  /// Takes out all that it says of other blocks of the segment than these. What shares a part with
  /// such a block goes, too, and is to be added again. Errors: kUnavailable: nothing has changed.
  virtual Result<void> keep_only(const std::string& segment,
                                 const std::set<model::BlockId>& blocks) = 0;

  virtual IndexStatus status() const = 0;
  /// Reads every byte and checks every checksum. Gives the faults, in words; what is damaged is
  /// treated as if a query had met it. `progress(done, total)` in bytes; once it has said false,
  /// the check ends with the part that it is at. Errors: kCancelled.
  virtual Result<std::vector<std::string>> verify(const VerifyProgress& progress) = 0;
};

}  // namespace duramen::index
