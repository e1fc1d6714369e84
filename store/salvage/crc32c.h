#pragma once

#include <boost/crc.hpp>
#include <cstdint>
#include <string_view>

namespace duramen::store {

/// CRC-32C, as RocksDB uses it in all its files. Internal to store/.
using Crc32c = boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true>;

/// RocksDB stores checksums masked, so that bytes with checksums in them have other checksums
/// (https://github.com/facebook/rocksdb/blob/v7.8.3/util/crc32c.h).
inline std::uint32_t masked(std::uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8U; }

inline std::uint32_t masked_crc(std::string_view bytes) {
  Crc32c crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return masked(crc.checksum());
}

}  // namespace duramen::store
