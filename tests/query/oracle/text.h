#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace duramen::query::oracle {

/// Tokens and shown bytes as docs/query.md defines them, written for this oracle alone and in the
/// plainest way.

bool is_token_byte(char c);
/// True when no token runs across the place before text[at].
bool is_border(std::string_view text, std::size_t at);
std::string lower(std::string_view text);

/// Both ignore the case of ASCII letters.
bool has_phrase(std::string_view text, std::string_view phrase);
bool has_prefix(std::string_view text, std::string_view prefix);

bool is_utf8(std::string_view text);
std::string base64(std::string_view bytes);
/// Each byte that is not part of valid UTF-8 becomes U+FFFD.
std::string with_replacements(std::string_view text);

/// RFC 3339 in UTC with nanoseconds.
std::string time_text(TimeNs time);

}  // namespace duramen::query::oracle
