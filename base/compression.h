#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace duramen {

/// Appends one zstd frame with `bytes` to `out`. Levels 1..19. Contexts are kept per thread.
/// Errors: kInternal (out of memory in zstd).
Result<void> zstd_append(std::string& out, std::string_view bytes, int level);

/// As zstd_append, and begins a new block of the frame at each of `cuts` (rising offsets into
/// `bytes`): parts with different statistics get entropy tables of their own. Any reader of zstd
/// frames reads it.
Result<void> zstd_append(std::string& out, std::string_view bytes,
                         std::span<const std::size_t> cuts, int level);

/// Appends the content of one zstd frame whose size is known beforehand.
/// Errors: kDataLoss when the frame is damaged or does not hold exactly `size` bytes.
Result<void> zstd_expand(std::string& out, std::string_view frame, std::size_t size);

enum class ContentCoding { kIdentity, kGzip, kZstd };

/// Unpacks a whole request body (gzip may have several members, zstd several frames).
/// Errors: kInvalidArgument for damaged or truncated input (says at which input byte),
/// kOutOfRange when the content would exceed `limit` bytes; stops there, so a bomb costs at most
/// `limit`.
Result<std::string> decode_body(std::string_view body, ContentCoding coding, std::size_t limit);

/// Packs a whole body, for clients and for answers.
Result<std::string> encode_body(std::string_view body, ContentCoding coding, int level);

}  // namespace duramen
