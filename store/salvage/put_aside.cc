#include "store/salvage/put_aside.h"

#include <filesystem>
#include <system_error>

#include "base/log.h"
#include "base/time_text.h"
#include "store/salvage/files.h"

namespace duramen::store {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFolder = "put-aside";
constexpr const char* kReport = "report.txt";
constexpr int kMaxCopies = 1000;

}  // namespace

PutAside::PutAside(const std::string& data_directory, const Clock& clock)
    : directory_(data_directory + "/" + kFolder), clock_(clock) {}

std::string PutAside::path(std::string_view name) const {
  return directory_ + "/" + std::string(name);
}

Result<std::string> PutAside::free_name(const std::string& name) const {
  std::error_code error;
  fs::create_directories(directory_, error);
  if (error) {
    return Error{ErrorCode::kUnavailable, "cannot create " + directory_ + ": " + error.message()};
  }
  for (int i = 0; i < kMaxCopies; ++i) {
    const std::string candidate = path(i == 0 ? name : name + "." + std::to_string(i));
    if (!fs::exists(candidate, error)) return candidate;
  }
  return Error{ErrorCode::kUnavailable,
               directory_ + " holds too many copies of " + name + ": move the folder elsewhere"};
}

Result<void> PutAside::keep(const std::string& file) const {
  DURAMEN_TRY(const std::string name, free_name(fs::path(file).filename()));
  std::error_code error;
  fs::create_hard_link(file, name, error);
  if (!error) return {};
  fs::copy_file(file, name, error);  // a file system without links
  if (!error) return {};
  return Error{ErrorCode::kUnavailable,
               "cannot keep a copy of " + file + " as " + name + ": " + error.message()};
}

Result<void> PutAside::link(const std::string& file) const {
  std::error_code error;
  if (fs::exists(path(fs::path(file).filename().string()), error)) return {};
  return keep(file);
}

Result<void> PutAside::keep(std::string_view name, std::string_view content) const {
  DURAMEN_TRY(const std::string file, free_name(std::string(name)));
  return replace_file(file, content);
}

Result<void> PutAside::report(const std::string& line) const {
  std::error_code error;
  fs::create_directories(directory_, error);
  log_error("damage was put aside", {{"what", line}});
  return append_to_file(path(kReport), to_rfc3339(clock_.now()) + " " + line + "\n");
}

std::vector<std::string> PutAside::lines(const std::string& data_directory) {
  std::vector<std::string> out;
  const auto report = read_file(data_directory + "/" + kFolder + "/" + kReport);
  if (!report) return out;
  std::string_view rest = *report;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    if (end != 0) out.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (out.size() > kMaxLines) {
    out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(kMaxLines));
  }
  return out;
}

}  // namespace duramen::store
