#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "api/server/listen_address.h"
#include "base/log.h"
#include "tools/daemon.h"
#include "tools/settings.h"
#include "tools/signals.h"
#include "tools/stop_deadline.h"
#include "tools/version.h"

namespace duramen::tools {
namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;

int fail(const Error& error, int code) {
  const std::string line = "duramend: " + error.message + "\n";
  std::fputs(line.c_str(), stderr);
  return code;
}

int print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  return std::fflush(stdout) == 0 ? 0 : kFailed;
}

/// docs/operations.md, "Memory" and "Limits of the system".
void tune_process() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
  // glibc's default of 8 arenas per core keeps what threads freed; blocks are large and few.
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  // NOLINTBEGIN(concurrency-mt-unsafe): no other thread has started
  ::mallopt(M_ARENA_MAX, static_cast<int>(std::clamp(cores, 2U, 8U)));
  ::mallopt(M_TRIM_THRESHOLD, 16 * 1024 * 1024);
  // NOLINTEND(concurrency-mt-unsafe)
}

Result<Settings> read_settings(const CommandLine& command_line) {
  DURAMEN_TRY(Settings settings, load_settings(command_line, process_environment));
  auto addresses = api::parse_listen_addresses(settings.http.listen, settings.http.insecure_listen);
  if (!addresses) return std::move(addresses).error().with(place_of(settings, "http.listen"));
  return settings;
}

void log_reload(Daemon& daemon, const CommandLine& command_line, const Settings& started_with) {
  auto settings = read_settings(command_line);
  auto done = settings ? daemon.reload(*settings) : Result<void>(settings.error());
  if (!done) {
    log_error("configuration not reloaded: everything stays as it was",
              {{"reason", done.error().message}});
    return;
  }
  for (const std::string& key : changed_until_restart(started_with, *settings)) {
    log_warning("changed setting waits for a restart", {{"setting", key}});
  }
}

struct SeenSignals {
  std::optional<StopDeadline> stop;
  bool reload = false;
};

[[noreturn]] void stop_at_once() {
  log_warning("second signal: stopping at once");
  ::_exit(kFailed);
}

/// What comes while the store is opened, until `opened`. Told to stop, it interrupts that, and ends
/// the process when that takes too long: nothing was accepted yet, so nothing is lost.
SeenSignals watch_opening(Daemon& daemon, const Clock& clock, const std::atomic<bool>& opened) {
  constexpr TimeNs kStep = kNsPerSecond / 100;
  SeenSignals seen;
  while (!opened.load()) {
    const auto signal = wait_signal(kStep);
    if (signal == Signal::kReload) seen.reload = true;
    if (signal == Signal::kTerminate) {
      if (seen.stop) stop_at_once();
      seen.stop.emplace(clock.monotonic());
      log_info("stopping: breaking off the start");
      daemon.interrupt_open();
    }
    if (seen.stop && seen.stop->opening_is_over(clock.monotonic())) {
      log_warning("stopped while the store was being opened; nothing is lost");
      ::_exit(0);
    }
  }
  return seen;
}

Result<void> open(Daemon& daemon, const Clock& clock, SeenSignals& seen) {
  std::atomic<bool> opened{false};
  std::thread watch([&] { seen = watch_opening(daemon, clock, opened); });
  auto result = daemon.open();
  opened.store(true);
  watch.join();
  return result;
}

/// Ends the process when a drain takes too long, or at a second signal. What was acknowledged is
/// on the disk either way.
void watch_stop(Daemon& daemon, const Clock& clock, const StopDeadline& deadline,
                const std::atomic<bool>& stopped) {
  constexpr TimeNs kStep = kNsPerSecond / 10;
  bool cancelled = false;
  while (!stopped.load()) {
    if (wait_signal(kStep) == Signal::kTerminate) stop_at_once();
    const TimeNs now = clock.monotonic();
    if (!cancelled && deadline.queries_are_over(now)) {
      cancelled = true;
      daemon.cancel_queries();
    }
    if (deadline.is_over(now)) {
      log_error("did not stop in time; what was acknowledged is safe");
      ::_exit(kFailed);
    }
  }
}

void drain(Daemon& daemon, const Clock& clock, const StopDeadline& deadline) {
  std::atomic<bool> stopped{false};
  std::thread watch([&] { watch_stop(daemon, clock, deadline, stopped); });
  daemon.stop(deadline.requests_left(clock.monotonic()));
  stopped.store(true);
  watch.join();
  log_info("stopped");
}

int run(const CommandLine& command_line, const Settings& settings) {
  tune_process();
  hold_signals();
  set_log(settings.log_level, settings.log_format);
  auto resolved = resolve_settings(settings, process_environment);
  if (!resolved) return fail(resolved.error(), kFailed);
  const SystemClock clock;
  const auto listening = Daemon::listen(*resolved, clock);
  if (!listening) return fail(listening.error(), kFailed);
  Daemon& daemon = **listening;
  SeenSignals seen;
  const auto opened = open(daemon, clock, seen);
  if (!opened && opened.error().code != ErrorCode::kCancelled) {
    return fail(opened.error(), kFailed);
  }
  if (seen.stop) {
    drain(daemon, clock, *seen.stop);
    return 0;
  }
  log_info("duramend " + std::string(kVersion) + " ready: http://" + daemon.addresses().front() +
           " (data in " + daemon.data_dir() + ")");
  if (seen.reload) log_reload(daemon, command_line, settings);
  while (wait_signal() == Signal::kReload) log_reload(daemon, command_line, settings);
  drain(daemon, clock, StopDeadline(clock.monotonic()));
  return 0;
}

int main_with(const std::vector<std::string>& args) {
  const auto command_line = parse_command_line(args);
  if (!command_line) return fail(command_line.error(), kUsage);
  switch (command_line->action) {
    case Action::kHelp:
      return print(help_text());
    case Action::kVersion:
      return print("duramend " + std::string(kVersion) + "\n");
    case Action::kPrintConfigDocs:
      return print(config_docs());
    case Action::kPrintMan:
      return print(manual_page());
    case Action::kRun:
    case Action::kCheckConfig:
      break;
  }
  const auto settings = read_settings(*command_line);
  if (!settings) return fail(settings.error(), kFailed);
  if (command_line->action == Action::kCheckConfig) return print("the configuration is valid\n");
  return run(*command_line, *settings);
}

}  // namespace
}  // namespace duramen::tools

int main(int argc, char** argv) {
  return duramen::tools::main_with(std::vector<std::string>(argv + 1, argv + std::max(argc, 1)));
}
