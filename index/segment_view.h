#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "index/block_set.h"
#include "model/ids.h"
#include "model/index_keys.h"

namespace duramen::index {

/// What looking up took; added to.
struct LookupCost {
  std::uint64_t bytes_read = 0;  ///< from files: pages of filters, and words when they are opened
  std::uint64_t terms = 0;       ///< of the words
  std::uint64_t rows = 0;        ///< of the filters
  std::uint64_t unreadable = 0;  ///< parts that could not be asked: their blocks were all answered
};

/// Labels of the streams, as model::pair_text, sorted.
struct LabelList {
  std::vector<std::string> pairs;
  bool complete = true;  ///< false: cut at the limit, or a part could not be read
};

/// What is indexed of one segment at one moment. Never changes; what it reads stays readable for
/// as long as somebody holds it, also when parts are merged or the segment is dropped meanwhile.
///
/// Answers may hold blocks too many, never one too few: a block that has the key is in the answer,
/// whatever happens to the files. A part that turns out to be damaged answers with all its blocks,
/// is logged and counted, and is not in later views of the segment.
///
/// Threading: any thread. Blocking: reads from disk; a query of one part's words waits for another.
class SegmentView {
 public:
  SegmentView() = default;
  SegmentView(const SegmentView&) = delete;
  SegmentView& operator=(const SegmentView&) = delete;
  SegmentView(SegmentView&&) = delete;
  SegmentView& operator=(SegmentView&&) = delete;
  virtual ~SegmentView() = default;

  /// The blocks that are indexed, ascending. Nothing is known about others: they must be scanned.
  virtual const std::vector<model::BlockId>& blocks() const = 0;
  /// Blocks that may hold the key.
  virtual BlockSet find(const model::IndexKey& key, LookupCost& cost) const = 0;
  /// Blocks that may hold a key of `kind` (kWord or kHead; else all) that begins with `prefix`.
  /// Looks at kMaxPrefixTerms terms of a part and then takes all blocks of it.
  virtual BlockSet find_prefix(model::KeyKind kind, std::string_view prefix,
                               LookupCost& cost) const = 0;
  /// Labels of the streams in these blocks whose pair_text begins with `prefix`, at most `limit`.
  virtual LabelList labels(std::string_view prefix, std::size_t limit, LookupCost& cost) const = 0;

  static constexpr std::size_t kMaxPrefixTerms = 4096;
};

}  // namespace duramen::index
