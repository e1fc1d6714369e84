#include <unistd.h>

#include <type_traits>

#include "tools/cli/context.h"
#include "tools/cli/zone.h"

namespace duramen::cli {
namespace {

bool wants_color(ColorChoice choice, const Output& out, const Environment& environment) {
  if (choice != ColorChoice::kAuto) return choice == ColorChoice::kAlways;
  return out.is_terminal() && environment("NO_COLOR").empty() && environment("TERM") != "dumb";
}

Result<int> dispatch(const Context& context, const Command& command) {
  return std::visit(
      [&](const auto& chosen) {
        using Chosen = std::decay_t<decltype(chosen)>;
        if constexpr (std::is_same_v<Chosen, QueryCommand>) return run_query(context, chosen);
        if constexpr (std::is_same_v<Chosen, ContextCommand>) return run_context(context, chosen);
        if constexpr (std::is_same_v<Chosen, StatsCommand>) return run_stats(context, chosen);
        if constexpr (std::is_same_v<Chosen, TailCommand>) return run_tail(context, chosen);
        if constexpr (std::is_same_v<Chosen, ImportCommand>) return run_import(context, chosen);
        if constexpr (std::is_same_v<Chosen, DeleteCommand>) return run_delete(context, chosen);
        if constexpr (std::is_same_v<Chosen, QueriesCommand>) return run_queries(context, chosen);
        if constexpr (std::is_same_v<Chosen, TopCommand>) return run_top(context, chosen);
        if constexpr (std::is_same_v<Chosen, StatusCommand>) return run_status(context);
        if constexpr (std::is_same_v<Chosen, VerifyCommand>) return run_verify(context, chosen);
        if constexpr (std::is_same_v<Chosen, SealCommand>) return run_seal(context);
        if constexpr (std::is_same_v<Chosen, BackupCommand>) return run_backup(context, chosen);
        if constexpr (std::is_same_v<Chosen, RestoreCommand>) return run_restore(context, chosen);
        if constexpr (std::is_same_v<Chosen, CompletionCommand>) {
          return run_completion(context, chosen);
        }
        if constexpr (std::is_same_v<Chosen, ManCommand>) return run_man(context, chosen);
      },
      command);
}

/// One line for people; the lines with a query and its caret stay below it.
int report(Output& err, const Error& error) {
  std::string text;
  std::string_view rest = error.message;
  while (true) {
    const std::size_t end = rest.find('\n');
    text += visible_on_one_line(rest.substr(0, end));
    if (end == std::string_view::npos) break;
    text += "\n";
    rest.remove_prefix(end + 1);
  }
  [[maybe_unused]] const auto ignored = err.line("duramen: " + text);
  return error.code == ErrorCode::kInvalidArgument ? kExitUsage : kExitError;
}

int early(Output& out, Output& err, const EarlyExit& exit) {
  [[maybe_unused]] const auto printed = exit.out.empty() ? Result<void>() : out.write(exit.out);
  [[maybe_unused]] const auto flushed = out.flush();
  if (!exit.err.empty()) {
    const bool is_help = exit.err.back() == '\n';
    [[maybe_unused]] const auto told =
        is_help ? err.write(exit.err) : err.line("duramen: " + visible_on_one_line(exit.err));
    [[maybe_unused]] const auto done = err.flush();
  }
  return exit.code;
}

}  // namespace

int run_program(const std::vector<std::string>& arguments, const Environment& environment) {
  Output out(STDOUT_FILENO);
  Output err(STDERR_FILENO);
  const auto parsed = parse_arguments(arguments, environment);
  if (const auto* exit = std::get_if<EarlyExit>(&parsed)) return early(out, err, *exit);
  const auto& [global, command] = std::get<Arguments>(parsed);
  if (const auto zone = set_zone(global.zone); !zone) return report(err, zone.error());
  const SystemClock clock;
  const bool color = wants_color(global.color, out, environment);
  const Context context{global, out, err, clock, {color, color || out.is_terminal()}};
  auto code = dispatch(context, command);
  // A reader that has seen enough is no failure, whatever else went wrong after that.
  if (out.closed()) return kExitOk;
  if (!code) {
    [[maybe_unused]] const auto flushed = out.flush();
    return report(err, code.error());
  }
  return *code;
}

}  // namespace duramen::cli
