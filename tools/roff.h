#pragma once

#include <string>
#include <string_view>

namespace duramen::tools {

/// Text as man(7) shows it: nothing in it is taken for a request or an escape, and what looks like
/// a hyphen can be copied as one. Pure.
std::string roff_text(std::string_view text);

/// The same of a sentence in Markdown: what stands in `backquotes` is bold. Pure.
std::string roff_of_markdown(std::string_view markdown);

/// The first lines of a page: title, and what the name stands for. Pure.
std::string roff_title(std::string_view name, int section, std::string_view about);

}  // namespace duramen::tools
