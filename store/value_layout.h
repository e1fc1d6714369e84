#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/column_lanes.h"
#include "store/frame.h"

namespace duramen::store {

/// Where the frames of one value of a block lie in it, and the parts of its columns in them.
struct ValueLayout {
  struct Place {
    std::uint32_t frame = 0;
    std::uint32_t offset = 0;
  };
  std::vector<std::uint64_t> frames;             ///< where each begins in the value
  std::uint64_t stored_size = 0;                 ///< of all of them
  std::vector<std::array<Place, kLanes>> parts;  ///< by lane
  std::vector<std::uint32_t> columns;            ///< the first part; one more at the end

  /// Told by the directory alone. `name`: of the value, for errors.
  /// Errors: kDataLoss when parts and frames do not fit each other, there are not exactly `columns`
  /// columns, or the frames take more than `raw_limit` bytes (at most kMaxSection).
  static Result<ValueLayout> of(std::string_view name, const ValueDirectory& directory,
                                std::size_t columns, std::uint64_t raw_limit);
  /// Bytes of memory, roughly.
  std::size_t weight() const;
};

/// What is wrong with a value of this name.
Error broken_value(std::string_view name, std::string_view what);

}  // namespace duramen::store
