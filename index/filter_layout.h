#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

// Where the bits of a filter file are: docs/format/index.md, "Filter". Pure; any thread.

namespace duramen::index {

inline constexpr std::size_t kMaxPartBlocks = 1024;
inline constexpr std::uint8_t kSizeClasses = 41;

/// Rows of the filters of a size class: 64 to 64 * 2^20, half a power of two apart.
std::uint32_t class_rows(std::uint8_t size_class);
/// For a block with these hashes; `bytes_limit` 0 is none.
std::uint8_t size_class_of(const std::vector<std::uint64_t>& hashes, std::uint64_t bytes_limit);

/// The rows that a hash takes among `rows`.
struct HashRows {
  std::array<std::uint32_t, 7> row{};
  std::size_t count = 0;
};
HashRows hash_rows(std::uint64_t hash, std::uint32_t rows);

/// The blocks of one size class: a matrix of bits, a row for each place of a hash, a column for
/// each block.
struct FilterGroup {
  std::uint8_t size_class = 0;
  std::vector<std::uint16_t> columns;  ///< places of the blocks in the part
  std::uint64_t offset = 0;            ///< of its first page in the file

  std::uint32_t rows() const { return class_rows(size_class); }
  std::uint32_t rows_in_page() const;
  std::uint32_t pages() const { return (rows() + rows_in_page() - 1) / rows_in_page(); }
  std::uint64_t bytes() const;
  /// The last page may have fewer.
  std::uint32_t rows_of_page(std::uint32_t page) const;
  /// With the checksum.
  std::size_t page_bytes(std::uint32_t page) const;
  /// Of a row in its page.
  std::size_t bit_of(std::uint32_t row) const { return row % rows_in_page() * columns.size(); }
  std::uint64_t page_offset(std::uint32_t page) const;
};

struct FilterHead {
  std::size_t blocks = 0;
  std::vector<FilterGroup> groups;  ///< ascending by size class

  std::uint64_t file_bytes() const;
};

/// Sets the groups' offsets, too.
std::string encode_filter_head(FilterHead& head);
/// From the beginning of the file, which may go on behind the head.
/// Errors: kDataLoss, kUnimplemented (a newer version).
Result<FilterHead> decode_filter_head(std::string_view bytes, std::size_t blocks);
/// At most this long.
std::size_t max_filter_head(std::size_t blocks);

/// A page ends with the checksum of what is before.
inline constexpr std::size_t kPageSum = 8;
Result<void> check_page(std::string_view page);

}  // namespace duramen::index
