#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

#include "tools/cli/context.h"

int main(int count, char** arguments) {
  // A closed pipe is seen by the write that fails, and ends the program quietly.
  std::signal(SIGPIPE, SIG_IGN);
  const auto environment = [](const char* name) -> std::string {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets variables
    return value == nullptr ? "" : value;
  };
  return duramen::cli::run_program(std::vector<std::string>(arguments + 1, arguments + count),
                                   environment);
}
