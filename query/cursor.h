#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "query/request.h"
#include "query/rows/row.h"

namespace duramen::query {

/// Where a page ended. Opaque to its users: base64url of the fields and a checksum.
struct Cursor {
  std::string store_id;
  model::Seq snapshot;          ///< rows above it are not of this answer
  Position last;                ///< the last row given
  std::uint64_t query = 0;      ///< hash_request of what it belongs to
  std::optional<TimeNs> start;  ///< the range of the first page
  std::optional<TimeNs> end;
  std::string
      oldest_segment;  ///< that the first page could read; retention may drop it between pages

  std::string to_text() const;
  /// Errors: kInvalidArgument: it was damaged, cut, or is of another version.
  static Result<Cursor> from_text(std::string_view text);
};

/// What must be the same for a cursor to go on: text and order.
std::uint64_t hash_request(const QueryRequest& request);

}  // namespace duramen::query
