#pragma once

#include <termios.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "tools/cli/output.h"

namespace duramen::cli {

/// A terminal as a screen: the alternate one, without a cursor, keys as they are typed. Whatever
/// ends it - its destructor, a signal that wait() tells of - leaves the terminal as it was.
///
/// While it is open, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP and SIGWINCH are kept for wait(), in
/// whichever thread they come; then they do what the system does by default. Keys come from
/// standard input, when that is a terminal. Threading: one thread, one screen in a process.
/// Ownership: `out` and `other` outlive it.
class Screen {
 public:
  struct Size {
    std::size_t columns = 80;
    std::size_t rows = 24;
  };
  struct Event {
    enum class Kind {
      kTimeout,
      kKey,
      kResized,    ///< also: it was suspended, and is there again
      kOther,      ///< `other` can be read
      kInterrupt,  ///< Ctrl-C
      kTerminate,  ///< told to end, or the terminal is gone; see leave_by_signal()
    };
    Kind kind = Kind::kTimeout;
    char key = 0;
    int signal = 0;
  };

  /// `out` is a terminal. `other`: a descriptor to wait for besides, -1 for none.
  /// Errors: kUnavailable (the system refuses).
  static Result<std::unique_ptr<Screen>> open(Output& out, int other);
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  Screen(Screen&&) = delete;
  Screen& operator=(Screen&&) = delete;
  ~Screen();

  Size size() const;
  /// Shows these lines, and nothing else. They are cut already.
  Result<void> draw(const std::vector<std::string>& lines);
  Event wait(std::chrono::milliseconds longest);
  /// The terminal as it was; draws nothing any more. Idempotent.
  void close();

 private:
  Screen(Output& out, int other) : out_(out), other_(other) {}
  Result<void> enter();
  void leave();
  Event take_signal();
  Event take_key();
  void suspend();

  Output& out_;
  const int other_;
  std::array<int, 2> signals_{-1, -1};  ///< a pipe: what to read from, what handlers write to
  bool entered_ = false;
  bool keys_ = false;  ///< standard input is a terminal, and not at its end
  termios before_{};
};

/// Ends the process by this signal, as if nobody had taken it. After Screen::close().
[[noreturn]] void leave_by_signal(int signal);

}  // namespace duramen::cli
