#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace duramen::store {

/// The folder `put-aside` of a data directory: damaged files as they were found, and a report of
/// what was found and done, a line each. The operator removes the folder; until then `status` and
/// `verify` repeat its lines.
/// Internal to store/. Threading: any thread, one at a time. Blocking: writes are synced.
class PutAside {
 public:
  PutAside(const std::string& data_directory, const Clock& clock);

  /// Keeps a file as it is now, under its own name or that and a number. Hard-linked: it costs no
  /// room and no time, and a file that is later replaced, not changed, keeps its bytes here.
  /// Gives the name. Once only: a file that is there already is not kept again.
  Result<std::string> keep(const std::string& path) const;
  /// Keeps bytes; once only: a file of this name stays.
  Result<void> keep(const std::string& name, std::string_view content) const;
  /// Adds a line to the report, and logs it.
  Result<void> report(const std::string& line) const;

  std::string path(std::string_view name) const;

  /// The lines of the report, the newest kMaxLines; none when there is no such folder.
  static std::vector<std::string> lines(const std::string& data_directory);
  static constexpr std::size_t kMaxLines = 100;

 private:
  Result<void> make_folder() const;

  std::string directory_;
  const Clock& clock_;
};

}  // namespace duramen::store
