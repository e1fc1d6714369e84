#include "tools/bench/daemon.h"

#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <thread>

namespace duramen::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::chrono::seconds kStartLimit{30};
constexpr std::chrono::seconds kStopLimit{15};
constexpr std::chrono::milliseconds kPollInterval{5};
constexpr const char* kAddressFile = "/http.address";  ///< in the data directory

Error failed(const std::string& what) { return {ErrorCode::kUnavailable, what}; }

/// Of all threads, those that ended too.
Result<double> cpu_seconds(pid_t pid) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) {
    return failed("the CPU time of duramend cannot be read");
  }
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace

Result<std::unique_ptr<Daemon>> Daemon::start(const std::string& program,
                                              const std::string& directory,
                                              const std::vector<std::string>& options) {
  std::error_code code;
  std::filesystem::create_directories(directory, code);
  if (code) return failed("create " + directory + ": " + code.message());
  if (!std::filesystem::is_empty(directory, code) || code) {
    return Error{ErrorCode::kInvalidArgument,
                 directory + " is not empty: a measurement needs a fresh directory"};
  }
  std::vector<std::string> command = {program,       "--data-dir",  directory, "--http-listen",
                                      "127.0.0.1:0", "--log-level", "warning"};
  command.insert(command.end(), options.begin(), options.end());
  std::unique_ptr<Daemon> daemon(new Daemon(directory, std::move(command)));
  DURAMEN_TRY_VOID(daemon->spawn());
  return daemon;
}

Result<void> Daemon::restart() {
  // The address of the last time, should it not have ended well.
  std::error_code ignored;
  std::filesystem::remove(directory_ + kAddressFile, ignored);
  return spawn();
}

Result<void> Daemon::spawn() {
  std::vector<char*> argv;
  for (std::string& argument : command_) argv.push_back(argument.data());
  argv.push_back(nullptr);
  if (const int e = ::posix_spawn(&pid_, argv[0], nullptr, nullptr, argv.data(), environ)) {
    pid_ = -1;
    return failed("start " + command_[0] + ": " + std::generic_category().message(e));
  }
  return wait_for_address(directory_ + kAddressFile);
}

Result<void> Daemon::wait_for_address(const std::string& file) {
  const auto deadline = SteadyClock::now() + kStartLimit;
  while (SteadyClock::now() < deadline) {
    int status = 0;
    if (ended(status)) {
      pid_ = -1;
      return failed("duramend ended at once; its message is above");
    }
    std::ifstream in(file);
    std::string address;
    if (std::getline(in, address) && address.rfind(':') != std::string::npos) {
      host_ = address.substr(0, address.rfind(':'));
      port_ = address.substr(address.rfind(':') + 1);
      return {};
    }
    std::this_thread::sleep_for(kPollInterval);
  }
  return failed("duramend wrote no " + file + " within 30 s");
}

bool Daemon::ended(int& status) const { return ::waitpid(pid_, &status, WNOHANG) == pid_; }

Result<ProcessUse> Daemon::use() const {
  const std::string base = "/proc/" + std::to_string(pid_);
  std::ifstream stat(base + "/stat");
  std::string line;
  if (!std::getline(stat, line)) return failed("duramend is gone");
  // Behind the name in brackets: field 3 and on (proc(5)); 14 and 15 are user and system time.
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  std::string field;
  std::array<double, 16> values{};
  for (std::size_t i = 3; i < values.size() && fields >> field; ++i) {
    values[i] = i == 3 ? 0 : std::stod(field);
  }
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  ProcessUse use{values[14] / ticks, values[15] / ticks, 0, 0};
  DURAMEN_TRY(use.cpu_seconds, cpu_seconds(pid_));
  std::ifstream status(base + "/status");
  while (std::getline(status, line)) {
    if (line.starts_with("VmHWM:")) use.peak_memory_bytes = std::stoull(line.substr(6)) * 1024;
  }
  return use;
}

Result<void> Daemon::stop() {
  if (pid_ <= 0) return {};
  ::kill(pid_, SIGTERM);
  const auto deadline = SteadyClock::now() + kStopLimit;
  int status = 0;
  bool gone = false;
  while (!(gone = ended(status)) && SteadyClock::now() < deadline) {
    std::this_thread::sleep_for(kPollInterval);
  }
  if (!gone) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, &status, 0);
  }
  pid_ = -1;
  if (gone && WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return failed("duramend did not end well (wait status " + std::to_string(status) + ")");
}

Daemon::~Daemon() {
  if (auto stopped = stop(); !stopped) {
    std::fprintf(stderr, "duramen-bench: %s\n", stopped.error().message.c_str());
  }
}

std::uint64_t disk_use(const std::string& directory) {
  std::uint64_t bytes = 0;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory, ignored)) {
    struct stat info {};
    if (::lstat(entry.path().c_str(), &info) == 0) {
      bytes += static_cast<std::uint64_t>(info.st_blocks) * 512;
    }
  }
  return bytes;
}

}  // namespace duramen::bench
