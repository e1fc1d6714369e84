#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace duramen::cli {

using Members = std::vector<std::pair<std::string, std::string>>;

/// `"name":"value",` for each.
std::string json_members(const Members& members);

/// `object`, a JSON object and whatever follows it, without its own members of these names; the
/// others keep their bytes. False, and nothing in `out`, when there are none or the text cannot be
/// read so far: whoever gets it then says what is wrong with it.
/// Pure. Time: linear; a look for the names when none is there.
bool without_members(std::string_view object, const Members& names, std::string& out);

}  // namespace duramen::cli
