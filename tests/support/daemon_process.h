#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "tests/base/temporary_directory.h"

namespace duramen::support {

/// Path of a program of this build: `program("duramend")`. The variable DURAMEN_BIN_DIR names
/// another directory to take programs from.
std::string program(const std::string& name);

/// A real duramend, killed at the latest when this object (or the thread that started it) goes.
///
/// It sees none of the caller's DURAMEN_* variables and writes its stderr to a file of its own.
/// Threading: one thread. Blocking: the wait calls, up to their limit.
class DaemonProcess {
 public:
  DaemonProcess() = default;
  DaemonProcess(const DaemonProcess&) = delete;
  DaemonProcess& operator=(const DaemonProcess&) = delete;
  DaemonProcess(DaemonProcess&&) = delete;
  DaemonProcess& operator=(DaemonProcess&&) = delete;
  ~DaemonProcess() { kill(); }

  /// Starts `duramend ARGS…` with `variables` set. After an earlier one has ended, starts anew.
  Result<void> start(const std::vector<std::string>& args,
                     const std::vector<std::pair<std::string, std::string>>& variables = {});
  /// The usual case: on a free port of 127.0.0.1, data in `directory`; waits until it is ready.
  Result<void> start_in(const std::string& directory, const std::vector<std::string>& args = {});
  /// Waits for the line that says the daemon is ready. Fails at once, with its stderr, when the
  /// daemon ends instead.
  Result<void> wait_ready(TimeNs limit = 60 * kNsPerSecond);
  /// `http://127.0.0.1:PORT`; after wait_ready().
  const std::string& base_url() const { return base_url_; }

  Result<void> signal(int number);
  /// SIGKILL, and waits until it is gone. Nothing when it does not run.
  void kill();
  /// SIGTERM; then as wait_exit().
  Result<int> terminate(TimeNs limit = 30 * kNsPerSecond);
  /// The exit code, or 128 + signal. kDeadlineExceeded when it still runs after `limit`.
  Result<int> wait_exit(TimeNs limit = 30 * kNsPerSecond);
  /// Waits until its stderr has `text`.
  Result<void> wait_stderr(const std::string& text, TimeNs limit = 30 * kNsPerSecond);

  bool running();
  pid_t pid() const { return pid_; }
  /// What this start has written to stderr and stdout so far.
  std::string stderr_text() const;
  std::string stdout_text() const;

 private:
  TemporaryDirectory files_;
  pid_t pid_ = -1;
  int status_ = 0;
  std::string base_url_;
};

}  // namespace duramen::support
