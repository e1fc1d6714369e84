#include <unistd.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>

#include "base/time_text.h"
#include "tools/cli/answer.h"
#include "tools/cli/context.h"
#include "tools/cli/json_access.h"
#include "tools/cli/problem.h"
#include "tools/cli/progress.h"
#include "tools/cli/table.h"

namespace duramen::cli {
namespace {

using Json = nlohmann::json;

constexpr const char* kPath = "/api/v1/deletions";
constexpr std::chrono::milliseconds kAskAgain{200};
constexpr std::chrono::minutes kPatience{10};  // to count, and to write down

std::string one_path(std::uint64_t id) { return kPath + ("/" + std::to_string(id)); }

Result<Json> read_object(const HttpReply& reply) {
  Json json = Json::parse(shallow(reply.body), nullptr, false);
  if (!json.is_object()) {
    return Error{ErrorCode::kDataLoss, "the answer is no JSON object"};
  }
  return json;
}

std::string rows_text(std::uint64_t rows) {
  return grouped_digits(rows) + (rows == 1 ? " row" : " rows");
}

class Deleter {
 public:
  Deleter(const Context& context, Client& client, const DeleteCommand& command)
      : context_(context), client_(client), command_(command) {}

  Result<int> ask();
  Result<int> list();
  Result<int> follow(std::uint64_t id);
  Result<int> cancel(std::uint64_t id);

 private:
  Result<Json> call(const char* method, const std::string& target, const std::string& query = {});
  Result<std::uint64_t> count(Parameters parameters);
  /// Nothing when it may go on.
  Result<std::optional<int>> confirm(std::uint64_t rows);
  Result<int> tell(const Json& deletion);
  Row listed(const Json& deletion) const;

