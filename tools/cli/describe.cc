#include "tools/cli/describe.h"

#include <algorithm>

namespace duramen::cli {
namespace {

/// Of `auto|now|FORMAT`: what is to be written as it stands.
std::vector<std::string> choices_in(const std::string& value) {
  std::vector<std::string> out;
  if (value.find('|') == std::string::npos) return out;
  for (const std::string& choice : CLI::detail::split(value, '|')) {
    const bool is_word =
        std::all_of(choice.begin(), choice.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    if (is_word) out.push_back(choice);
  }
  return out;
}

OptionText text_of(const CLI::Option& option) {
  OptionText out;
  for (const std::string& name : option.get_snames()) out.flags.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) out.flags.push_back("--" + name);
  const bool is_flag = option.get_items_expected_max() == 0;
  if (!is_flag) out.value = option.get_type_name();
  if (option.get_positional()) out.value = option.get_name(true);
  out.choices = choices_in(option.get_type_name());
  out.help = option.get_description();
  return out;
}

CommandText command_text(const CLI::App& app) {
  CommandText out;
  out.name = app.get_name();
  out.help = app.get_description();
  out.footer = app.get_footer();
  for (const CLI::Option* option : app.get_options()) {
    auto& into = option->get_positional() ? out.positionals : out.options;
    into.push_back(text_of(*option));
  }
  return out;
}

}  // namespace

ProgramText text_of(const CLI::App& app) {
  ProgramText out{command_text(app), {}};
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    out.commands.push_back(command_text(*command));
  }
  return out;
}

}  // namespace duramen::cli
