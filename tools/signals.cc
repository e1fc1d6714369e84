#include "tools/signals.h"

#include <csignal>
#include <cstdint>
#include <ctime>

namespace duramen::tools {
namespace {

sigset_t held_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, number);
  return set;
}

}  // namespace

void hold_signals() {
  ::signal(SIGPIPE, SIG_IGN);
  const sigset_t set = held_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

std::optional<Signal> wait_signal(std::optional<TimeNs> limit) {
  const sigset_t set = held_signals();
  while (true) {
    int number = 0;
    if (limit) {
      const timespec time{*limit / kNsPerSecond, *limit % kNsPerSecond};
      number = ::sigtimedwait(&set, nullptr, &time);
      if (number < 0) return std::nullopt;  // the time is over, or a debugger looked in
    } else if (::sigwait(&set, &number) != 0) {
      continue;
    }
    return number == SIGHUP ? Signal::kReload : Signal::kTerminate;
  }
}

}  // namespace duramen::tools
