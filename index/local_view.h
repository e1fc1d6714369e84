#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "index/block_keys.h"
#include "index/part.h"
#include "index/segment_view.h"

namespace duramen::index {

/// One block of a delta. Immutable.
struct DeltaBlock {
  model::BlockId block;
  BlockKeys keys;
  std::size_t weight = 0;
};

/// A view over parts and a delta. A block that is in two of them is found by either.
class LocalView final : public SegmentView {
 public:
  LocalView(const std::vector<std::shared_ptr<Part>>& parts,
            const std::vector<std::shared_ptr<const DeltaBlock>>& delta);

  const std::vector<model::BlockId>& blocks() const override { return blocks_; }
  BlockSet find(const model::IndexKey& key, LookupCost& cost) const override;
  BlockSet find_prefix(model::KeyKind kind, std::string_view prefix,
                       LookupCost& cost) const override;
  LabelList labels(std::string_view prefix, std::size_t limit, LookupCost& cost) const override;

  bool has(model::BlockId block) const;
  /// A part of it turned out to be damaged since.
  bool damaged() const;

 private:
  struct PartPlaces {
    std::shared_ptr<Part> part;
    std::vector<std::size_t> places;  ///< of the part's blocks in blocks_
  };
  struct DeltaPlace {
    std::shared_ptr<const DeltaBlock> block;
    std::size_t place = 0;
  };
  std::size_t place_of(model::BlockId block) const;
  /// Puts the answer of a part into `found`; all its blocks when it has none.
  static void take(const PartPlaces& from, const Result<BlockSet>& answer, BlockSet& found,
                   LookupCost& cost);

  std::vector<model::BlockId> blocks_;
  std::vector<PartPlaces> parts_;
  std::vector<DeltaPlace> delta_;
};

}  // namespace duramen::index
