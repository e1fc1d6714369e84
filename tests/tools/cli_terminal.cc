#include "tests/tools/cli_terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

namespace duramen::support {
namespace {

using Steady = std::chrono::steady_clock;
constexpr std::chrono::seconds kPatience{20};

winsize size_of(int columns, int rows) {
  winsize out{};
  out.ws_col = static_cast<unsigned short>(columns);
  out.ws_row = static_cast<unsigned short>(rows);
  return out;
}

/// Without `ESC [ … letter`.
std::string without_sequences(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\x1b') {
      out += text[i];
      continue;
    }
    while (i + 1 < text.size() && !(text[i] >= 'A' && text[i] != '[')) ++i;
  }
  return out;
}

}  // namespace

CliTerminal::CliTerminal(int columns, int rows) {
  winsize size = size_of(columns, rows);
  if (::openpty(&master_, &slave_, nullptr, nullptr, &size) != 0) return;
  for (const int end : {master_, slave_}) ::fcntl(end, F_SETFD, FD_CLOEXEC);
}

CliTerminal::~CliTerminal() {
  process_.kill();
  hang_up();
}

void CliTerminal::hang_up() {
  for (int* end : {&master_, &slave_}) {
    if (*end >= 0) ::close(*end);
    *end = -1;
  }
}

void CliTerminal::start(const std::vector<std::string>& arguments, const Variables& variables) {
  process_.start_on_terminal(arguments, variables, slave_);
}

void CliTerminal::type(const std::string& keys) const {
  [[maybe_unused]] const auto n = ::write(master_, keys.data(), keys.size());
}

void CliTerminal::resize(int columns, int rows) const {
  const winsize size = size_of(columns, rows);
  ::ioctl(master_, TIOCSWINSZ, &size);
}

bool CliTerminal::read_some(int milliseconds) {
  pollfd ready{master_, POLLIN, 0};
  if (master_ < 0 || ::poll(&ready, 1, milliseconds) <= 0) return false;
  char bytes[4096];
  const ssize_t n = ::read(master_, bytes, sizeof bytes);
  if (n > 0) all_.append(bytes, static_cast<std::size_t>(n));
  return n > 0;
}

bool CliTerminal::wait_for(const std::string& text) {
  const auto deadline = Steady::now() + kPatience;
  while (Steady::now() < deadline) {
    const std::size_t at = all_.find(text, looked_at_);
    if (at != std::string::npos) {
      looked_at_ = at + text.size();
      return true;
    }
    read_some(50);
  }
  return false;
}

void CliTerminal::wait_quiet(int milliseconds) {
  while (read_some(milliseconds)) {
  }
}

int CliTerminal::wait_end() {
  const auto deadline = Steady::now() + kPatience;
  while (process_.running()) {
    if (Steady::now() > deadline) return -1;
    if (!read_some(20)) ::poll(nullptr, 0, 5);
  }
  while (read_some(0)) {
  }
  return process_.wait().code;
}

std::vector<std::string> CliTerminal::screen() const {
  const std::size_t end = all_.rfind("\x1b[J");
  const std::size_t begin = all_.rfind("\x1b[H", end);
  std::vector<std::string> out;
  if (begin == std::string::npos || end == std::string::npos) return out;
  const std::string text = without_sequences(all_.substr(begin, end - begin));
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t line = std::min(text.find('\n', at), text.size());
    out.push_back(text.substr(at, line - at));
    while (out.back().ends_with('\r')) out.back().pop_back();  // the terminal adds one, too
    at = line + 1;
  }
  return out;
}

termios CliTerminal::settings() const {
  termios out{};
  ::tcgetattr(slave_, &out);
  return out;
}

}  // namespace duramen::support
