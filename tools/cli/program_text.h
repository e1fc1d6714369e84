#pragma once

#include <string>
#include <vector>

namespace duramen::cli {

/// An option or a positional of a command, as its help names it. Value types, all of these.
struct OptionText {
  std::vector<std::string> flags;    ///< `-o`, `--output`; empty: a positional
  std::string value;                 ///< what it takes, as `DURATION`; empty: nothing
  std::vector<std::string> choices;  ///< values it takes, when they are few
  std::string help;

  bool takes_value() const { return !value.empty(); }
  bool takes_file() const { return value == "FILE"; }
  bool takes_directory() const { return value == "DIR"; }
};

struct CommandText {
  std::string name;
  std::string help;
  std::string footer;  ///< examples and remarks, lines as they are
  std::vector<OptionText> options;
  std::vector<OptionText> positionals;
};

/// The program as its parser knows it: what completion and manual pages are made from.
struct ProgramText {
  CommandText whole;  ///< its options are those of every command
  std::vector<CommandText> commands;
};
}  // namespace duramen::cli
