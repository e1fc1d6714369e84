#pragma once

#include <CLI/CLI.hpp>

#include "tools/cli/program_text.h"

namespace duramen::cli {

/// What a parser understands. Pure.
ProgramText text_of(const CLI::App& app);

}  // namespace duramen::cli
