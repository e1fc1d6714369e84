#pragma once

#include <string>

#include "tools/cli/arguments.h"
#include "tools/cli/program_text.h"

namespace duramen::cli {

/// A script that makes a shell complete the program's commands, options and their values. Pure.
std::string completion_script(const ProgramText& program, Shell shell);

}  // namespace duramen::cli
