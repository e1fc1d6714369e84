#pragma once

#include <termios.h>

#include <string>
#include <vector>

#include "tests/tools/cli_process.h"

namespace duramen::support {

/// A terminal with `duramen` on it, and whoever sits in front of it. Threading: one thread.
class CliTerminal {
 public:
  CliTerminal(int columns, int rows);
  CliTerminal(const CliTerminal&) = delete;
  CliTerminal& operator=(const CliTerminal&) = delete;
  CliTerminal(CliTerminal&&) = delete;
  CliTerminal& operator=(CliTerminal&&) = delete;
  ~CliTerminal();

  void start(const std::vector<std::string>& arguments, const Variables& variables);
  void type(const std::string& keys) const;
  void resize(int columns, int rows) const;
  void signal(int number) const { process_.signal(number); }
  void hang_up();
  /// Reads until what has come since the last call holds `text`; false after 20 s without it.
  bool wait_for(const std::string& text);
  /// Reads until nothing has come for so long.
  void wait_quiet(int milliseconds);
  /// Reads to the end of the program; its exit code, or 128 + signal. -1 after 20 s.
  int wait_end();

  /// Every byte that was written there.
  const std::string& all() const { return all_; }
  /// The lines of the last screen that was drawn whole, without colours.
  std::vector<std::string> screen() const;
  termios settings() const;

 private:
  bool read_some(int milliseconds);

  CliProcess process_;
  int master_ = -1;
  int slave_ = -1;  ///< kept open: what the program leaves behind can be looked at
  std::string all_;
  std::size_t looked_at_ = 0;
};

}  // namespace duramen::support
