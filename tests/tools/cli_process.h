#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "tests/base/temporary_directory.h"

namespace duramen::support {

struct CliRun {
  int code = -1;  ///< the exit code, or 128 + signal
  std::string out;
  std::string err;
};

using Variables = std::vector<std::pair<std::string, std::string>>;

/// One run of a program, `duramen` of this build unless said otherwise. Its environment has no
/// DURAMEN_* variables but the given ones, its output goes to files, its HOME is a fresh directory
/// that all runs of this object share.
///
/// Threading: one thread. Killed and waited for at the latest by the destructor.
class CliProcess {
 public:
  CliProcess() = default;
  CliProcess(const CliProcess&) = delete;
  CliProcess& operator=(const CliProcess&) = delete;
  CliProcess(CliProcess&&) = delete;
  CliProcess& operator=(CliProcess&&) = delete;
  ~CliProcess() { kill(); }

  /// Runs to the end. `input` is what it reads from standard input.
  CliRun run(const std::vector<std::string>& arguments, const Variables& variables = {},
             const std::string& input = {});
  /// A shell line in which `duramen` is the program under test.
  CliRun shell(const std::string& line, const Variables& variables = {});

  /// As run(), with standard output and error on a terminal of 80 columns; what was written there
  /// is in `out`, byte for byte.
  CliRun run_on_terminal(const std::vector<std::string>& arguments, const Variables& variables = {},
                         const std::string& input = {});

  /// Starts it with `terminal` (the side of the program) as its controlling terminal, and all three
  /// of its files there: Ctrl-C is a signal, and keys can be typed.
  void start_on_terminal(const std::vector<std::string>& arguments, const Variables& variables,
                         int terminal);
  void signal(int number) const;

  /// Starts and does not wait.
  void start(const std::vector<std::string>& words, const Variables& variables = {},
             const std::string& input = {});
  bool running();
  void kill();
  CliRun wait();

 private:
  /// `terminal`: descriptor for standard output and error; -1: files. `controlling`: for all.
  void launch(const std::vector<std::string>& words, const Variables& variables,
              const std::string& input, int terminal, bool controlling = false);

  TemporaryDirectory files_;
  pid_t pid_ = -1;
  int status_ = 0;
};

}  // namespace duramen::support
