#include "backup/staging.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "backup/manifest.h"
#include "base/log.h"

namespace duramen::backup {
namespace {

namespace fs = std::filesystem;

Error disk(std::string_view what, const fs::path& path, const std::error_code& error) {
  return {ErrorCode::kUnavailable,
          "cannot " + std::string(what) + " " + path.string() + ": " + error.message()};
}

/// A link, or a copy where there are no links. Nothing to copy is no error.
Result<void> link_if_there(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (!fs::exists(from, error)) return {};
  fs::create_hard_link(from, to, error);
  if (error) fs::copy_file(from, to, error);
  return error ? Result<void>(disk("copy", from, error)) : Result<void>();
}

}  // namespace

Result<Staging> Staging::make(store::Store& store, const IndexCopier& copy_index,
                              const std::string& data_dir) {
  DURAMEN_TRY_VOID(remove_staging(data_dir));
  Staging out(data_dir + "/" + std::string(store::kStagingFolder));
  std::error_code error;
  fs::create_directory(out.directory_, error);
  if (error) return disk("make", out.directory_, error);
  fs::create_directory(out.directory_ + "/index", error);
  if (error) return disk("make", out.directory_ + "/index", error);
  if (copy_index) DURAMEN_TRY_VOID(copy_index(out.directory_ + "/index"));
  DURAMEN_TRY(out.durable_, store.checkpoint(out.directory_));
  const std::string limit(kRetentionName);
  DURAMEN_TRY_VOID(link_if_there(data_dir + "/" + limit, out.directory_ + "/" + limit));
  return out;
}

Staging::~Staging() {
  if (directory_.empty()) return;
  std::error_code error;
  fs::remove_all(directory_, error);
  if (error) {
    log_warning("what a backup held on to is removed at the next backup or start",
                {{"directory", directory_}, {"error", error.message()}});
  }
}

Result<std::vector<std::string>> Staging::files() const {
  std::vector<std::string> out;
  std::error_code error;
  fs::recursive_directory_iterator at(directory_, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    if (!at->is_regular_file(error) || error) continue;
    std::string name = at->path().lexically_relative(directory_).generic_string();
    if (!is_backup_file(name)) {
      log_warning("a file with such a name is not taken into a backup", {{"file", name}});
      continue;
    }
    out.push_back(std::move(name));
    if (out.size() > kMostFiles) {
      return Error{ErrorCode::kResourceExhausted,
                   "the store has more than " + std::to_string(kMostFiles) +
                       " files, which is more than one backup may have: drop old days by "
                       "retention, or stop the daemon and copy its data directory"};
    }
  }
  if (error) return disk("read", directory_, error);
  std::sort(out.begin(), out.end());
  return out;
}

Result<void> remove_staging(const std::string& data_dir) {
  const fs::path folder = fs::path(data_dir) / store::kStagingFolder;
  std::error_code error;
  fs::remove_all(folder, error);
  return error ? Result<void>(disk("remove", folder, error)) : Result<void>();
}

}  // namespace duramen::backup
