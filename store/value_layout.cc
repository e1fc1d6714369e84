#include "store/value_layout.h"

#include <string>

namespace duramen::store {
namespace {

/// Goes through the frames of one lane as the parts fill them.
class Walk {
 public:
  Walk(const std::vector<FrameEntry>& frames, Lane lane) : frames_(frames), lane_(lane) {}

  /// The place of a part of `size` bytes. False when it does not fit.
  bool place(std::uint64_t size, ValueLayout::Place& out) {
    if (left_ == 0 && !next_frame()) return false;
    if (size > left_) return false;
    out.frame = static_cast<std::uint32_t>(current_);
    out.offset = static_cast<std::uint32_t>(frames_[current_].raw_size - left_);
    left_ -= size;
    return true;
  }
  /// Every byte of every frame of this lane belongs to a part.
  bool at_end() { return left_ == 0 && !next_frame(); }

 private:
  bool next_frame() {
    while (next_ < frames_.size() && frames_[next_].lane != lane_) ++next_;
    if (next_ == frames_.size()) return false;
    current_ = next_++;
    left_ = frames_[current_].raw_size;
    return true;
  }

  const std::vector<FrameEntry>& frames_;
  Lane lane_;
  std::size_t next_ = 0;
  std::size_t current_ = 0;
  std::uint64_t left_ = 0;
};

Result<void> lay_out_frames(std::string_view name, const std::vector<FrameEntry>& frames,
                            std::uint64_t raw_limit, ValueLayout& out) {
  for (const FrameEntry& frame : frames) {
    if (frame.raw_size > raw_limit || frame.stored_size > raw_limit) {
      return broken_value(name, "its frames are larger than its rows allow");
    }
    raw_limit -= frame.raw_size;
    out.frames.push_back(out.stored_size);
    out.stored_size += frame.stored_size;
  }
  return {};
}

Result<void> lay_out_parts(std::string_view name, const ValueDirectory& directory,
                           std::size_t columns, ValueLayout& out) {
  const auto& frames = directory.frames;
  std::array<Walk, kLanes> walks{Walk(frames, Lane::kText), Walk(frames, Lane::kNumbers),
                                 Walk(frames, Lane::kPacked)};
  out.parts.resize(directory.parts.size());
  out.columns.push_back(0);
  for (std::size_t i = 0; i < out.parts.size(); ++i) {
    const PartEntry& entry = directory.parts[i];
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      if (entry.sizes[lane] == 0) continue;
      if (!walks[lane].place(entry.sizes[lane], out.parts[i][lane])) {
        return broken_value(name, "a column runs over the end of its frame");
      }
    }
    if (entry.last) out.columns.push_back(static_cast<std::uint32_t>(i + 1));
  }
  if (out.columns.size() != columns + 1 || out.columns.back() != out.parts.size()) {
    return broken_value(name, "has not as many columns as its head says");
  }
  for (Walk& walk : walks) {
    if (!walk.at_end()) return broken_value(name, "has more frames than its columns need");
  }
  return {};
}

}  // namespace

Error broken_value(std::string_view name, std::string_view what) {
  return {ErrorCode::kDataLoss, "block " + std::string(name) + ": " + std::string(what)};
}

Result<ValueLayout> ValueLayout::of(std::string_view name, const ValueDirectory& directory,
                                    std::size_t columns, std::uint64_t raw_limit) {
  ValueLayout out;
  DURAMEN_TRY_VOID(lay_out_frames(name, directory.frames, raw_limit, out));
  DURAMEN_TRY_VOID(lay_out_parts(name, directory, columns, out));
  return out;
}

std::size_t ValueLayout::weight() const {
  return sizeof(ValueLayout) + frames.size() * sizeof(frames[0]) + parts.size() * sizeof(parts[0]) +
         columns.size() * sizeof(columns[0]);
}

}  // namespace duramen::store
