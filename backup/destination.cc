#include "backup/destination.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

namespace duramen::backup {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPartial = "restore-partial";
constexpr const char* kStore = "db";
/// In the order in which they get their places; the store after them.
constexpr const char* kBesideStore[] = {"index", "put-aside", "retention.bytes"};

Error disk(std::string_view what, const fs::path& path, const std::error_code& error) {
  return {ErrorCode::kUnavailable,
          "cannot " + std::string(what) + " " + path.string() + ": " + error.message()};
}

/// Without a slash at its end.
fs::path plain(const std::string& path) {
  fs::path out = fs::path(path).lexically_normal();
  return out.has_filename() ? out : out.parent_path();
}

Result<std::set<std::string>> names_in(const fs::path& path) {
  std::set<std::string> out;
  std::error_code error;
  fs::directory_iterator at(path, error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    out.insert(at->path().filename().string());
  }
  if (error) return disk("read", path, error);
  return out;
}

Result<void> remove_tree(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  return error ? Result<void>(disk("remove", path, error)) : Result<void>();
}

Result<void> move_to(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  return error ? Result<void>(disk("rename", from, error)) : Result<void>();
}

std::string parent_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path().string() : ".";
}

/// Whether it is what a broken-off backup leaves.
Result<void> remove_partial(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(path, error))) return {};
  DURAMEN_TRY(const auto names, names_in(path));
  const bool ours = std::all_of(names.begin(), names.end(), [](const std::string& name) {
    return is_backup_folder(name) || name == kManifestName || name == kRetentionName;
  });
  if (ours) return remove_tree(path);
  return Error{ErrorCode::kAlreadyExists,
               path.string() + " is in the way, and is no backup that broke off: remove it"};
}

}  // namespace

std::string partial_path(const std::string& path) { return plain(path).string() + ".partial"; }

Result<void> BackupDirectory::check(const std::string& path) {
  std::error_code error;
  const auto status = fs::symlink_status(path, error);
  if (!fs::exists(status)) return {};
  const bool is_empty = fs::is_directory(status) && fs::is_empty(path, error) && !error;
  if (is_empty) return {};
  return Error{ErrorCode::kAlreadyExists,
               path + " is there and is no empty directory: name one that is not there yet"};
}

Result<BackupDirectory> BackupDirectory::begin(const std::string& path) {
  DURAMEN_TRY_VOID(check(path));
  const std::string partial = partial_path(path);
  DURAMEN_TRY_VOID(remove_partial(partial));
  DURAMEN_TRY(auto tree, FileTree::make(partial, std::nullopt));
  return BackupDirectory(plain(path).string(), std::move(tree));
}

Result<void> BackupDirectory::commit() {
  DURAMEN_TRY_VOID(check(path_));
  DURAMEN_TRY_VOID(move_to(tree_.directory(), path_));
  return sync_directory(parent_of(path_));
}

Result<DataDirectory> DataDirectory::begin(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return disk("make", path, error);
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    return disk("look at", path, std::error_code(errno, std::generic_category()));
  }
  DURAMEN_TRY(auto lock, store::DirectoryLock::take(path));
  DataDirectory out(path, std::move(lock));
  DURAMEN_TRY_VOID(out.clear());
  std::optional<Owner> owner;
  if (::geteuid() == 0) {
    owner = {status.st_uid, status.st_gid};
    if (::lchown((path + "/lock").c_str(), status.st_uid, status.st_gid) != 0) {
      return disk("give its owner to", path + "/lock",
                  std::error_code(errno, std::generic_category()));
    }
  }
  DURAMEN_TRY(auto tree, FileTree::make(path + "/" + kPartial, owner));
  out.tree_ = std::make_unique<FileTree>(std::move(tree));
  return out;
}

Result<void> DataDirectory::clear() const {
  DURAMEN_TRY(auto names, names_in(path_));
  names.erase("lock");
  names.erase("lost+found");
  if (names.erase(kPartial) != 0) {
    for (const char* name : kBesideStore) names.erase(name);
  }
  if (!names.empty()) {
    return Error{ErrorCode::kAlreadyExists,
                 "the data directory " + path_ + " is not empty (" + *names.begin() +
                     "): a backup is put back into an empty one; move what is there elsewhere, "
                     "or choose another with --data-dir"};
  }
  const std::string partial = path_ + "/" + kPartial;
  if (std::error_code error; !fs::exists(partial, error)) return {};
  for (const char* name : kBesideStore) DURAMEN_TRY_VOID(remove_tree(path_ + "/" + name));
  return remove_tree(partial);
}

DataDirectory::~DataDirectory() {
  if (tree_ == nullptr) return;
  std::error_code ignored;  // the next try removes it
  fs::remove_all(tree_->directory(), ignored);
}

Result<void> DataDirectory::commit(const Manifest& manifest) {
  const bool has_store = std::any_of(manifest.files.begin(), manifest.files.end(),
                                     [](const File& file) { return file.name == "db/CURRENT"; });
  if (!has_store) return Error{ErrorCode::kDataLoss, "the backup has no store in it"};
  const std::string from = tree_->directory() + "/";
  const std::string to = path_ + "/";
  for (const char* name : kBesideStore) {
    if (std::error_code error; fs::exists(from + name, error)) {
      DURAMEN_TRY_VOID(move_to(from + name, to + name));
    }
  }
  DURAMEN_TRY_VOID(sync_directory(path_));
  DURAMEN_TRY_VOID(move_to(from + kStore, to + kStore));
  DURAMEN_TRY_VOID(sync_directory(path_));
  return {};
}

}  // namespace duramen::backup
