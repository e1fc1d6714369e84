#include "tests/tools/cli_process.h"

#include <fcntl.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/daemon_process.h"

namespace duramen::support {
namespace {

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

std::vector<std::string> environment(const Variables& variables, const std::string& home) {
  std::vector<std::string> out;
  for (char** at = environ; *at != nullptr; ++at) {
    const std::string_view entry(*at);
    const bool ours = entry.starts_with("DURAMEN_") || entry.starts_with("HOME=") ||
                      entry.starts_with("XDG_STATE_HOME=") || entry.starts_with("TZ=") ||
                      entry.starts_with("NO_COLOR=") || entry.starts_with("TERM=") ||
                      entry.starts_with("PATH=");
    if (!ours) out.emplace_back(entry);
  }
  const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe)
  const std::string programs = std::filesystem::path(program("duramen")).parent_path().string();
  out.push_back("PATH=" + programs + ":" + (path != nullptr ? path : "/usr/bin:/bin"));
  out.push_back("HOME=" + home);
  out.emplace_back("TZ=UTC");
  for (const auto& [name, value] : variables) out.push_back(name + "=" + value);
  return out;
}

}  // namespace

void CliProcess::start(const std::vector<std::string>& words, const Variables& variables,
                       const std::string& input) {
  launch(words, variables, input, -1);
}

void CliProcess::launch(const std::vector<std::string>& words, const Variables& variables,
                        const std::string& input, int terminal, bool controlling) {
  // All memory before fork: the child of a process with threads may only make system calls.
  std::vector<std::string> copy = words;
  std::vector<std::string> settings = environment(variables, files_.path());
  const std::vector<char*> argv = pointers(copy);
  const std::vector<char*> envp = pointers(settings);
  const std::string in = files_.file("stdin");
  const std::string out = files_.file("stdout");
  const std::string err = files_.file("stderr");
  std::ofstream(in, std::ios::binary) << input;
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ != 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(126);
  if (controlling && (::setsid() < 0 || ::ioctl(terminal, TIOCSCTTY, 0) != 0)) ::_exit(126);
  const int in_file = controlling ? terminal : ::open(in.c_str(), O_RDONLY);
  const int flags = O_WRONLY | O_CREAT | O_TRUNC;
  const int out_file = terminal >= 0 ? terminal : ::open(out.c_str(), flags, 0600);
  const int err_file = terminal >= 0 ? terminal : ::open(err.c_str(), flags, 0600);
  if (in_file < 0 || out_file < 0 || err_file < 0) ::_exit(126);
  ::dup2(in_file, STDIN_FILENO);
  ::dup2(out_file, STDOUT_FILENO);
  ::dup2(err_file, STDERR_FILENO);
  ::execve(argv[0], argv.data(), envp.data());
  ::_exit(127);
}

bool CliProcess::running() {
  if (pid_ <= 0) return false;
  if (::waitpid(pid_, &status_, WNOHANG) == 0) return true;
  pid_ = -1;
  return false;
}

void CliProcess::kill() {
  if (!running()) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, &status_, 0);
  pid_ = -1;
}

CliRun CliProcess::wait() {
  if (pid_ > 0) ::waitpid(pid_, &status_, 0);
  pid_ = -1;
  const int code = WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
  return {code, content(files_.file("stdout")), content(files_.file("stderr"))};
}

CliRun CliProcess::run(const std::vector<std::string>& arguments, const Variables& variables,
                       const std::string& input) {
  std::vector<std::string> words = {program("duramen")};
  words.insert(words.end(), arguments.begin(), arguments.end());
  start(words, variables, input);
  return wait();
}

CliRun CliProcess::run_on_terminal(const std::vector<std::string>& arguments,
                                   const Variables& variables, const std::string& input) {
  int master = -1;
  int slave = -1;
  winsize size{24, 80, 0, 0};
  if (::openpty(&master, &slave, nullptr, nullptr, &size) != 0) return {-1, "", "no terminal"};
  ::fcntl(master, F_SETFD, FD_CLOEXEC);
  termios raw{};
  ::tcgetattr(slave, &raw);
  ::cfmakeraw(&raw);
  ::tcsetattr(slave, TCSANOW, &raw);
  std::vector<std::string> words = {program("duramen")};
  words.insert(words.end(), arguments.begin(), arguments.end());
  launch(words, variables, input, slave);
  ::close(slave);
  std::string text;
  char bytes[4096];
  // An error is the end: nobody has the other side open any more.
  for (ssize_t n = 0; (n = ::read(master, bytes, sizeof bytes)) > 0;)
    text.append(bytes, static_cast<std::size_t>(n));
  ::close(master);
  if (pid_ > 0) ::waitpid(pid_, &status_, 0);
  pid_ = -1;
  return {WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_), text, ""};
}

void CliProcess::start_on_terminal(const std::vector<std::string>& arguments,
                                   const Variables& variables, int terminal) {
  std::vector<std::string> words = {program("duramen")};
  words.insert(words.end(), arguments.begin(), arguments.end());
  launch(words, variables, {}, terminal, true);
}

void CliProcess::signal(int number) const {
  if (pid_ > 0) ::kill(pid_, number);
}

CliRun CliProcess::shell(const std::string& line, const Variables& variables) {
  start({"/bin/bash", "-c", line}, variables);
  return wait();
}

}  // namespace duramen::support
