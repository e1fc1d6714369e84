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

Result<void> PutAside::make_folder() const {
  std::error_code error;
  fs::create_directories(directory_, error);
  if (!error) return {};
  return Error{ErrorCode::kUnavailable, "cannot create " + directory_ + ": " + error.message()};
}

Result<std::string> PutAside::keep(const std::string& file) const {
  DURAMEN_TRY_VOID(make_folder());
  const std::string name = fs::path(file).filename();
  for (int i = 0; i < kMaxCopies; ++i) {
    const std::string candidate = i == 0 ? name : name + "." + std::to_string(i);
    std::error_code error;
    if (fs::exists(path(candidate), error)) {
      if (fs::equivalent(file, path(candidate), error)) return candidate;
      continue;
    }
    fs::create_hard_link(file, path(candidate), error);
    if (error) fs::copy_file(file, path(candidate), error);  // a file system without links
    if (!error) return candidate;
    const ErrorCode code = error == std::errc::no_such_file_or_directory ? ErrorCode::kNotFound
                                                                         : ErrorCode::kUnavailable;
    return Error{code, "cannot keep " + file + " as " + path(candidate) + ": " + error.message()};
  }
  return Error{ErrorCode::kUnavailable,
               directory_ + " holds too many copies of " + name + ": move the folder elsewhere"};
}

Result<void> PutAside::keep(const std::string& name, std::string_view content) const {
  DURAMEN_TRY_VOID(make_folder());
  std::error_code error;
  if (fs::exists(path(name), error)) return {};
  return replace_file(path(name), content);
}

Result<void> PutAside::report(const std::string& line) const {
  DURAMEN_TRY_VOID(make_folder());
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
