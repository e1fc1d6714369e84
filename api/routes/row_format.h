#pragma once

#include <string_view>

#include "api/http.h"
#include "api/routes/query_call.h"

namespace duramen::api {

struct RowFormat {
  std::string_view content_type;
  LineFormat line;
};

/// How the client likes rows: as JSON, or as `_time _msg` lines for eyes.
RowFormat row_format(const Request& request);

}  // namespace duramen::api
