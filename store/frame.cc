#include "store/frame.h"

#include "base/checksum.h"
#include "base/compression.h"

namespace duramen::store {
namespace {

constexpr std::uint8_t kEncodingBits = 0x0f;
constexpr std::uint8_t kFirstSizeFlag = 0x10;
constexpr std::uint8_t kMoreParts = 0x80;
constexpr std::size_t kMinFrameEntry = 12;
constexpr std::size_t kTryZstdFrom = 32;     // smaller frames are stored
constexpr std::size_t kWorthwhile = 64;      // zstd must save one byte of so many
constexpr std::size_t kOwnBlockFrom = 2048;  // a part of so many bytes gets blocks of its own

void cut(std::vector<std::size_t>& cuts, std::size_t at) {
  if (at != 0 && (cuts.empty() || cuts.back() != at)) cuts.push_back(at);
}

}  // namespace

void ValueDirectory::write(std::string& out) const {
  ByteWriter writer(out);
  writer.varint(frames.size());
  for (const FrameEntry& f : frames) {
    writer.u8(static_cast<std::uint8_t>(f.lane));
    writer.u8(f.compressed ? 1 : 0);
    writer.varint(f.raw_size);
    writer.varint(f.stored_size);
    writer.u64(f.checksum);
  }
  writer.varint(parts.size());
  for (const PartEntry& p : parts) {
    auto control = static_cast<std::uint8_t>(p.encoding);
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      if (p.sizes[lane] != 0) control |= static_cast<std::uint8_t>(kFirstSizeFlag << lane);
    }
    if (!p.last) control |= kMoreParts;
    writer.u8(control);
    if (!p.last) writer.varint(p.values);
    for (const std::uint64_t size : p.sizes) {
      if (size != 0) writer.varint(size);
    }
  }
}

bool ValueDirectory::read(ByteReader& in, ValueDirectory& out) {
  out.frames.resize(in.count(kMinFrameEntry));
  for (FrameEntry& f : out.frames) {
    const std::uint8_t lane = in.u8();
    const std::uint8_t method = in.u8();
    f.raw_size = in.varint();
    f.stored_size = in.varint();
    f.checksum = in.u64();
    if (lane >= kLanes || method > 1) return false;
    f.lane = static_cast<Lane>(lane);
    f.compressed = method == 1;
    if (!f.compressed && f.raw_size != f.stored_size) return false;
  }
  out.parts.resize(in.count(1));
  for (PartEntry& p : out.parts) {
    const std::uint8_t control = in.u8();
    if ((control & kEncodingBits) > kLastEncoding) return false;
    p.encoding = static_cast<Encoding>(control & kEncodingBits);
    p.last = (control & kMoreParts) == 0;
    if (!p.last) p.values = in.varint();
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      if ((control & (kFirstSizeFlag << lane)) != 0) p.sizes[lane] = in.varint();
    }
  }
  return in.ok();
}

Result<void> FrameWriter::flush(std::size_t lane) {
  std::string& raw = open_[lane].raw;
  if (raw.empty()) return {};
  auto& cuts = open_[lane].cuts;
  if (!cuts.empty() && cuts.back() == raw.size()) cuts.pop_back();
  FrameEntry entry;
  entry.lane = static_cast<Lane>(lane);
  entry.raw_size = raw.size();
  const std::size_t begin = value_->size();
  if (raw.size() >= kTryZstdFrom) {
    DURAMEN_TRY_VOID(zstd_append(*value_, raw, cuts, level_));
    entry.compressed = value_->size() - begin <= raw.size() - raw.size() / kWorthwhile;
    if (!entry.compressed) value_->resize(begin);
  }
  if (!entry.compressed) value_->append(raw);
  entry.stored_size = value_->size() - begin;
  entry.checksum = checksum64(std::string_view(*value_).substr(begin));
  directory_.frames.push_back(entry);
  raw.clear();
  cuts.clear();
  return {};
}

