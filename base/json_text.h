#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace duramen {

/// True when `text` is UTF-8 as RFC 3629 defines it (no surrogates, no overlong forms).
bool is_utf8(std::string_view text) noexcept;

/// Appends `text` as a JSON string with its quotes. `text` must be UTF-8; control characters, `"`
/// and `\` are escaped, nothing else.
void append_json_string(std::string& out, std::string_view text);

/// The same for bytes that may not be UTF-8: each bad byte becomes U+FFFD.
void append_json_string_lossy(std::string& out, std::string_view text);

/// False when arrays and objects in `json` nest deeper than `most`. Only looks at brackets outside
/// strings: what a parser reads of the text nests no deeper. Iterative, as a parser that copies or
/// writes by recursion is not: ask before it touches what a stranger sent.
bool json_depth_within(std::string_view json, std::size_t most) noexcept;

std::string to_base64(std::string_view bytes);
/// Appends the decoded bytes; false when `text` is not base64 (standard alphabet, padding
/// required).
bool from_base64(std::string_view text, std::string& out);

}  // namespace duramen
