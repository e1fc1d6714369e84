#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/column_lanes.h"
#include "store/frame.h"

namespace duramen::store {

/// Gives the parts of one value of a block in any order: a frame is verified and expanded when the
/// first part in it is asked for, and never when none is (FrameReader reads them all, in order).
/// Threading: one thread. Ownership: the directory outlives it.
class ValueReader {
 public:
  /// Finds out where every column lies, from the directory alone.
  /// Errors: kDataLoss when parts and frames do not fit each other, there are not exactly `columns`
  /// columns, or the frames take more than `raw_limit` bytes.
  static Result<ValueReader> open(std::string_view name, const ValueDirectory& directory,
                                  std::size_t columns, std::uint64_t raw_limit);

  /// The bytes of the value; before the first read().
  /// Errors: kDataLoss when the frames do not fill them exactly.
  Result<void> set_bytes(std::shared_ptr<const std::string> bytes);
  bool has_bytes() const { return bytes_ != nullptr; }

  /// The parts of a column, as numbers for part() and read().
  std::size_t parts_begin(std::size_t column) const { return columns_[column]; }
  std::size_t parts_end(std::size_t column) const { return columns_[column + 1]; }
  const PartEntry& part(std::size_t part) const { return directory_->parts[part]; }
  /// The bytes of a part; good as long as this lives. Errors: kDataLoss.
  Result<LaneReaders> read(std::size_t part);

  std::size_t frames_read() const { return frames_read_; }

 private:
  struct Frame {
    std::uint64_t begin = 0;  ///< in the value
    bool read = false;
    std::string expanded;  ///< of a compressed one
  };
  struct Place {
    std::uint32_t frame = 0;
    std::uint64_t offset = 0;
  };
  class Walk;

  Result<void> lay_out_frames(std::uint64_t raw_limit);
  Result<void> lay_out_parts(std::size_t columns);
  Result<std::string_view> frame(std::size_t index);
  Error broken(std::string_view what) const;

  std::string name_;
  const ValueDirectory* directory_ = nullptr;
  std::uint64_t stored_size_ = 0;
  std::vector<Frame> frames_;
  std::vector<std::array<Place, kLanes>> places_;  ///< a part
  std::vector<std::size_t> columns_;               ///< a column's first part; one more at the end
  std::shared_ptr<const std::string> bytes_;
  std::size_t frames_read_ = 0;
};

}  // namespace duramen::store
