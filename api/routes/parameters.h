#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/http.h"
#include "base/clock.h"
#include "base/compression.h"

namespace duramen::api {

/// What a handler gives when a request is refused: the answer. See the variants below.
template <class T>
using OrRefusal = std::variant<T, Response>;

Response bad_parameter(std::string detail);

/// Refuses a parameter that the route does not know, naming it and the known ones: a misspelt
/// `limt=` must not silently answer another question.
std::optional<Response> refuse_unknown(const Parameters& parameters,
                                       const std::vector<std::string_view>& known);

/// The values of `name`, split at commas, without empty ones.
std::vector<std::string> list_parameter(const Parameters& parameters, std::string_view name);

/// `1`, `true`, `yes`, and a bare name are true. Errors: kInvalidArgument.
Result<bool> parse_flag(std::string_view name, std::string_view text);
Result<std::uint64_t> parse_count(std::string_view name, std::string_view text);
/// The number that stands for `{name}` in the path; none for what is no number, which is then not
/// found.
std::optional<std::uint64_t> path_number(const Request& request, std::string_view name);

/// Nothing when the encoding is none of identity, gzip and zstd.
std::optional<ContentCoding> content_coding(const Request& request);
Response unsupported_encoding(const Request& request);

/// The URL's parameters and those of the body: application/x-www-form-urlencoded, or a flat
/// application/json object (an array gives a parameter more than one value). 413, 415 and 400 as
/// refusals.
OrRefusal<Parameters> all_parameters(const Request& request);

/// Index of the offered media type that the Accept header likes best; the first when it does not
/// say. RFC 9110, 12.5.1, without parameters other than q.
std::size_t preferred_type(std::string_view accept, const std::vector<std::string_view>& offered);

}  // namespace duramen::api
