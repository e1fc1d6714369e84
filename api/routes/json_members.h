#pragma once

#include <cstddef>
#include <string_view>

namespace duramen::api {

/// Where the name or value that begins at `at` ends; the size of `json` when it has no end.
std::size_t end_of_json_value(std::string_view json, std::size_t at);

/// Calls `take` with each name (in its quotes) and value of an object that has no space around
/// them, such as a row of the query engine. False when `json` is none. Iterative, whatever the
/// values are.
template <class Take>
bool for_each_member(std::string_view json, Take&& take) {
  if (json.substr(0, 1) != "{") return false;
  if (json == "{}") return true;
  for (std::size_t at = 1;;) {
    const std::size_t colon = end_of_json_value(json, at);
    if (colon == json.size() || json[colon] != ':') return false;
    const std::size_t end = end_of_json_value(json, colon + 1);
    if (end == json.size()) return false;
    take(json.substr(at, colon - at), json.substr(colon + 1, end - colon - 1));
    if (json[end] != ',') return json[end] == '}' && end + 1 == json.size();
    at = end + 1;
  }
}

}  // namespace duramen::api
