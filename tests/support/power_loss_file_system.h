#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace duramen::testing {

/// A file system that loses power: from the n-th operation that changes something on, every such
/// operation fails; lose_unsynced() then does to the real files what a power cut may do to them.
///
/// What survives: bytes that were synced, and what was done to names (made, renamed, deleted)
/// before their directory was synced. What is at stake, decided by seeded draws: of each file the
/// bytes behind the last sync, and of each directory what was done to its names since: a random
/// number of steps from the first on stays, as journalling file systems have it, the rest is
/// undone. Files that were not written through it are taken as durable.
/// Writing a table seems to go well without power, though nothing of it stays: RocksDB 7.8 aborts
/// when it cannot write one in a compaction, and the manifest that would name it fails anyway.
/// Nothing is really synced, which costs most of the time otherwise. Threading: any thread.
class PowerLossFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  /// What may be left of the unsynced bytes of a file, up to a random length.
  enum class Tail {
    kPrefix,     ///< all of them
    kZeroPages,  ///< each page of 4 KiB is there, or is zeros
    kAnyPages    ///< each page of 4 KiB is there, or is zeros, or is garbage
  };
  enum class Change { kCreate, kAppend, kSync, kRename, kDelete, kDirectorySync };
  /// Sees each change before it is made; what it gives, unless it is OK, is what the caller gets.
  using Hook = std::function<rocksdb::IOStatus(Change, const std::string& name)>;

  PowerLossFileSystem(std::shared_ptr<rocksdb::FileSystem> target, std::uint64_t seed,
                      Tail tail = Tail::kPrefix)
      : FileSystemWrapper(std::move(target)), tail_(tail), random_(seed) {}

  static const char* kClassName() { return "PowerLossFileSystem"; }
  const char* Name() const override { return kClassName(); }

  /// Power goes at the `operations`-th changing operation from now.
  void cut_after(std::uint64_t operations) { left_.store(static_cast<std::int64_t>(operations)); }
  /// Power goes now; what a hook calls.
  void cut() { cut_.store(true); }
  bool is_cut() const { return cut_.load(); }
  std::uint64_t operations() const { return operations_.load(); }
  /// Fails exactly one changing operation with `fault`, `operations` from now; then all is well
  /// again.
  void fail_once_after(std::uint64_t operations, rocksdb::IOStatus fault) {
    fault_ = std::move(fault);
    fail_left_.store(static_cast<std::int64_t>(operations));
  }
  /// An empty one sees nothing. A change that has begun may still be with the one before.
  void set_hook(Hook hook);
  /// Call when nobody has a file open any more. The power is back afterwards.
  void lose_unsynced();
  /// How many bytes of each file that was written are synced: for a test that loses by itself.
  std::map<std::string, std::uint64_t> synced_sizes();

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* result,
                                       rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* result,
                                 rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;

 private:
  friend class PowerLossFile;
  friend class PowerLossDirectory;
  struct FileState {
    std::uint64_t size = 0;
    std::uint64_t synced = 0;
  };
  /// One step done to a name, with what it takes to undo it.
  struct NameStep {
    std::string name;
    std::string from;  ///< renamed from it; empty: made, or deleted
    std::string kept;  ///< where the file lies that had the name before; empty: none had it
  };
  rocksdb::IOStatus change(Change what, const std::string& name);
  void on_append(const std::string& name, std::uint64_t bytes);
  void on_sync(const std::string& name);
  void on_directory_sync(const std::string& directory);
  std::string set_aside(const std::string& name);
  void move(const std::string& from, const std::string& to);
  void lose_bytes(const std::string& name, const FileState& state);
  void spoil_page(std::string& page);
  void undo(const NameStep& step);

  const Tail tail_;
  std::atomic<std::int64_t> left_{-1};
  std::atomic<std::int64_t> fail_left_{-1};
  rocksdb::IOStatus fault_;
  std::atomic<bool> cut_{false};
  std::atomic<std::uint64_t> operations_{0};
  std::mutex mutex_;  // all below
  Hook hook_;
  std::mt19937_64 random_;
  std::uint64_t set_aside_ = 0;
  std::map<std::string, FileState> files_;              // by where they lie
  std::map<std::string, std::vector<NameStep>> steps_;  // by directory, since its last sync
};

/// An Env over it that never rests: RocksDB sleeps for a second after each failed flush.
std::unique_ptr<rocksdb::Env> restless_env(const std::shared_ptr<PowerLossFileSystem>& fs);

}  // namespace duramen::testing
