#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tools/cli/program_text.h"

namespace duramen::cli {

/// Manual pages of the program and of each command, as name (`duramen-query`) and roff text for
/// section 1 (man(7)). Pure.
std::vector<std::pair<std::string, std::string>> manual_pages(const ProgramText& program);

}  // namespace duramen::cli
