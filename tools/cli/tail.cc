#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>

#include "tools/cli/answer.h"
#include "tools/cli/app_name.h"
#include "tools/cli/context.h"
#include "tools/cli/problem.h"
#include "tools/cli/row.h"

namespace duramen::cli {
namespace {

constexpr std::chrono::milliseconds kFirstPause{200};
constexpr std::chrono::milliseconds kLongestPause{5000};

extern "C" void leave_at_once(int) { _exit(kExitOk); }

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + "\"";
}

std::vector<std::string> apps_of(const TailCommand& command) {
  if (command.all_apps || !command.apps.empty()) return command.apps;
  if (!command.default_app.empty()) return {command.default_app};
  if (const auto app = app_of_directory(".")) return {*app};
  return {};
}

/// The apps as a filter, and what was asked for as a further one: it may hold an OR, and pipes.
std::string query_of(const std::vector<std::string>& apps, const std::string& query) {
  std::string out;
  for (const std::string& app : apps) out += (out.empty() ? "app:" : " OR app:") + in_quotes(app);
  const auto begin = query.find_first_not_of(" \t\n");
  if (begin == std::string::npos) return out;
  if (out.empty()) return query;
  return out + (query[begin] == '|' ? " " : " | where ") + query;
}

/// One connection after the other, each going on where the one before ended.
class Follower {
 public:
  Follower(const Context& context, const RenderOptions& render, Parameters parameters,
           std::string query, std::uint64_t recent)
      : context_(context),
        render_(render),
        parameters_(std::move(parameters)),
        query_(std::move(query)),
        recent_(recent) {}

  Result<int> run() {
    std::signal(SIGINT, leave_at_once);
    DURAMEN_TRY(const auto client, context_.open_client());
    while (true) {
      DURAMEN_TRY_VOID(connect(*client));
      std::this_thread::sleep_for(pause_);
      pause_ = std::min(2 * pause_, kLongestPause);
    }
  }

 private:
  /// Follows until the connection ends. Errors: what trying again does not help against.
  Result<void> connect(Client& client);
  Result<void> judge(const Result<HttpReply>& reply);
  Result<void> say_lost(const std::string& why);
  Result<bool> take(std::string_view line);
  Result<void> print(std::string_view json) const;
  HttpRequest request();

