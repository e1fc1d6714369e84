#include "store/value_reader.h"

#include <utility>

namespace duramen::store {

/// Goes through the frames of one lane as the parts fill them.
class ValueReader::Walk {
 public:
  Walk(const std::vector<FrameEntry>& frames, Lane lane) : frames_(frames), lane_(lane) {}

  /// The place of a part of `size` bytes. False when it does not fit.
  bool place(std::uint64_t size, Place& out) {
    if (left_ == 0 && !next_frame()) return false;
    if (size > left_) return false;
    out.frame = static_cast<std::uint32_t>(current_);
    out.offset = frames_[current_].raw_size - left_;
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

Error ValueReader::broken(std::string_view what) const {
  return {ErrorCode::kDataLoss, "block " + name_ + ": " + std::string(what)};
}

Result<ValueReader> ValueReader::open(std::string_view name, const ValueDirectory& directory,
                                      std::size_t columns, std::uint64_t raw_limit) {
  ValueReader reader;
  reader.name_ = name;
  reader.directory_ = &directory;
  DURAMEN_TRY_VOID(reader.lay_out_frames(raw_limit));
  DURAMEN_TRY_VOID(reader.lay_out_parts(columns));
  return reader;
}

Result<void> ValueReader::lay_out_frames(std::uint64_t raw_limit) {
  frames_.resize(directory_->frames.size());
  for (std::size_t i = 0; i < frames_.size(); ++i) {
    const FrameEntry& entry = directory_->frames[i];
    if (entry.raw_size > raw_limit || entry.stored_size > raw_limit) {
      return broken("its frames are larger than its rows allow");
    }
    raw_limit -= entry.raw_size;
    frames_[i].begin = stored_size_;
    stored_size_ += entry.stored_size;
  }
  return {};
}

Result<void> ValueReader::lay_out_parts(std::size_t columns) {
  const auto& frames = directory_->frames;
  std::array<Walk, kLanes> walks{Walk(frames, Lane::kText), Walk(frames, Lane::kNumbers),
                                 Walk(frames, Lane::kPacked)};
  places_.resize(directory_->parts.size());
  columns_.push_back(0);
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const PartEntry& entry = directory_->parts[i];
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      if (entry.sizes[lane] == 0) continue;
      if (!walks[lane].place(entry.sizes[lane], places_[i][lane])) {
        return broken("a column runs over the end of its frame");
      }
    }
    if (entry.last) columns_.push_back(i + 1);
  }
  if (columns_.size() != columns + 1 || columns_.back() != places_.size()) {
    return broken("has not as many columns as its head says");
  }
  for (Walk& walk : walks) {
    if (!walk.at_end()) return broken("has more frames than its columns need");
  }
  return {};
}

Result<void> ValueReader::set_bytes(std::shared_ptr<const std::string> bytes) {
  if (bytes->size() != stored_size_) return broken("is not as long as its frames");
  bytes_ = std::move(bytes);
  return {};
}

Result<std::string_view> ValueReader::frame(std::size_t index) {
  Frame& frame = frames_[index];
  const FrameEntry& entry = directory_->frames[index];
  const std::string_view stored = std::string_view(*bytes_).substr(frame.begin, entry.stored_size);
  if (!frame.read) {
    if (auto done = verify_and_expand(entry, stored, frame.expanded); !done) {
      return broken("frame " + std::to_string(index) + ": " + done.error().message);
    }
    frame.read = true;
    ++frames_read_;
  }
  return entry.compressed ? std::string_view(frame.expanded) : stored;
}

Result<LaneReaders> ValueReader::read(std::size_t part) {
  std::array<std::string_view, kLanes> bytes;
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    const std::uint64_t size = directory_->parts[part].sizes[lane];
    if (size == 0) continue;
    const Place& place = places_[part][lane];
    DURAMEN_TRY(const std::string_view from, frame(place.frame));
    bytes[lane] = from.substr(place.offset, size);
  }
  return LaneReaders{ByteReader(bytes[0]), ByteReader(bytes[1]), ByteReader(bytes[2])};
}

}  // namespace duramen::store