Result<void> FrameWriter::add(PartEntry part, const LaneBytes& bytes) {
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    const std::string& from = bytes.lanes[lane];
    part.sizes[lane] = from.size();
    OpenFrame& open = open_[lane];
    if (open.raw.size() + from.size() > kFrameRaw[lane]) DURAMEN_TRY_VOID(flush(lane));
    const bool large = from.size() >= kOwnBlockFrom;
    if (large) cut(open.cuts, open.raw.size());
    open.raw.append(from);
    if (large) cut(open.cuts, open.raw.size());
  }
  directory_.parts.push_back(part);
  return {};
}

Result<ValueDirectory> FrameWriter::finish() {
  for (std::size_t lane = 0; lane < kLanes; ++lane) DURAMEN_TRY_VOID(flush(lane));
  return std::move(directory_);
}

Result<void> verify_and_expand(const FrameEntry& entry, std::string_view stored,
                               std::string& expanded) {
  if (checksum64(stored) != entry.checksum) {
    return Error{ErrorCode::kDataLoss, "checksum mismatch"};
  }
  if (!entry.compressed) return {};
  expanded.clear();
  return zstd_expand(expanded, stored, entry.raw_size);
}

Error FrameReader::broken(std::string_view what) const {
  return {ErrorCode::kDataLoss, "block " + name_ + ": " + std::string(what)};
}

Result<FrameReader> FrameReader::open(std::string_view name, const ValueDirectory& directory,
                                      std::string_view value, std::uint64_t raw_limit) {
  FrameReader reader;
  reader.name_ = name;
  reader.directory_ = &directory;
  reader.value_ = value;
  std::uint64_t at = 0;
  for (const FrameEntry& f : directory.frames) {
    reader.begins_.push_back(at);
    if (f.stored_size > value.size() - at) return reader.broken("is shorter than its frames");
    if (f.raw_size > raw_limit) return reader.broken("its frames are larger than its rows allow");
    at += f.stored_size;
    raw_limit -= f.raw_size;
  }
  if (at != value.size()) return reader.broken("is longer than its frames");
  return reader;
}

Result<void> FrameReader::next_frame(std::size_t lane) {
  LaneState& open = lanes_[lane];
  const auto& frames = directory_->frames;
  while (open.next < frames.size() && static_cast<std::size_t>(frames[open.next].lane) != lane) {
    ++open.next;
  }
  if (open.next == frames.size()) return broken("has fewer frames than its columns need");
  const std::size_t index = open.next++;
  const FrameEntry& frame = frames[index];
  const std::string_view stored = value_.substr(begins_[index], frame.stored_size);
  if (auto done = verify_and_expand(frame, stored, open.expanded); !done) {
    return broken("frame " + std::to_string(index) + ": " + done.error().message);
  }
  open.left = frame.compressed ? std::string_view(open.expanded) : stored;
  return {};
}

Result<const PartEntry*> FrameReader::next(LaneReaders& readers) {
  if (done()) return broken("has fewer columns than its head says");
  const PartEntry& part = directory_->parts[part_++];
  std::array<std::string_view, kLanes> bytes;
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    const std::uint64_t size = part.sizes[lane];
    LaneState& open = lanes_[lane];
    if (size == 0) continue;
    if (open.left.empty()) DURAMEN_TRY_VOID(next_frame(lane));
    if (size > open.left.size()) return broken("a column runs over the end of its frame");
    bytes[lane] = open.left.substr(0, size);
    open.left.remove_prefix(size);
  }
  readers = {ByteReader(bytes[0]), ByteReader(bytes[1]), ByteReader(bytes[2])};
  return &part;
}

Result<void> FrameReader::finish() const {
  if (!done()) return broken("has more columns than its head says");
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    if (!lanes_[lane].left.empty()) return broken("a frame is longer than its columns");
    for (std::size_t i = lanes_[lane].next; i < directory_->frames.size(); ++i) {
      if (static_cast<std::size_t>(directory_->frames[i].lane) == lane) {
        return broken("has more frames than its columns need");
      }
    }
  }
  return {};
}

}  // namespace duramen::store
