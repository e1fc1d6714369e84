#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "backup/manifest.h"
#include "base/checksum.h"
#include "base/result.h"

namespace duramen::backup {

/// Whose new files are.
struct Owner {
  unsigned user = 0;
  unsigned group = 0;
};

/// Writes the files of a backup below a directory that it makes: as duramend would make them, each
/// with its digest. Names are is_backup_file() or kManifestName, each once.
/// Threading: one thread. Blocking: disk. Errors: kUnavailable (names the file and the reason, as a
/// full disk), kDataLoss (a name that is bad or there already).
class FileTree {
 public:
  /// The directory must not be there. `owner`: none: whose the process is.
  static Result<FileTree> make(std::string directory, std::optional<Owner> owner);
  FileTree(FileTree&&) noexcept = default;
  FileTree(const FileTree&) = delete;
  FileTree& operator=(const FileTree&) = delete;
  FileTree& operator=(FileTree&&) = delete;
  ~FileTree() = default;

  Result<void> begin(const std::string& name);
  Result<void> write(std::string_view bytes);
  /// The file is on the disk.
  Result<File> end();
  Result<File> add_text(const std::string& name, std::string_view text);
  /// So are the names of all. Nothing follows.
  Result<void> sync() const;
  const std::string& directory() const { return directory_; }

 private:
  struct OpenFile;
  FileTree(std::string directory, std::optional<Owner> owner);
  Result<void> make_folder(const std::string& path) const;

  std::string directory_;
  std::optional<Owner> owner_;
  std::set<std::string> folders_;
  std::shared_ptr<OpenFile> file_;
};

/// What was renamed in it stays so. Errors: kUnavailable.
Result<void> sync_directory(const std::string& path);

}  // namespace duramen::backup
