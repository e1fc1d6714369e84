#include "tools/cli/man.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "tools/cli/context.h"
#include "tools/roff.h"

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

std::string options_text(const std::vector<OptionText>& options) {
  std::string out;
  for (const OptionText& option : options) {
    out += ".TP\n";
    for (std::size_t i = 0; i < option.flags.size(); ++i) {
      out += (i == 0 ? "\\fB" : ", \\fB") + tools::roff_text(option.flags[i]) + "\\fR";
    }
    if (option.takes_value()) out += " \\fI" + tools::roff_text(option.value) + "\\fR";
    out += "\n" + tools::roff_text(option.help) + "\n";
  }
  return out;
}

std::string footer_text(const std::string& footer) {
  if (footer.empty()) return {};
  return ".SH NOTES\n.nf\n" + tools::roff_text(footer) + "\n.fi\n";
}

std::string page_of_program(const ProgramText& program) {
  const CommandText& whole = program.whole;
  std::string out = tools::roff_title(whole.name, 1, "asks and feeds a Duramen log store");
  out +=
      ".SH SYNOPSIS\n.B duramen\n.RI [ OPTION \"]... \" COMMAND \" [\" ARGUMENT ]...\n"
      ".SH DESCRIPTION\n" +
      tools::roff_text(whole.help) + "\nEach command has a page of its own.\n.SH COMMANDS\n";
  for (const CommandText& command : program.commands) {
    out += ".TP\n.BR duramen\\-" + tools::roff_text(command.name) + " (1)\n" +
           tools::roff_text(command.help) + ".\n";
  }
  return out + ".SH OPTIONS\n" + options_text(whole.options) + kEnvironment + kExitStatus +
         ".SH SEE ALSO\n.BR duramend (8)\n";
}

std::string synopsis(const CommandText& command) {
  std::string out = ".SH SYNOPSIS\n.B duramen " + command.name + "\n[\\fIOPTION\\fR]...";
  for (const OptionText& positional : command.positionals) {
    out += " \\fI" + tools::roff_text(positional.value) + "\\fR...";
  }
  return out + "\n";
}

std::string page_of(const CommandText& command) {
  std::string out =
      tools::roff_title("duramen-" + command.name, 1, command.help) + synopsis(command);
  std::string about = tools::roff_text(command.help) + ".\n";
  for (const OptionText& positional : command.positionals) {
    about += ".TP\n.I " + tools::roff_text(positional.value) + "\n" +
             tools::roff_text(positional.help) + ".\n";
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
