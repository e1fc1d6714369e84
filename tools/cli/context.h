#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "tools/cli/arguments.h"
#include "tools/cli/client.h"
#include "tools/cli/output.h"
#include "tools/cli/render.h"

namespace duramen::cli {

/// What every command works with. Everything outlives the command.
struct Context {
  const GlobalOptions& options;
  Output& out;
  Output& err;
  const Clock& clock;
  RenderOptions render;  ///< for `out`

  Result<std::unique_ptr<Client>> open_client() const {
    return Client::open(options.server, options.token);
  }
  /// A line on standard error for people: only when that is a terminal.
  Result<void> remark(std::string_view text) const {
    return err.is_terminal() ? err.line("-- " + visible_on_one_line(text)) : Result<void>();
  }
};

/// Each gives the exit code. Errors: kInvalidArgument is taken for wrong usage (exit code 2),
/// kCancelled for a reader of the output that went away (0), any other for a failure (1).
Result<int> run_query(const Context& context, const QueryCommand& command);
Result<int> run_context(const Context& context, const ContextCommand& command);
Result<int> run_stats(const Context& context, const StatsCommand& command);
Result<int> run_tail(const Context& context, const TailCommand& command);
Result<int> run_import(const Context& context, const ImportCommand& command);
Result<int> run_delete(const Context& context, const DeleteCommand& command);
Result<int> run_queries(const Context& context, const QueriesCommand& command);
Result<int> run_top(const Context& context, const TopCommand& command);
Result<int> run_status(const Context& context);
Result<int> run_verify(const Context& context, const VerifyCommand& command);
Result<int> run_seal(const Context& context);
Result<int> run_backup(const Context& context, const BackupCommand& command);
Result<int> run_restore(const Context& context, const RestoreCommand& command);
Result<int> run_completion(const Context& context, const CompletionCommand& command);
Result<int> run_man(const Context& context, const ManCommand& command);

/// Parses and runs one command line. The whole program but for main().
int run_program(const std::vector<std::string>& arguments, const Environment& environment);

}  // namespace duramen::cli
