#include "store/wal_check.h"

#include <filesystem>
#include <system_error>

#include "store/salvage/files.h"
#include "store/salvage/log_walk.h"

namespace duramen::store {

Result<void> check_log(std::string_view log) {
  LogWalk walk(log);
  while (walk.next()) {
    if (!walk.damage().empty()) break;
  }
  if (walk.damage().empty()) return {};
  const LogDamage& first = walk.damage().front();
  return Error{ErrorCode::kDataLoss,
               "write-ahead log damaged at byte " + std::to_string(first.at) + ": " + first.what};
}

Result<void> check_wals(const std::string& directory) {
  std::error_code error;
  for (auto it = std::filesystem::directory_iterator(directory, error);
       !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
    if (it->path().extension() != ".log") continue;
    const auto log = read_file(it->path());
    if (!log && log.error().code == ErrorCode::kNotFound) continue;  // it went while we looked
    if (!log) return log.error();
    if (auto checked = check_log(*log); !checked) {
      return std::move(checked).error().with(it->path().string());
    }
  }
  return {};
}

}  // namespace duramen::store
