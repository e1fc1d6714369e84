#include "tools/roff.h"

#include <algorithm>

#include "tools/version.h"

namespace duramen::tools {
namespace {

constexpr std::string_view kEllipsis = "\u2026";

/// What a byte of text is in roff; empty: itself.
std::string_view escape_of(char c) {
  switch (c) {
    case '\\':
      return "\\e";
    case '-':  // one that can be copied
      return "\\-";
    case '\'':
      return "\\(aq";
    case '^':
      return "\\(ha";
    case '~':
      return "\\(ti";
    case '`':
      return "\\(ga";
    default:
      return {};
  }
}

}  // namespace

std::string roff_text(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool line_begins = at == 0 || text[at - 1] == '\n';
    if (line_begins && (c == '.' || c == '\'')) out += "\\&";
    if (text.substr(at).starts_with(kEllipsis)) {
      out += "\\&...";
      at += kEllipsis.size() - 1;
    } else if (const auto escape = escape_of(c); !escape.empty()) {
      out += escape;
    } else {
      out += c;
    }
  }
  return out;
}

std::string roff_of_markdown(std::string_view markdown) {
  std::string out;
  bool bold = false;
  while (true) {
    const std::size_t end = std::min(markdown.find('`'), markdown.size());
    out += roff_text(markdown.substr(0, end));
    if (end == markdown.size()) break;
    bold = !bold;
    out += bold ? "\\fB" : "\\fR";
    markdown.remove_prefix(end + 1);
  }
  return bold ? out + "\\fR" : out;
}

std::string roff_title(std::string_view name, int section, std::string_view about) {
  std::string upper(name);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  const std::string manual = section == 8 ? "System Administration" : "User Commands";
  return ".TH " + roff_text(upper) + " " + std::to_string(section) + " \"\" \"Duramen " +
         std::string(kVersion) + "\" \"" + manual + "\"\n.SH NAME\n" + roff_text(name) + " \\- " +
         roff_text(about) + "\n";
}

}  // namespace duramen::tools