  const Context& context_;
  const RenderOptions render_;
  const Parameters parameters_;
  const std::string query_;
  const std::uint64_t recent_;
  std::string behind_;  ///< the last row that was printed, or where it began
  std::string id_;      ///< of the event that is coming
  bool output_failed_ = false;
  bool at_end_ = false;
  std::string end_;  ///< why the daemon ended it
  bool connected_ = false;
  bool was_connected_ = false;
  bool lost_ = false;  ///< and that was said
  std::chrono::milliseconds pause_ = kFirstPause;
};

HttpRequest Follower::request() {
  HttpRequest out;
  out.headers["accept"] = "text/event-stream";  // each row has its name, whatever the query shows
  Parameters parameters = parameters_;
  if (!behind_.empty()) {
    parameters.emplace_back("after", behind_);
  } else if (recent_ > 0) {
    parameters.emplace_back("recent", std::to_string(recent_));
  }
  out.target = url_target("/api/v1/tail", parameters);
  out.on_pause = [this] {
    auto flushed = context_.out.flush();
    output_failed_ = !flushed;
    return flushed;
  };
  return out;
}

Result<void> Follower::connect(Client& client) {
  connected_ = false;
  at_end_ = false;
  end_.clear();
  id_.clear();
  const auto reply =
      client.call_by_lines(request(), [this](std::string_view line) { return take(line); });
  DURAMEN_TRY_VOID(context_.out.flush());
  return judge(reply);
}

Result<void> Follower::judge(const Result<HttpReply>& reply) {
  if (!reply) {
    const ErrorCode code = reply.error().code;
    const bool broken = code == ErrorCode::kUnavailable || code == ErrorCode::kDataLoss ||
                        code == ErrorCode::kDeadlineExceeded;
    if (!broken || !was_connected_ || output_failed_) return reply.error();
    return say_lost(reply.error().message);
  }
  if (!reply->ok()) {
    const Error error = problem_error(*reply, query_);
    if (reply->status != 503 && reply->status != 429) return error;
    return say_lost(error.message);
  }
  if (end_ == "stopped") return Error{ErrorCode::kUnavailable, "somebody stopped this tail"};
  return say_lost(end_.empty() ? "the answer ended" : end_);
}

Result<void> Follower::say_lost(const std::string& why) {
  if (std::exchange(lost_, true)) return {};
  return context_.err.line("duramen: " + visible_on_one_line(why) +
                           "; trying again, and going on from there");
}

Result<bool> Follower::take(std::string_view line) {
  if (!connected_) {
    connected_ = true;
    pause_ = kFirstPause;
    DURAMEN_TRY_VOID(context_.err.line(was_connected_ ? "Connected again, tailing..."
                                                      : "Connected, tailing..."));
    was_connected_ = true;
    lost_ = false;
  }
  constexpr std::string_view kId = "id: ";
  constexpr std::string_view kData = "data: ";
  if (line == "event: end") {
    at_end_ = true;
  } else if (line.starts_with(kData)) {
    const std::string_view data = line.substr(kData.size());
    if (!at_end_) {
      auto printed = print(data);
      output_failed_ = !printed;
      if (!printed) return std::move(printed).error();
      behind_ = id_;
      return true;
    }
    const auto end = nlohmann::json::parse(shallow(data), nullptr, false);
    if (end.is_object() && end.contains("_end") && end["_end"].is_object()) {
      end_ = end["_end"].value("reason", "");
    }
  } else if (line.starts_with(kId)) {
    id_ = line.substr(kId.size());
  } else if (line.empty() && !id_.empty()) {
    behind_ = id_;
  }
  return true;
}

Result<void> Follower::print(std::string_view json) const {
  Output& out = context_.out;
  if (context_.options.output == OutputFormat::kJson) {
    DURAMEN_TRY_VOID(out.write(json));
    return out.write("\n");
  }
  auto row = parse_row(json);
  if (!row) return Error{ErrorCode::kInternal, row.error().message};
  const bool as_line = context_.options.output == OutputFormat::kText && is_log_row(*row);
  return out.write((as_line ? render_log_row(*row, render_) : render_logfmt(*row, render_)) + "\n");
}

Result<int> show_recent(const Context& context, Parameters parameters, const std::string& query,
                        std::uint64_t rows) {
  parameters.emplace_back("n", std::to_string(rows));
  HttpRequest request;
  request.headers["accept"] = "application/x-ndjson";
  request.target = url_target("/api/v1/recent", parameters);
  DURAMEN_TRY(const auto client, context.open_client());
  RowPrinter printer(context);
  std::uint64_t shown = 0;
  std::string error_line;
  const auto take = [&](std::string_view line) -> Result<bool> {
    if (line.empty()) return true;
    if (is_error_line(line)) {
      error_line = line;
      return true;
    }
    ++shown;
    DURAMEN_TRY_VOID(printer.print(line));
    return true;
  };
  const auto reply = client->call_by_lines(request, take);
  DURAMEN_TRY_VOID(printer.finish());
  if (!error_line.empty()) return error_line_error(error_line, query);
  if (!reply) return reply.error();
  if (!reply->ok()) return problem_error(*reply, query);
  return shown == 0 ? kExitNoMatch : kExitOk;
}

}  // namespace

Result<int> run_tail(const Context& context, const TailCommand& command) {
  const std::vector<std::string> apps = apps_of(command);
  const std::string query = query_of(apps, command.query);
  RenderOptions render = context.render;
  render.color_by_sender = apps.size() != 1;
  Context with_colors{context.options, context.out, context.err, context.clock, render};
  if (!command.follow) {
    return show_recent(with_colors, {{"q", query}}, query, command.recent);
  }
  return Follower(context, render, {{"q", query}}, query, command.recent).run();
}

}  // namespace duramen::cli
