#include "tools/process_metrics.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "tools/version.h"

namespace duramen::tools {
namespace {

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  double pages = 0;
  double resident = 0;
  file >> pages >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

/// The most that was resident at any time: what a machine must have.
double peak_resident_bytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024;
}

double open_files() {
  DIR* directory = ::opendir("/proc/self/fd");
  if (directory == nullptr) return 0;
  double count = 0;
  while (::readdir(directory) != nullptr) ++count;  // NOLINT(concurrency-mt-unsafe): own stream
  ::closedir(directory);
  return count - 3;  // ".", ".." and the directory itself
}

double most_open_files() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<double>(limit.rlim_cur);
}

}  // namespace

void register_process_metrics(MetricRegistry& metrics, const Clock& clock) {
  const double start = static_cast<double>(clock.now()) / static_cast<double>(kNsPerSecond);
  metrics.gauge("duramen_build_info", "Always 1; the version is a label.",
                {{"version", std::string(kVersion)}}, [] { return 1.0; });
  metrics.gauge("process_start_time_seconds", "Start of the process, Unix time.", {},
                [start] { return start; });
  metrics.gauge("process_cpu_seconds_total", "User and system CPU time.", {}, cpu_seconds);
  metrics.gauge("process_resident_memory_bytes", "Resident memory.", {}, resident_bytes);
  metrics.gauge("process_resident_memory_peak_bytes", "Most that was resident.", {},
                peak_resident_bytes);
  metrics.gauge("process_open_fds", "Open file descriptors.", {}, open_files);
  metrics.gauge("process_max_fds", "Limit of open file descriptors.", {}, most_open_files);
}

}  // namespace duramen::tools
