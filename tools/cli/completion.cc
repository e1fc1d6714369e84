#include "tools/cli/completion.h"

#include <iterator>
#include <numeric>

#include "tools/cli/context.h"

namespace duramen::cli {
namespace {

std::string joined(const std::vector<std::string>& words, const std::string& between) {
  if (words.empty()) return {};
  return std::accumulate(
      std::next(words.begin()), words.end(), words.front(),
      [&](std::string a, const std::string& b) { return std::move(a) + between + b; });
}

/// For a shell, in single quotes.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

std::vector<std::string> names_of(const std::vector<CommandText>& commands) {
  std::vector<std::string> out;
  for (const CommandText& command : commands) out.push_back(command.name);
  return out;
}

std::vector<std::string> flags_of(const CommandText& command) {
  std::vector<std::string> out;
  for (const OptionText& option : command.options) {
    out.insert(out.end(), option.flags.begin(), option.flags.end());
  }
  return out;
}

bool can_be_completed(const OptionText& option) {
  return option.takes_file() || option.takes_directory() || !option.choices.empty();
}

/// The argument of a command, when it has one that can be completed.
const OptionText* argument_of(const CommandText& command) {
  if (command.positionals.empty()) return nullptr;
  const OptionText& first = command.positionals.front();
  return can_be_completed(first) ? &first : nullptr;
}

// ---- bash

/// What fills COMPREPLY with values of an option or argument.
std::string bash_values(const OptionText& option) {
  if (option.takes_file()) return "COMPREPLY=($(compgen -f -- \"$word\"))";
  if (option.takes_directory()) return "COMPREPLY=($(compgen -d -- \"$word\"))";
  return "COMPREPLY=($(compgen -W '" + joined(option.choices, " ") + "' -- \"$word\"))";
}

std::string bash_values_of_options(const CommandText& command) {
  std::string out;
  std::vector<std::string> free;
  for (const OptionText& option : command.options) {
    if (!option.takes_value()) continue;
    if (can_be_completed(option)) {
      out += "    " + joined(option.flags, "|") + ") " + bash_values(option) + "; return ;;\n";
    } else {
      free.insert(free.end(), option.flags.begin(), option.flags.end());
    }
  }
  return free.empty() ? out : out + "    " + joined(free, "|") + ") return ;;\n";
}

std::string bash_values_by_command(const ProgramText& program) {
  std::string out;
  for (const CommandText& command : program.commands) {
    const std::string options = bash_values_of_options(command);
    if (options.empty()) continue;
    out += "  " + command.name + ") case $before in\n" + options + "    esac ;;\n";
  }
  return out;
}

std::string bash_flags_with_values(const CommandText& command) {
  std::vector<std::string> out;
  for (const OptionText& option : command.options) {
    if (option.takes_value()) out.insert(out.end(), option.flags.begin(), option.flags.end());
  }
  return joined(out, "|");
}

std::string bash_script(const ProgramText& program) {
  std::string out =
      R"(# bash completion for duramen; load it with: source <(duramen completion bash)
_duramen() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command='' flags i
  COMPREPLY=()
  # bash takes the = of --order=asc for a word.
  if [[ $word == = ]]; then word=''; elif [[ $before == = ]]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case ${COMP_WORDS[i]} in
)";
  out += "    " + bash_flags_with_values(program.whole) + ") ((++i)) ;;\n";
  out += "    -*|=) ;;\n    *) command=${COMP_WORDS[i]}; break ;;\n    esac\n  done\n";
  out += "  case $before in\n" + bash_values_of_options(program.whole) + "  esac\n";
  out += "  case $command in\n" + bash_values_by_command(program) + "  esac\n";
  const std::string all = joined(flags_of(program.whole), " ");
  out += "  flags='" + all + "'\n  case $command in\n";
  for (const CommandText& command : program.commands) {
    out += "  " + command.name + ") flags+=' " + joined(flags_of(command), " ") + "' ;;\n";
  }
  out +=
      "  esac\n  if [[ $word == -* ]]; then\n    COMPREPLY=($(compgen -W \"$flags\" -- "
      "\"$word\"))\n"
      "    return\n  fi\n  case $command in\n";
  out += "  '') COMPREPLY=($(compgen -W '" + joined(names_of(program.commands), " ") +
         "' -- \"$word\")) ;;\n";
  for (const CommandText& command : program.commands) {
    const OptionText* argument = argument_of(command);
    if (argument != nullptr) out += "  " + command.name + ") " + bash_values(*argument) + " ;;\n";
  }
  return out + "  esac\n}\ncomplete -F _duramen duramen\n";
}

// ---- zsh

/// In a specification for _arguments.
std::string zsh_escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

/// `:DURATION:` and what completes it.
std::string zsh_values(const OptionText& option) {
  if (!option.takes_value()) return {};
  std::string out = ":" + zsh_escaped(option.value) + ":";
  if (option.takes_file()) return out + "_files";
  if (option.takes_directory()) return out + "_files -/";
  if (!option.choices.empty()) return out + "(" + joined(option.choices, " ") + ")";
  return out + " ";
}

std::string zsh_option(const OptionText& option) {
  const std::string rest = "[" + zsh_escaped(option.help) + "]" + zsh_values(option);
  std::string out;
  for (const std::string& flag : option.flags) {
    // Both -oVALUE and -o VALUE; --name=VALUE and --name VALUE.
    const char* joint = !option.takes_value() ? "" : flag.starts_with("--") ? "=" : "+";
    out += "    " + quoted("*" + flag + joint + rest) + " \\\n";
  }
  return out;
}

std::string zsh_command(const CommandText& command) {
  std::string out = "  " + command.name + ")\n    _arguments \\\n";
  for (const OptionText& option : command.options) out += zsh_option(option);
  for (const OptionText& positional : command.positionals) {
    out += "    " + quoted("*" + zsh_values(positional)) + " \\\n";
  }
  return out + "    \"${all[@]}\" ;;\n";
}

std::string zsh_script(const ProgramText& program) {
  std::string out =
      "#compdef duramen\n"
      "# zsh completion for duramen; put it as _duramen into a directory of $fpath.\n"
      "_duramen() {\n  local curcontext=\"$curcontext\" state line\n  local -a all commands\n  "
      "all=(\n";
  for (const OptionText& option : program.whole.options) {
    std::string lines = zsh_option(option);
    for (std::size_t at = lines.find(" \\\n"); at != std::string::npos; at = lines.find(" \\\n")) {
      lines.erase(at, 2);
    }
    out += lines;
  }
  out += "  )\n  commands=(\n";
  for (const CommandText& command : program.commands) {
    out += "    " + quoted(command.name + ":" + zsh_escaped(command.help)) + "\n";
  }
  out +=
      "  )\n  _arguments -C \"${all[@]}\" '1: :->command' '*:: :->rest'\n"
      "  case $state in\n  command) _describe command commands; return ;;\n  esac\n"
      "  case $words[1] in\n";
  for (const CommandText& command : program.commands) out += zsh_command(command);
  return out +
         "  esac\n}\nif [ \"$funcstack[1]\" = _duramen ]; then _duramen \"$@\"; else compdef "
         "_duramen duramen; fi\n";
}

// ---- fish

std::string fish_option(const OptionText& option, const std::string& condition) {
  std::string out = "complete -c duramen" + condition;
  for (const std::string& flag : option.flags) {
    out += flag.starts_with("--") ? " -l " + flag.substr(2) : " -s " + flag.substr(1);
  }
  if (option.takes_file()) out += " -rF";
  if (option.takes_directory()) out += " -xa '(__fish_complete_directories)'";
  if (!option.takes_file() && !option.takes_directory() && option.takes_value()) out += " -x";
  if (!option.choices.empty()) out += " -a " + quoted(joined(option.choices, " "));
  return out + " -d " + quoted(option.help) + "\n";
}

std::string fish_script(const ProgramText& program) {
  std::string out =
      "# fish completion for duramen; put it as duramen.fish into ~/.config/fish/completions.\n"
      "complete -c duramen -f\n";
  for (const OptionText& option : program.whole.options) out += fish_option(option, "");
  for (const CommandText& command : program.commands) {
    out += "complete -c duramen -n __fish_use_subcommand -a " + command.name + " -d " +
           quoted(command.help) + "\n";
    const std::string seen = " -n '__fish_seen_subcommand_from " + command.name + "'";
    for (const OptionText& option : command.options) out += fish_option(option, seen);
    const OptionText* argument = argument_of(command);
    if (argument == nullptr) continue;
    if (argument->takes_file()) out += "complete -c duramen" + seen + " -F\n";
    if (!argument->choices.empty()) {
      out += "complete -c duramen" + seen + " -a " + quoted(joined(argument->choices, " ")) + "\n";
    }
  }
  return out;
}

}  // namespace

std::string completion_script(const ProgramText& program, Shell shell) {
  switch (shell) {
    case Shell::kBash:
      return bash_script(program);
    case Shell::kZsh:
      return zsh_script(program);
    case Shell::kFish:
      break;
  }
  return fish_script(program);
}

Result<int> run_completion(const Context& context, const CompletionCommand& command) {
  DURAMEN_TRY_VOID(context.out.write(completion_script(describe_program(), command.shell)));
  DURAMEN_TRY_VOID(context.out.flush());
  return kExitOk;
}

}  // namespace duramen::cli
