#include "store/wal_check.h"

#include <algorithm>
#include <boost/crc.hpp>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

namespace duramen::store {
namespace {

constexpr std::size_t kBlock = 32 * 1024;
constexpr std::size_t kHeader = 7;
constexpr std::uint8_t kLastType = 4;  // full, first, middle, last; 0 is padding. RocksDB knows
                                       // more, for logs that are written over: ours never are

using Crc32c = boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true>;

std::uint32_t masked(std::uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8U; }

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

bool whole_record_at(std::string_view log, std::size_t at) {
  const std::uint8_t type = header_at(log, at).type;
  return type != 0 && type <= kLastType && fits_type(log, at, type);
}

/// `at` is where the first record begins that does not fit.
Result<void> judge_tail(std::string_view log, std::size_t at) {
  const auto damaged = [&](std::string_view what) {
    return Error{ErrorCode::kDataLoss, "write-ahead log damaged at byte " + std::to_string(at) +
                                           ": " + std::string(what)};
  };
  if (fitting_length(log, at)) return damaged("a complete record with a wrong length");
  for (std::uint8_t type = 1; type <= kLastType; ++type) {
    if (fits_type(log, at, type)) return damaged("a complete record of a wrong type");
  }
  for (std::size_t next = at + 1; next + kHeader <= log.size(); ++next) {
    if (next % kBlock + kHeader > kBlock) continue;  // no header crosses a block's end
    if (whole_record_at(log, next)) return damaged("a record is broken and whole ones follow");
  }
  return {};
}

}  // namespace

Result<void> check_wal_tail(std::string_view log) {
  std::size_t at = 0;
  while (at + kHeader <= log.size()) {
    if (at % kBlock + kHeader > kBlock) {
      at = (at / kBlock + 1) * kBlock;
      continue;
    }
    const Header header = header_at(log, at);
    if (header.type > kLastType || header.length > room_at(log, at)) return judge_tail(log, at);
    if (header.type == 0 && header.length == 0) return {};  // preallocated
    at += kHeader + header.length;
  }
  return {};
}

Result<void> check_wals(const std::string& directory) {
  std::error_code error;
  for (auto it = std::filesystem::directory_iterator(directory, error);
       !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
    if (it->path().extension() != ".log") continue;
    std::ifstream file(it->path(), std::ios::binary);
    std::ostringstream bytes;
    bytes << file.rdbuf();
    const std::string log = std::move(bytes).str();
    if (auto checked = check_wal_tail(log); !checked) {
      return std::move(checked).error().with(it->path().string());
    }
  }
  return {};
}

}  // namespace duramen::store
