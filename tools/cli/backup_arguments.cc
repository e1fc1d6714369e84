#include "tools/cli/backup_arguments.h"

#include "tools/settings.h"

namespace duramen::cli {
namespace {

constexpr const char* kBackupFooter =
    R"(Every row that was acknowledged before it began is in it. It is written to DIR.partial, checked
file by file, and gets its name when it is whole.

Examples:
  duramen backup /backup/logs-$(date +%F)
  duramen verify --data-dir /backup/logs-2026-11-21)";

constexpr const char* kRestoreFooter =
    R"(The data directory is empty or not there, and no daemon has it open. Every file is checked while it
is copied; a restore that broke off leaves nothing that a daemon would open.

Examples:
  duramen restore --from /backup/logs-2026-11-21 --data-dir /var/lib/duramen
  duramen restore --from http://other-host:5647 --data-dir ./copy)";

}  // namespace

void add_backup_commands(CLI::App& app, BackupCommand& backup, RestoreCommand& restore) {
  CLI::App& copy = *app.add_subcommand("backup", "Copy everything of a running daemon");
  copy.add_option("DIR", backup.directory, "A directory that is not there yet, or empty")
      ->required()
      ->type_name("");
  copy.footer(kBackupFooter);
  CLI::App& back = *app.add_subcommand("restore", "Put a backup into an empty data directory");
  back.add_option("--from", restore.from, "A backup directory, a tar, or a daemon's URL")
      ->required()
      ->type_name("DIR|FILE|URL");
  back.add_option("--data-dir", restore.data_dir,
                  "The data directory [DURAMEN_DATA_DIR]; without it, where duramend looks")
      ->type_name("DIR");
  back.footer(kRestoreFooter);
}

Result<void> find_data_dir(RestoreCommand& restore, const Environment& environment) {
  if (!restore.data_dir.empty()) return {};
  restore.data_dir = environment("DURAMEN_DATA_DIR");
  if (!restore.data_dir.empty()) return {};
  DURAMEN_TRY(restore.data_dir, tools::default_data_dir([&](const std::string& name) {
                std::string value = environment(name.c_str());
                return value.empty() ? std::nullopt : std::optional(std::move(value));
              }));
  return {};
}

}  // namespace duramen::cli
