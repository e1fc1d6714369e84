#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace duramen::cli {

// How much room text takes on a terminal. For text that is made visible (tools/cli/render.h): UTF-8
// without control characters. Pure.

/// Columns of `text`: none for combining characters, two for wide ones (CJK, emoji).
std::size_t columns_of(std::string_view text);

/// `text`, or as much of it as fits into `columns`, whole characters. What was cut ends in `…`.
std::string cut_to_columns(std::string_view text, std::size_t columns);

/// `text` in exactly `columns`, or more when it takes more.
std::string to_the_left(std::string_view text, std::size_t columns);
std::string to_the_right(std::string_view text, std::size_t columns);

}  // namespace duramen::cli
