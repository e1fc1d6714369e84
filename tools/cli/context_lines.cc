#include "tools/cli/answer.h"
#include "tools/cli/context.h"

namespace duramen::cli {

Result<int> run_context(const Context& context, const ContextCommand& command) {
  Parameters parameters{{"seq", command.seq}};
  if (command.before) parameters.emplace_back("before", std::to_string(*command.before));
  if (command.after) parameters.emplace_back("after", std::to_string(*command.after));
  DURAMEN_TRY_VOID(add_range(parameters, command.range, context));
  DURAMEN_TRY(const auto timeout, add_timeout(parameters, command.timeout));
  DURAMEN_TRY(const auto end,
              print_answer(context, "/api/v1/context", std::move(parameters), timeout));
  DURAMEN_TRY_VOID(warn_of(context, end));
  return kExitOk;
}

}  // namespace duramen::cli
