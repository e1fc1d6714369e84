#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/block_head.h"
#include "store/value_layout.h"

namespace duramen::store {

/// The head of a block, and what follows from it: where everything lies. The same for all who read
/// the block.
struct BlockLayout {
  BlockHead head;
  std::uint64_t head_bytes = 0;  ///< as it is stored
  std::vector<std::uint32_t>
      first_slot;                      ///< a template's first column of vars; one more at the end
  std::vector<std::uint32_t> slot_at;  ///< of these columns: the slot's place in the text
  ValueLayout rows;
  ValueLayout vars;

  /// Errors: kDataLoss (says what is wrong); kUnimplemented (a newer version).
  static Result<std::shared_ptr<const BlockLayout>> read(std::string_view head);
  /// Bytes of memory, roughly.
  std::size_t weight() const;
};

}  // namespace duramen::store
