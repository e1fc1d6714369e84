#pragma once

#include <cstddef>
#include <string_view>

namespace duramen::store {

// Looks for values in parts of columns as they are encoded (docs/format/block.md, "Encodings of a
// part"). Pure. What is looked for is in lower case.

/// True when `text` begins with `folded`, ignoring the case of ASCII letters.
bool begins_folded(std::string_view text, std::string_view folded);

inline constexpr std::size_t kUuidText = 36;
inline constexpr std::size_t kUuidBytes = 16;
/// Whether one of the UUIDs, of 16 bytes each, is this one.
bool has_uuid(std::string_view packed, std::string_view text);
/// Whether one of the UUIDs has this as one of its five groups.
bool has_uuid_group(std::string_view packed, std::string_view group);
/// Whether one of the numbers, of as many hexadecimal digits each, may be this one. For an odd
/// number of digits it says yes to all: then every other one begins within a byte.
bool has_hex_number(std::string_view packed, std::string_view digits);

}  // namespace duramen::store
