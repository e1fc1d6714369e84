#include "store/value_reader.h"

#include <array>
#include <utility>

namespace duramen::store {

Result<void> ValueReader::set_bytes(std::shared_ptr<const std::string> bytes) {
  if (bytes->size() != layout_.stored_size) {
    return broken_value(name_, "is not as long as its frames");
  }
  bytes_ = std::move(bytes);
  return {};
}

Result<std::string_view> ValueReader::frame(std::size_t index) {
  Frame& frame = frames_[index];
  const FrameEntry& entry = directory_.frames[index];
  const std::string_view stored =
      std::string_view(*bytes_).substr(layout_.frames[index], entry.stored_size);
  if (!frame.read) {
    if (auto done = verify_and_expand(entry, stored, frame.expanded); !done) {
      return broken_value(name_, "frame " + std::to_string(index) + ": " + done.error().message);
    }
    frame.read = true;
    ++frames_read_;
  }
  return entry.compressed ? std::string_view(frame.expanded) : stored;
}

Result<LaneReaders> ValueReader::read(std::size_t part) {
  std::array<std::string_view, kLanes> bytes;
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    const std::uint64_t size = directory_.parts[part].sizes[lane];
    if (size == 0) continue;
    const ValueLayout::Place& place = layout_.parts[part][lane];
    DURAMEN_TRY(const std::string_view from, frame(place.frame));
    bytes[lane] = from.substr(place.offset, size);
  }
  return LaneReaders{ByteReader(bytes[0]), ByteReader(bytes[1]), ByteReader(bytes[2])};
}

}  // namespace duramen::store
