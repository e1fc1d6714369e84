#pragma once

#include <CLI/CLI.hpp>

#include "base/result.h"
#include "tools/cli/arguments.h"

namespace duramen::cli {

/// Adds `backup` and `restore`; what is parsed goes into the two, which live as long as `app`.
void add_backup_commands(CLI::App& app, BackupCommand& backup, RestoreCommand& restore);

/// Without --data-dir: DURAMEN_DATA_DIR, else where duramend puts its data.
/// Errors: kInvalidArgument (no such place).
Result<void> find_data_dir(RestoreCommand& restore, const Environment& environment);

}  // namespace duramen::cli
