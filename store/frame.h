#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/column_lanes.h"

namespace duramen::store {

/// A frame is closed before a part would take it over this size: by lane. Ids in the packed lane
/// repeat over columns, far apart.
inline constexpr std::array<std::size_t, kLanes> kFrameRaw = {64 * 1024, 64 * 1024, 256 * 1024};

/// The unit of compression, checksum and reading.
struct FrameEntry {
  Lane lane = Lane::kText;
  bool compressed = false;
  std::uint64_t raw_size = 0;
  std::uint64_t stored_size = 0;
  std::uint64_t checksum = 0;  ///< of the stored bytes
};

/// Leaves the bytes of a compressed frame in `expanded`; those of another one are `stored`.
/// Errors: kDataLoss.
Result<void> verify_and_expand(const FrameEntry& entry, std::string_view stored,
                               std::string& expanded);

/// A part of a column, as the directory knows it.
struct PartEntry {
  Encoding encoding = Encoding::kConstant;
  bool last = true;          ///< of its column
  std::uint64_t values = 0;  ///< not written for the last part
  std::array<std::uint64_t, kLanes> sizes{};
};

/// The directory of one value (rows, vars or fields).
struct ValueDirectory {
  std::vector<FrameEntry> frames;
  std::vector<PartEntry> parts;

  void write(std::string& out) const;
  /// Reads what write() wrote. False for damaged bytes.
  static bool read(ByteReader& in, ValueDirectory& out);
};

/// Packs the parts of columns into frames of one value.
/// Threading: one thread. Ownership: appends to `value`, which must outlive it.
class FrameWriter {
 public:
  FrameWriter(std::string& value, int zstd_level) : value_(&value), level_(zstd_level) {}
  /// Errors: kInternal from zstd.
  Result<void> add(PartEntry part, const LaneBytes& bytes);
  /// Ends open frames. Nothing may be added after it.
  Result<ValueDirectory> finish();

 private:
  Result<void> flush(std::size_t lane);

  std::string* value_;
  int level_;
  struct OpenFrame {
    std::string raw;
    std::vector<std::size_t> cuts;  ///< where a large part begins or ends
  };
  std::array<OpenFrame, kLanes> open_;
  ValueDirectory directory_;
};

/// Gives the parts of one value in order, frame by frame, after verifying each frame.
/// Ownership: directory and value must outlive it; readers given are valid until the next call.
class FrameReader {
 public:
  /// Errors: kDataLoss when the frames do not fill the value exactly or take more than `raw_limit`.
  static Result<FrameReader> open(std::string_view name, const ValueDirectory& directory,
                                  std::string_view value, std::uint64_t raw_limit);
  bool done() const { return part_ == directory_->parts.size(); }
  /// The next part; there must be one.
  Result<const PartEntry*> next(LaneReaders& readers);
  /// Errors: kDataLoss when parts or frames are left over.
  Result<void> finish() const;

 private:
  struct LaneState {
    std::size_t next = 0;  ///< index from which on to look for a frame of this lane
    std::string expanded;
    std::string_view left;
  };
  Result<void> next_frame(std::size_t lane);
  Error broken(std::string_view what) const;

  std::string name_;
  const ValueDirectory* directory_ = nullptr;
  std::string_view value_;
  std::vector<std::uint64_t> begins_;
  std::array<LaneState, kLanes> lanes_;
  std::size_t part_ = 0;
};

}  // namespace duramen::store
