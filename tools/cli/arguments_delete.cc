#include "tools/cli/raw_arguments.h"

namespace duramen::cli {
namespace {

constexpr const char* kFooter =
    R"(The rows that match and are stored by now disappear from all answers at one moment, and then from the
disk. The daemon goes on with it when this command ends. The filter, who asked and why are kept.

Exit codes: 0 it is done (or, with --detach, noted), 1 an error or something could not be deleted,
2 wrong usage or not confirmed, 3 no row matches.

Examples:
  duramen delete --dry-run 'app:checkout card'
  duramen delete 'app:checkout card' --start 2026-11-01 --end 2026-11-08 --reason 'ticket 17'
  duramen delete --list)";

}  // namespace

void add_delete(CLI::App& app, Raw& raw) {
  CLI::App& command = *app.add_subcommand("delete", "Delete log lines for good");
  command.add_option("QUERY", raw.delete_words, "Which: a filter without pipes; * is everything")
      ->type_name("");
  RangeOptions& range = raw.remove.range;
  command.add_option("--since", range.since, "Rows of the last 15m, 2h, 3d")->type_name("DURATION");
  command.add_option("--start", range.start, "Rows from this time on: 2026-11-21 10:00, now-1h")
      ->type_name("TIME");
  command.add_option("--end", range.end, "Rows before this time")->type_name("TIME");
  command.add_option("--reason", raw.remove.reason, "Why; kept with the deletion")
      ->type_name("TEXT");
  command.add_flag("-y,--yes", raw.remove.yes, "Do not ask");
  command.add_flag("--dry-run", raw.remove.dry_run, "Only say how many rows it would be");
  command.add_flag("--detach", raw.remove.detach, "Do not wait for its end");
  command.add_flag("--list", raw.remove.list, "Show all deletions");
  command.add_option("--follow", raw.remove.follow, "Wait for the end of this one")
      ->type_name("ID");
  command.add_option("--cancel", raw.remove.cancel, "Cancel this one, before it hides its rows")
      ->type_name("ID");
  command.footer(kFooter);
}

std::optional<EarlyExit> finish_delete(Raw& raw) {
  DeleteCommand& command = raw.remove;
  command.query = joined(raw.delete_words);
  const int others = (command.list ? 1 : 0) + (command.follow ? 1 : 0) + (command.cancel ? 1 : 0);
  if (others > 1) return usage("--list, --follow and --cancel exclude each other");
  if (others == 1 && !command.query.empty())
    return usage("--list, --follow and --cancel go without QUERY");
  if (others == 0 && command.query.empty()) return usage("QUERY is required; '*' is every row");
  if (command.dry_run && command.detach) return usage("--dry-run goes without --detach");
  return std::nullopt;
}

}  // namespace duramen::cli
