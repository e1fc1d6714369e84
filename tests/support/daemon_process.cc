#include "tests/support/daemon_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>
#include <thread>

namespace duramen::support {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

std::vector<std::string> environment(
    const std::vector<std::pair<std::string, std::string>>& variables) {
  std::vector<std::string> out;
  for (char** at = environ; *at != nullptr; ++at) {
    if (std::strncmp(*at, "DURAMEN_", 8) != 0) out.emplace_back(*at);
  }
  for (const auto& [name, value] : variables) out.push_back(name + "=" + value);
  return out;
}

/// Polls until `ready` says so: another process cannot notify this one.
template <class Ready>
bool wait_until(TimeNs limit, Ready ready) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::nanoseconds(limit);
  while (!ready()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace

std::string program(const std::string& name) {
  const char* directory = std::getenv("DURAMEN_BIN_DIR");  // NOLINT(concurrency-mt-unsafe)
  return std::string(directory != nullptr ? directory : DURAMEN_BUILD_BIN_DIR) + "/" + name;
}

Result<void> DaemonProcess::start(
    const std::vector<std::string>& args,
    const std::vector<std::pair<std::string, std::string>>& variables) {
  if (running()) return Error{ErrorCode::kAlreadyExists, "the daemon runs already"};
  base_url_.clear();
  // All memory before fork: the child of a process with threads may only make system calls.
  std::vector<std::string> words = {program("duramend")};
  words.insert(words.end(), args.begin(), args.end());
  std::vector<std::string> settings = environment(variables);
  const std::vector<char*> argv = pointers(words);
  const std::vector<char*> envp = pointers(settings);
  const std::string err = files_.file("stderr");
  const std::string out = files_.file("stdout");
  // Before the child does: nobody may read what an earlier daemon wrote.
  for (const std::string& file : {err, out}) ::unlink(file.c_str());
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0)
    return Error{ErrorCode::kInternal, "fork: " + std::generic_category().message(errno)};
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(126);
    constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND;
    const int err_file = ::open(err.c_str(), kFlags, 0600);
    const int out_file = ::open(out.c_str(), kFlags, 0600);
    if (err_file < 0 || out_file < 0) ::_exit(126);
    ::dup2(out_file, STDOUT_FILENO);
    ::dup2(err_file, STDERR_FILENO);
    ::execve(argv[0], argv.data(), envp.data());
    ::_exit(127);
  }
  return {};
}

Result<void> DaemonProcess::start_in(const std::string& directory,
                                     const std::vector<std::string>& args) {
  std::vector<std::string> all = {"--data-dir", directory, "--http-listen", "127.0.0.1:0"};
  all.insert(all.end(), args.begin(), args.end());
  DURAMEN_TRY_VOID(start(all));
  return wait_ready();
}

bool DaemonProcess::running() {
  if (pid_ <= 0) return false;
  const pid_t gone = ::waitpid(pid_, &status_, WNOHANG);
  if (gone == 0) return true;
  pid_ = -1;
  return false;
}

Result<void> DaemonProcess::wait_ready(TimeNs limit) {
  constexpr std::string_view kMark = " ready: ";
  bool ended = false;
  std::string text;
  const bool in_time = wait_until(limit, [&] {
    ended = !running();  // asked before its stderr is read: nothing is missed
    text = stderr_text();
    const std::size_t at = text.find(kMark);
    const std::size_t end = at == std::string::npos ? at : text.find(' ', at + kMark.size());
    if (end == std::string::npos) return ended;
    base_url_ = text.substr(at + kMark.size(), end - at - kMark.size());
    return true;
  });
  if (!base_url_.empty() && !ended) return {};
  if (ended) return Error{ErrorCode::kUnavailable, "the daemon ended at start: " + text};
  return Error{ErrorCode::kDeadlineExceeded,
               (in_time ? "" : "the daemon is not ready in time: ") + text};
}

Result<void> DaemonProcess::wait_stderr(const std::string& text, TimeNs limit) {
  bool found = false;
  wait_until(limit, [&] {
    const bool ended = !running();
    found = stderr_text().find(text) != std::string::npos;
    return found || ended;
  });
  if (found) return {};
  return Error{ErrorCode::kDeadlineExceeded,
               "'" + text + "' is not in the daemon's stderr: " + stderr_text()};
}

Result<void> DaemonProcess::signal(int number) {
  if (!running() || ::kill(pid_, number) != 0) {
    return Error{ErrorCode::kNotFound, "the daemon does not run"};
  }
  return {};
}

void DaemonProcess::kill() {
  if (!running()) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, &status_, 0);
  pid_ = -1;
}

Result<int> DaemonProcess::terminate(TimeNs limit) {
  DURAMEN_TRY_VOID(signal(SIGTERM));
  return wait_exit(limit);
}

Result<int> DaemonProcess::wait_exit(TimeNs limit) {
  if (!wait_until(limit, [this] { return !running(); })) {
    return Error{ErrorCode::kDeadlineExceeded, "the daemon still runs: " + stderr_text()};
  }
  return WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
}

std::string DaemonProcess::stderr_text() const { return read_file(files_.file("stderr")); }
std::string DaemonProcess::stdout_text() const { return read_file(files_.file("stdout")); }

}  // namespace duramen::support
