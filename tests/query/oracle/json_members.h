#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace duramen::query::oracle {

/// The members of one JSON object in their order, doubled ones too: name, and the value as it is
/// written. Nothing when the text is not one valid JSON object.
std::optional<std::vector<std::pair<std::string, std::string>>> json_members(std::string_view text);

/// A string literal's text.
std::string json_string(std::string_view literal);

}  // namespace duramen::query::oracle