  const Context& context_;
  Client& client_;
  const DeleteCommand& command_;
};

Result<Json> Deleter::call(const char* method, const std::string& target,
                           const std::string& query) {
  HttpRequest request;
  request.method = method;
  request.target = target;
  request.timeout = kPatience;
  DURAMEN_TRY(const auto reply, client_.call(request));
  if (!reply.ok()) return problem_error(reply, query);
  return read_object(reply);
}

Result<std::uint64_t> Deleter::count(Parameters parameters) {
  parameters.emplace_back("step", "36500d");  // nothing but the total is of interest
  DURAMEN_TRY(const Json hits, call("GET", url_target("/api/v1/hits", parameters), command_.query));
  return number(hits, "total");
}

Result<std::optional<int>> Deleter::confirm(std::uint64_t rows) {
  if (command_.yes) return std::optional<int>();
  if (::isatty(STDIN_FILENO) == 0 || !context_.err.is_terminal()) {
    return Error{ErrorCode::kInvalidArgument,
                 "this deletes " + rows_text(rows) + " for good: say --yes, or --dry-run"};
  }
  DURAMEN_TRY_VOID(context_.err.write("Delete " + rows_text(rows) + " for good? [y/N] "));
  DURAMEN_TRY_VOID(context_.err.flush());
  char answer = 0;
  const bool yes = ::read(STDIN_FILENO, &answer, 1) == 1 && (answer == 'y' || answer == 'Y');
  if (yes) return std::optional<int>();
  DURAMEN_TRY_VOID(context_.err.line("nothing was deleted"));
  return std::optional(kExitUsage);
}

Result<int> Deleter::ask() {
  Parameters parameters{{"q", command_.query}};
  DURAMEN_TRY_VOID(add_range(parameters, command_.range, context_));
  if (command_.dry_run || !command_.yes) {
    DURAMEN_TRY(const std::uint64_t rows, count(parameters));
    if (rows == 0) {
      DURAMEN_TRY_VOID(context_.remark("no row matches"));
      return kExitNoMatch;
    }
    if (command_.dry_run) {
      DURAMEN_TRY_VOID(context_.out.line(context_.options.output == OutputFormat::kJson
                                             ? "{\"rows\":" + std::to_string(rows) + "}"
                                             : rows_text(rows) + " would be deleted"));
      return kExitOk;
    }
    DURAMEN_TRY(const auto refused, confirm(rows));
    if (refused) return *refused;
  }
  if (!command_.reason.empty()) parameters.emplace_back("reason", command_.reason);
  DURAMEN_TRY(const Json deletion, call("POST", url_target(kPath, parameters), command_.query));
  const std::uint64_t id = number(deletion, "id");
  if (command_.detach) return tell(deletion);
  DURAMEN_TRY_VOID(context_.remark("deletion " + std::to_string(id) +
                                   " goes on when this ends; duramen delete --follow " +
                                   std::to_string(id)));
  return follow(id);
}

Result<int> Deleter::follow(std::uint64_t id) {
  Progress progress(context_.err, 0, true);
  std::string trouble;
  for (;;) {
    DURAMEN_TRY(const Json deletion, call("GET", one_path(id)));
    if (member(deletion, "ended").is_string()) {
      progress.clear();
      return tell(deletion);
    }
    if (const std::string now = text(deletion, "trouble"); !now.empty() && now != trouble) {
      trouble = now;
      progress.write_line("-- it is tried again: " + now);
    }
    progress.set(number(deletion, "phase_done"), number(deletion, "phase_total"));
    std::this_thread::sleep_for(kAskAgain);
  }
}

Result<int> Deleter::tell(const Json& deletion) {
  const std::string state = text(deletion, "state");
  const std::string problem = text(deletion, "problem");
  const bool well = problem.empty() && state != "failed" && state != "cancelled";
  const std::uint64_t rows = number(deletion, "rows");
  if (context_.options.output == OutputFormat::kJson) {
    DURAMEN_TRY_VOID(
        context_.out.line(deletion.dump(-1, ' ', false, Json::error_handler_t::replace)));
  } else if (context_.options.output == OutputFormat::kLogfmt) {
    DURAMEN_TRY_VOID(context_.out.line(render_logfmt(listed(deletion), context_.render)));
  } else {
    const std::string name = "deletion " + std::to_string(number(deletion, "id"));
    DURAMEN_TRY_VOID(context_.out.line(
        state == "done"
            ? name + ": " + rows_text(rows) + " of " + grouped_digits(number(deletion, "blocks")) +
                  (number(deletion, "blocks") == 1 ? " block deleted" : " blocks deleted")
            : name + ": " + state));
  }
  if (!problem.empty()) DURAMEN_TRY_VOID(context_.err.line("duramen: " + problem));
  if (!well) return kExitError;
  return state == "done" && rows == 0 ? kExitNoMatch : kExitOk;
}

Row Deleter::listed(const Json& deletion) const {
  Row row;
  row.fields = {{"id", std::to_string(number(deletion, "id")), false},
                {"state", text(deletion, "state"), true},
                {"phase", text(deletion, "phase"), true},
                {"asked", text(deletion, "asked"), true},
                {"by", text(deletion, "by"), true},
                {"rows", grouped_digits(number(deletion, "rows")), true},
                {"query", text(deletion, "q"), true},
                {"reason", text(deletion, "reason"), true},
                {"problem", text(deletion, "problem"), true}};
  return row;
}

Result<int> Deleter::list() {
  DURAMEN_TRY(const Json answer, call("GET", kPath));
  const Json& all = member(answer, "deletions");
  if (!all.is_array()) return Error{ErrorCode::kDataLoss, "the answer is no list of deletions"};
  Table table(context_.out, context_.render);
  for (const Json& deletion : all) {
    if (context_.options.output == OutputFormat::kJson) {
      DURAMEN_TRY_VOID(
          context_.out.write(deletion.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"));
    } else if (context_.options.output == OutputFormat::kLogfmt) {
      DURAMEN_TRY_VOID(context_.out.write(render_logfmt(listed(deletion), context_.render) + "\n"));
    } else {
      DURAMEN_TRY_VOID(table.add(listed(deletion)));
    }
  }
  DURAMEN_TRY_VOID(table.finish());
  DURAMEN_TRY_VOID(context_.out.flush());
  if (all.empty()) DURAMEN_TRY_VOID(context_.remark("nothing was ever deleted"));
  return kExitOk;
}

Result<int> Deleter::cancel(std::uint64_t id) {
  DURAMEN_TRY_VOID(call("DELETE", one_path(id)));
  Result<int> ended = follow(id);
  if (!ended) return ended;
  DURAMEN_TRY(const Json deletion, call("GET", one_path(id)));
  return text(deletion, "state") == "cancelled" ? kExitOk : kExitError;
}

}  // namespace

Result<int> run_delete(const Context& context, const DeleteCommand& command) {
  DURAMEN_TRY(const auto client, context.open_client());
  Deleter deleter(context, *client, command);
  if (command.list) return deleter.list();
  if (command.follow) return deleter.follow(*command.follow);
  if (command.cancel) return deleter.cancel(*command.cancel);
  return deleter.ask();
}

}  // namespace duramen::cli
