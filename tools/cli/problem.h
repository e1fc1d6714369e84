#pragma once

#include <string_view>

#include "base/result.h"
#include "tools/cli/client.h"

namespace duramen::cli {

/// What an error answer (problem+json, or whatever a proxy sent) says, as an Error whose code
/// follows the status. For a bad query (`column 17: …`) with `query` given, two more lines show the
/// query and a caret under the place.
Error problem_error(const HttpReply& reply, std::string_view query = {});

/// The same for the `{"_error":{…}}` line that ends a broken answer.
Error error_line_error(std::string_view line, std::string_view query = {});

/// `json`, or nothing when it nests deeper than an answer of ours does: what is read from it is
/// copied and written by recursion.
std::string_view shallow(std::string_view json);

/// `message`, and below it the query with a caret under `column` (from 1, in bytes), cut to fit a
/// terminal. Control characters of the query are made visible.
std::string with_caret(std::string_view message, std::string_view query, std::size_t column);

}  // namespace duramen::cli
