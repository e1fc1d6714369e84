#include "tools/cli/man.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "tools/cli/context.h"
#include "tools/version.h"

namespace duramen::cli {
namespace {

constexpr const char* kExitStatus = R"(.SH EXIT STATUS
.TP
0
Done; also when the reader of a pipe has seen enough.
.TP
1
An error, one line on standard error; lines that were rejected; faults that were found.
.TP
2
Wrong usage, or a bad query.
.TP
3
No match.
)";
constexpr const char* kEnvironment = R"(.SH ENVIRONMENT
.TP
.B DURAMEN_URL
The daemon, as
.BR \-\-server .
.TP
.B DURAMEN_TOKEN
Sent as a bearer token, as
.BR \-\-token .
.TP
.B NO_COLOR
No colours, unless
.B \-\-color
says so.
)";

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

/// Text as roff shows it: no line is taken for a request.
std::string escaped(const std::string& text) {
  constexpr std::string_view kEllipsis = "\u2026";
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool line_begins = at == 0 || text[at - 1] == '\n';
    if (line_begins && (c == '.' || c == '\'')) out += "\\&";
    if (std::string_view(text).substr(at).starts_with(kEllipsis)) {
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

std::string title(const std::string& name, const std::string& help) {
  std::string upper = name;
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return ".TH " + escaped(upper) + " 1 \"\" \"Duramen " + std::string(kVersion) +
         "\" \"User Commands\"\n.SH NAME\n" + escaped(name) + " \\- " + escaped(help) + "\n";
}

std::string options_text(const std::vector<OptionText>& options) {
  std::string out;
  for (const OptionText& option : options) {
    out += ".TP\n";
    for (std::size_t i = 0; i < option.flags.size(); ++i) {
      out += (i == 0 ? "\\fB" : ", \\fB") + escaped(option.flags[i]) + "\\fR";
    }
    if (option.takes_value()) out += " \\fI" + escaped(option.value) + "\\fR";
    out += "\n" + escaped(option.help) + "\n";
  }
  return out;
}

std::string footer_text(const std::string& footer) {
  if (footer.empty()) return {};
  return ".SH NOTES\n.nf\n" + escaped(footer) + "\n.fi\n";
}

std::string page_of_program(const ProgramText& program) {
  const CommandText& whole = program.whole;
  std::string out = title(whole.name, "asks and feeds a Duramen log store");
  out +=
      ".SH SYNOPSIS\n.B duramen\n.RI [ OPTION \"]... \" COMMAND \" [\" ARGUMENT ]...\n"
      ".SH DESCRIPTION\n" +
      escaped(whole.help) + "\nEach command has a page of its own.\n.SH COMMANDS\n";
  for (const CommandText& command : program.commands) {
    out += ".TP\n.BR duramen\\-" + escaped(command.name) + " (1)\n" + escaped(command.help) + ".\n";
  }
  return out + ".SH OPTIONS\n" + options_text(whole.options) + kEnvironment + kExitStatus;
}

std::string synopsis(const CommandText& command) {
  std::string out = ".SH SYNOPSIS\n.B duramen " + command.name + "\n[\\fIOPTION\\fR]...";
  for (const OptionText& positional : command.positionals) {
    out += " \\fI" + escaped(positional.value) + "\\fR...";
  }
  return out + "\n";
}

std::string page_of(const CommandText& command) {
  std::string out = title("duramen-" + command.name, command.help) + synopsis(command);
  std::string about = escaped(command.help) + ".\n";
  for (const OptionText& positional : command.positionals) {
    about += ".TP\n.I " + escaped(positional.value) + "\n" + escaped(positional.help) + ".\n";
  }
  out += ".SH DESCRIPTION\n" + about + ".SH OPTIONS\n" + options_text(command.options) +
         ".PP\nThe options of\n.BR duramen (1)\nare good here, too.\n";
  return out + footer_text(command.footer) + ".SH SEE ALSO\n.BR duramen (1)\n";
}

Result<void> write_file(const std::filesystem::path& path, const std::string& text) {
  errno = 0;
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (file) return {};
  return Error{ErrorCode::kUnavailable,
               "cannot write " + path.string() + ": " + std::generic_category().message(errno)};
}

}  // namespace

std::vector<std::pair<std::string, std::string>> manual_pages(const ProgramText& program) {
  std::vector<std::pair<std::string, std::string>> out;
  out.emplace_back("duramen", page_of_program(program));
  for (const CommandText& command : program.commands) {
    out.emplace_back("duramen-" + command.name, page_of(command));
  }
  return out;
}

Result<int> run_man(const Context& context, const ManCommand& command) {
  const auto pages = manual_pages(describe_program());
  if (!command.directory.empty()) {
    for (const auto& [name, text] : pages) {
      DURAMEN_TRY_VOID(write_file(std::filesystem::path(command.directory) / (name + ".1"), text));
    }
    return kExitOk;
  }
  const std::string wanted = command.page.empty() ? "duramen" : "duramen-" + command.page;
  for (const auto& [name, text] : pages) {
    if (name != wanted) continue;
    DURAMEN_TRY_VOID(context.out.write(text));
    DURAMEN_TRY_VOID(context.out.flush());
    return kExitOk;
  }
  return Error{ErrorCode::kInvalidArgument,
               "there is no page for '" + command.page +
                   "'; pages are named as commands, see duramen --help"};
}

}  // namespace duramen::cli
