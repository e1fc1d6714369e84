#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"
#include "base/mutex.h"

namespace duramen {

/// Makes the lines of the process's log and leaves out floods; log() of base/log.h writes through
/// one of these to stderr.
///
/// Threading: any thread. Ownership: the clock and what `sink` refers to outlive it. `sink` gets
/// one whole line, with its line end, and is called without a lock.
class LogWriter {
 public:
  using Sink = std::function<void(std::string_view line)>;
  static constexpr std::uint64_t kRepeats = 10;  ///< of one message, per kWindow
  static constexpr TimeNs kWindow = 10 * kNsPerSecond;
  static constexpr std::size_t kMessages = 1024;  ///< messages counted at once

  LogWriter(const Clock& clock, Sink sink) : clock_(clock), sink_(std::move(sink)) {}

  void set(LogLevel minimum, LogFormat format);
  void write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields);

 private:
  struct Repeats {
    TimeNs first = 0;
    std::uint64_t written = 0;
    std::uint64_t left_out = 0;
    LogLevel level = LogLevel::kInfo;
  };
  static bool window_is_over(const Repeats& repeats, TimeNs now);
  /// False when the line is one too many. Appends to `out` a line for each message whose window
  /// ended and that had lines left out.
  bool admit_locked(LogLevel level, std::string_view message, TimeNs now, std::string& out)
      DURAMEN_REQUIRES(mutex_);
  void sweep_locked(TimeNs now, std::string& out) DURAMEN_REQUIRES(mutex_);

  const Clock& clock_;
  const Sink sink_;

  Mutex mutex_;
  LogLevel minimum_ DURAMEN_GUARDED_BY(mutex_) = LogLevel::kInfo;
  LogFormat format_ DURAMEN_GUARDED_BY(mutex_) = LogFormat::kText;
  std::map<std::string, Repeats, std::less<>> repeats_ DURAMEN_GUARDED_BY(mutex_);
  TimeNs next_sweep_ DURAMEN_GUARDED_BY(mutex_) = 0;
};

}  // namespace duramen
