#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "api/http.h"

namespace duramen::api {

struct HeadOptions {
  bool http10 = false;
  bool keep_alive = true;
  bool chunked = false;
  std::optional<std::uint64_t> content_length;
};

/// Status line and headers with the empty line: `response`'s own headers, then Date, Content-Length
/// or Transfer-Encoding, Connection.
std::string response_head(const Response& response, const HeadOptions& options, std::time_t now);

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
std::string http_date(std::time_t time);

/// `5e1\r\n`: the line before the bytes of a chunk.
std::string chunk_size_line(std::size_t bytes);

}  // namespace duramen::api
