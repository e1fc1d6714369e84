#include "tools/cli/screen.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

namespace duramen::cli {
namespace {

// Alternate screen, no cursor, no line wrap; and back, in the reverse order.
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
constexpr std::string_view kLeave = "\x1b[?7h\x1b[?25h\x1b[?1049l";

constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH};

/// Where the handler writes; -1: nowhere.
std::atomic<int> g_signal_pipe{-1};

extern "C" void note_signal(int signal) {
  const int saved = errno;
  const auto byte = static_cast<char>(signal);
  [[maybe_unused]] const auto n = ::write(g_signal_pipe.load(), &byte, 1);
  errno = saved;
}

void set_handler(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  ::sigaction(signal, &action, nullptr);
}

}  // namespace

Result<std::unique_ptr<Screen>> Screen::open(Output& out, int other) {
  std::unique_ptr<Screen> screen(new Screen(out, other));
  if (::pipe2(screen->signals_.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    return Error{ErrorCode::kUnavailable,
                 "cannot wait for signals: " + std::system_category().message(errno)};
  }
  g_signal_pipe.store(screen->signals_[1]);
  for (const int signal : kSignals) set_handler(signal, note_signal);
  screen->keys_ = ::tcgetattr(STDIN_FILENO, &screen->before_) == 0;
  DURAMEN_TRY_VOID(screen->enter());
  return screen;
}

Screen::~Screen() { close(); }

void Screen::close() {
  if (signals_[0] < 0) return;
  leave();
  for (const int signal : kSignals) set_handler(signal, SIG_DFL);
  g_signal_pipe.store(-1);
  for (int& end : signals_) ::close(std::exchange(end, -1));
}

Result<void> Screen::enter() {
  entered_ = true;
  if (keys_) {
    termios typed = before_;
    typed.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    typed.c_cc[VMIN] = 1;
    typed.c_cc[VTIME] = 0;
    ::tcsetattr(STDIN_FILENO, TCSADRAIN, &typed);
  }
  DURAMEN_TRY_VOID(out_.write(kEnter));
  return out_.flush();
}

void Screen::leave() {
  if (!entered_) return;
  entered_ = false;
  [[maybe_unused]] const auto written = out_.write(kLeave);
  [[maybe_unused]] const auto flushed = out_.flush();
  // What was typed meanwhile was for this program, not for the shell.
  if (keys_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
}

Screen::Size Screen::size() const {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
    return {};
  }
  return {size.ws_col, size.ws_row};
}

Result<void> Screen::draw(const std::vector<std::string>& lines) {
  std::string text = "\x1b[H";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) text += "\r\n";
    text += lines[i] + "\x1b[K";
  }
  DURAMEN_TRY_VOID(out_.write(text + "\x1b[J"));
  return out_.flush();
}

Screen::Event Screen::wait(std::chrono::milliseconds longest) {
  std::array<pollfd, 3> ready{pollfd{signals_[0], POLLIN, 0},
                              pollfd{keys_ ? STDIN_FILENO : -1, POLLIN, 0},
                              pollfd{other_, POLLIN, 0}};
  const int n = ::poll(ready.data(), ready.size(), static_cast<int>(longest.count()));
  if (n <= 0) return {};
  if (ready[0].revents != 0) return take_signal();
  if (ready[1].revents != 0) return take_key();
  return {Event::Kind::kOther, 0, 0};
}

Screen::Event Screen::take_signal() {
  char byte = 0;
  if (::read(signals_[0], &byte, 1) != 1) return {};
  const int signal = static_cast<unsigned char>(byte);
  switch (signal) {
    case SIGINT:
      return {Event::Kind::kInterrupt, 0, signal};
    case SIGWINCH:
      return {Event::Kind::kResized, 0, signal};
    case SIGTSTP:
      suspend();
      return {Event::Kind::kResized, 0, signal};
    default:
      return {Event::Kind::kTerminate, 0, signal};
  }
}

Screen::Event Screen::take_key() {
  char key = 0;
  const ssize_t n = ::read(STDIN_FILENO, &key, 1);
  if (n == 1) return {Event::Kind::kKey, key, 0};
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return {};
  // Nobody types any more: the terminal hung up.
  keys_ = false;
  return {Event::Kind::kTerminate, 0, SIGHUP};
}

/// As a program that knows nothing of Ctrl-Z: it stops, with the terminal as the shell wants it.
void Screen::suspend() {
  leave();
  set_handler(SIGTSTP, SIG_DFL);
  ::raise(SIGTSTP);
  set_handler(SIGTSTP, note_signal);
  [[maybe_unused]] const auto entered = enter();
}

void leave_by_signal(int signal) {
  set_handler(signal, SIG_DFL);
  ::raise(signal);
  ::_exit(128 + signal);
}

}  // namespace duramen::cli
