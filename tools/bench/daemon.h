#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace duramen::bench {

/// What the kernel counts for a process.
struct ProcessUse {
  double user_seconds = 0;
  double system_seconds = 0;
  std::uint64_t peak_memory_bytes = 0;
  double cpu_seconds =
      0;  ///< user and system, in nanoseconds where the others count ticks of 10 ms
};

/// A duramend of one's own: started on a directory and any free port, stopped by its end. It logs
/// warnings only.
/// Threading: none. Blocking: start() waits until the daemon answers.
class Daemon {
 public:
  /// Errors: kInvalidArgument (the directory is not empty), kUnavailable (cannot be started, ended
  /// at once, or did not answer in 30 s).
  static Result<std::unique_ptr<Daemon>> start(const std::string& program,
                                               const std::string& directory,
                                               const std::vector<std::string>& options);
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  Daemon(Daemon&&) = delete;
  Daemon& operator=(Daemon&&) = delete;
  ~Daemon();

  const std::string& host() const { return host_; }
  const std::string& port() const { return port_; }
  /// Errors: kUnavailable when the daemon is gone.
  Result<ProcessUse> use() const;
  /// SIGTERM, and SIGKILL after 15 s. Errors: kUnavailable when it did not end with 0.
  Result<void> stop();
  /// After stop(): starts it once more, with the same options on the directory as it is now. Its
  /// port is another one. Errors: kUnavailable, as of start().
  Result<void> restart();

 private:
  Daemon(std::string directory, std::vector<std::string> command)
      : directory_(std::move(directory)), command_(std::move(command)) {}
  Result<void> spawn();
  Result<void> wait_for_address(const std::string& file);
  bool ended(int& status) const;

  std::string directory_;
  std::vector<std::string> command_;  ///< program and arguments
  pid_t pid_ = -1;
  std::string host_;
  std::string port_;
};

/// Bytes that the files below a directory take on disk.
std::uint64_t disk_use(const std::string& directory);

}  // namespace duramen::bench
