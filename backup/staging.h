#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/ids.h"
#include "store/store.h"

namespace duramen::backup {

/// Puts a copy of the index into a directory that is there; nothing to copy is no error.
using IndexCopier = std::function<Result<void>(const std::string& directory)>;

/// A copy of store and index as of one moment, in `backup-staging/` of the data directory. What it
/// links stays on the disk until it is gone. One at a time.
/// Blocking: making it, removing it. Ownership: removes the folder when it dies.
class Staging {
 public:
  /// The index first: it must know no block that the store's copy has not.
  /// Errors: kUnavailable (disk), and those of the store.
  static Result<Staging> make(store::Store& store, const IndexCopier& copy_index,
                              const std::string& data_dir);
  Staging(Staging&& other) noexcept
      : directory_(std::exchange(other.directory_, {})), durable_(other.durable_) {}
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  Staging& operator=(Staging&&) = delete;
  ~Staging();

  const std::string& directory() const { return directory_; }
  /// Every row up to it is in the copy.
  model::Seq durable() const { return durable_; }
  /// Its files by the names that they have in a backup, sorted. One with a name that no backup has
  /// is left out, and logged. Errors: kUnavailable (disk), kResourceExhausted (over kMostFiles).
  Result<std::vector<std::string>> files() const;

 private:
  explicit Staging(std::string directory) : directory_(std::move(directory)) {}
  std::string directory_;
  model::Seq durable_{0};
};

/// Removes what a backup left that was killed. For who holds the lock of the data directory.
/// Errors: kUnavailable (disk).
Result<void> remove_staging(const std::string& data_dir);

}  // namespace duramen::backup
