#include "store/salvage/log_walk.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "store/salvage/crc32c.h"

namespace duramen::store {
namespace {

constexpr std::size_t kBlock = 32 * 1024;
constexpr std::size_t kHeader = 7;
constexpr std::uint8_t kLastType = 4;  // RocksDB knows more, for logs that are written over: ours
                                       // never are

struct Header {
  std::uint32_t crc = 0;
  std::uint16_t length = 0;
  std::uint8_t type = 0;
};

Header header_at(std::string_view log, std::size_t at) {
  Header header;
  std::memcpy(&header.crc, log.data() + at, 4);
  std::memcpy(&header.length, log.data() + at + 4, 2);
  header.type = static_cast<std::uint8_t>(log[at + 6]);
  return header;
}

/// Bytes for a payload after a header at `at`: to the end of its block or of the file.
std::size_t room_at(std::string_view log, std::size_t at) {
  const std::size_t block_end = (at / kBlock + 1) * kBlock;
  return std::min(block_end, log.size()) - at - kHeader;
}

/// The length for which the stored checksum is right, tried from nothing to all the room.
std::optional<std::size_t> fitting_length(std::string_view log, std::size_t at) {
  const Header header = header_at(log, at);
  const std::size_t room = room_at(log, at);
  Crc32c crc;
  crc.process_byte(header.type);
  for (std::size_t length = 0;; ++length) {
    if (masked(crc.checksum()) == header.crc) return length;
    if (length == room) return std::nullopt;
    crc.process_byte(static_cast<unsigned char>(log[at + kHeader + length]));
  }
}

/// The stored checksum is right for the record as it is but with this type.
bool fits_type(std::string_view log, std::size_t at, std::uint8_t type) {
  const Header header = header_at(log, at);
  if (header.length > room_at(log, at)) return false;
  Crc32c crc;
  crc.process_byte(type);
  crc.process_bytes(log.data() + at + kHeader, header.length);
  return masked(crc.checksum()) == header.crc;
}

bool is_known(std::uint8_t type) { return type != 0 && type <= kLastType; }

bool whole_piece_at(std::string_view log, std::size_t at) {
  const std::uint8_t type = header_at(log, at).type;
  return is_known(type) && fits_type(log, at, type);
}

/// Where the next whole piece begins.
std::optional<std::size_t> next_whole_piece(std::string_view log, std::size_t at) {
  for (; at + kHeader <= log.size(); ++at) {
    if (at % kBlock + kHeader > kBlock) continue;  // no header crosses a block's end
    if (whole_piece_at(log, at)) return at;
  }
  return std::nullopt;
}

bool only_zeros(std::string_view bytes) { return bytes.find_first_not_of('\0') == bytes.npos; }

}  // namespace

LogWalk::Piece LogWalk::take(std::size_t length, Type type) {
  const Piece piece{type, log_.substr(at_ + kHeader, length)};
  at_ += kHeader + length;
  end_ = at_;
  inside_record_ = type == Type::kFirst || type == Type::kMiddle;
  return piece;
}

/// The checksum of a piece covers its type and payload; with one of length and type damaged, it
/// tells what that was.
std::optional<LogWalk::Piece> LogWalk::mend() {
  const Header header = header_at(log_, at_);
  if (is_known(header.type)) {
    if (const auto length = fitting_length(log_, at_)) {
      damage_.push_back({at_, kHeader, "a complete record with a wrong length", true});
      return take(*length, static_cast<Type>(header.type));
    }
  }
  for (std::uint8_t type = 1; type <= kLastType; ++type) {
    if (!fits_type(log_, at_, type)) continue;
    damage_.push_back({at_, kHeader, "a complete record of a wrong type", true});
    return take(header.length, static_cast<Type>(type));
  }
  return std::nullopt;
}

/// To the next whole piece; false when there is none.
bool LogWalk::step_over() {
  const std::size_t begin = at_;
  if (const auto next = next_whole_piece(log_, at_ + 1)) {
    damage_.push_back({begin, *next - begin, "a record is broken and whole ones follow"});
    at_ = *next;
    return true;
  }
  at_ = log_.size();
  const bool torn = header_at(log_, begin).length > room_at(log_, begin) &&
                    begin / kBlock == (log_.size() - 1) / kBlock;
  // Zeros behind a whole record are room kept free; RocksDB does not take them in the middle of
  // one.
  if (!torn && (inside_record_ || !only_zeros(log_.substr(begin)))) {
    damage_.push_back({begin, log_.size() - begin, "the last record is broken"});
  }
  return false;
}

std::optional<LogWalk::Piece> LogWalk::next() {
  while (at_ + kHeader <= log_.size()) {
    if (at_ % kBlock + kHeader > kBlock) {
      at_ = (at_ / kBlock + 1) * kBlock;
      continue;
    }
    const Header header = header_at(log_, at_);
    if (is_known(header.type) && fits_type(log_, at_, header.type)) {
      return take(header.length, static_cast<Type>(header.type));
    }
    if (auto mended = mend()) return mended;
    if (!step_over()) break;
  }
  return std::nullopt;
}

LogContent read_log(std::string_view log) {
  LogContent content;
  LogWalk walk(log);
  std::optional<std::string> open;
  std::size_t gaps = 0;
  while (const auto piece = walk.next()) {
    const auto lost = static_cast<std::size_t>(
        std::count_if(walk.damage().begin(), walk.damage().end(),
                      [](const LogDamage& damage) { return !damage.mended; }));
    if (lost != gaps) open.reset();  // the pieces on both sides are not of one record
    gaps = lost;
    using Type = LogWalk::Type;
    if (piece->type == Type::kFull || piece->type == Type::kFirst) {
      open = std::string(piece->payload);
    } else if (open) {
      open->append(piece->payload);
    }
    if (open && (piece->type == Type::kFull || piece->type == Type::kLast)) {
      content.records.push_back(*std::exchange(open, std::nullopt));
      content.end = walk.end();
    }
  }
  content.damage = walk.damage();
  return content;
}

void append_log_record(std::string& log, std::string_view record) {
  bool is_first = true;
  do {
    const std::size_t left = kBlock - log.size() % kBlock;
    if (left < kHeader) {
      log.append(left, '\0');
      continue;
    }
    const std::string_view payload = record.substr(0, left - kHeader);
    record.remove_prefix(payload.size());
    const bool is_last = record.empty();
    using Type = LogWalk::Type;
    const Type type =
        is_first ? (is_last ? Type::kFull : Type::kFirst) : (is_last ? Type::kLast : Type::kMiddle);
    Crc32c crc;
    crc.process_byte(static_cast<unsigned char>(type));
    crc.process_bytes(payload.data(), payload.size());
    ByteWriter out(log);
    out.u32(masked(crc.checksum()));
    out.u16(static_cast<std::uint16_t>(payload.size()));
    out.u8(static_cast<std::uint8_t>(type));
    out.raw(payload);
    is_first = false;
  } while (is_first || !record.empty());
}

}  // namespace duramen::store
