#pragma once

#include <memory>
#include <string>
#include <utility>

#include "backup/file_tree.h"
#include "backup/manifest.h"
#include "base/result.h"
#include "store/directory_lock.h"

namespace duramen::backup {

/// A backup directory in the making: `DIR.partial` until it is whole.
/// Errors: kAlreadyExists (something is in the way: named), kUnavailable (disk).
class BackupDirectory {
 public:
  /// Nothing is there but, perhaps, an empty directory. Changes nothing.
  static Result<void> check(const std::string& path);
  /// Makes `DIR.partial`, in the place of one that an earlier try left.
  static Result<BackupDirectory> begin(const std::string& path);
  FileTree& tree() { return tree_; }
  /// It is whole and on the disk: it gets its name.
  Result<void> commit();

 private:
  BackupDirectory(std::string path, FileTree tree)
      : path_(std::move(path)), tree_(std::move(tree)) {}
  std::string path_;
  FileTree tree_;
};
/// `DIR.partial`.
std::string partial_path(const std::string& path);

/// An empty data directory that a backup is put back into. Files come into `restore-partial/` in it
/// and get their places when all are there, the store last: no daemon ever finds half of it, and
/// none can open the directory meanwhile (lock).
/// Errors: kAlreadyExists (not empty: says what is there), kUnavailable (a daemon has it; disk).
class DataDirectory {
 public:
  /// Made when absent. What an earlier try left in it is removed. As root, everything in it is
  /// given to whom the directory belongs.
  static Result<DataDirectory> begin(const std::string& path);
  DataDirectory(DataDirectory&&) noexcept = default;
  DataDirectory(const DataDirectory&) = delete;
  DataDirectory& operator=(const DataDirectory&) = delete;
  DataDirectory& operator=(DataDirectory&&) = delete;
  /// Removes what came so far when it was not committed.
  ~DataDirectory();
  FileTree& tree() { return *tree_; }
  /// Errors: also kDataLoss (the backup has no store).
  Result<void> commit(const Manifest& manifest);

 private:
  DataDirectory(std::string path, store::DirectoryLock lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}
  Result<void> clear() const;

  std::string path_;
  store::DirectoryLock lock_;
  std::unique_ptr<FileTree> tree_;
};

}  // namespace duramen::backup
