#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace duramen::cli {

using Parameters = std::vector<std::pair<std::string, std::string>>;

/// Percent-encodes everything but RFC 3986's unreserved characters.
std::string url_encoded(std::string_view text);
/// `a=b&c=d`, both sides encoded.
std::string url_parameters(const Parameters& parameters);
/// `path?a=b`, or just `path` without parameters.
std::string url_target(std::string_view path, const Parameters& parameters);

}  // namespace duramen::cli
