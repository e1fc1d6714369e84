#include "base/time_text.h"
#include "tools/cli/context.h"
#include "tools/cli/problem.h"

namespace duramen::cli {
namespace {

/// Sealing builds blocks of all that is not in one yet; on a slow disk that takes its time.
constexpr std::chrono::hours kPatience{6};

}  // namespace

Result<int> run_seal(const Context& context) {
  DURAMEN_TRY(const auto client, context.open_client());
  HttpRequest request;
  request.method = "POST";
  request.target = "/api/v1/admin/seal";
  request.timeout = kPatience;
  const TimeNs begin = context.clock.now();
  DURAMEN_TRY(const auto reply, client->call(request));
  if (!reply.ok()) return problem_error(reply);
  if (context.options.output == OutputFormat::kJson) {
    DURAMEN_TRY_VOID(context.out.write(reply.body));
    DURAMEN_TRY_VOID(context.out.flush());
    return kExitOk;
  }
  char seconds[32];
  std::snprintf(
      seconds, sizeof seconds, "%.2f s",
      static_cast<double>(context.clock.now() - begin) / static_cast<double>(kNsPerSecond));
  DURAMEN_TRY_VOID(context.out.line("sealed in " + std::string(seconds)));
  return kExitOk;
}

}  // namespace duramen::cli
