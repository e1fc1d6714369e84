#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/column_lanes.h"
#include "store/frame.h"
#include "store/value_layout.h"

namespace duramen::store {

/// Gives the parts of one value of a block in any order: a frame is verified and expanded when the
/// first part in it is asked for, and never when none is (FrameReader reads them all, in order).
/// Threading: one thread. Ownership: directory and layout outlive it.
class ValueReader {
 public:
  ValueReader(std::string_view name, const ValueDirectory& directory, const ValueLayout& layout)
      : name_(name), directory_(directory), layout_(layout), frames_(layout.frames.size()) {}

  /// The bytes of the value; before the first read().
  /// Errors: kDataLoss when the frames do not fill them exactly.
  Result<void> set_bytes(std::shared_ptr<const std::string> bytes);
  bool has_bytes() const { return bytes_ != nullptr; }

  /// The parts of a column, as numbers for part() and read().
  std::size_t parts_begin(std::size_t column) const { return layout_.columns[column]; }
  std::size_t parts_end(std::size_t column) const { return layout_.columns[column + 1]; }
  const PartEntry& part(std::size_t part) const { return directory_.parts[part]; }
  /// The bytes of a part; good as long as this lives. Errors: kDataLoss.
  Result<LaneReaders> read(std::size_t part);

  std::size_t frames_read() const { return frames_read_; }

 private:
  struct Frame {
    bool read = false;
    std::string expanded;  ///< of a compressed one
  };

  Result<std::string_view> frame(std::size_t index);

  const std::string_view name_;  ///< a literal
  const ValueDirectory& directory_;
  const ValueLayout& layout_;
  std::vector<Frame> frames_;
  std::shared_ptr<const std::string> bytes_;
  std::size_t frames_read_ = 0;
};

}  // namespace duramen::store
