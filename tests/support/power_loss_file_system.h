#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <utility>

namespace duramen::testing {

/// A file system that loses power: from the n-th operation that changes something on, every
/// operation fails; lose_unsynced() then does to the real files what a power cut may do to them.
///
/// What survives: bytes that were synced, and names whose directory was synced after the file was
/// made. What is at stake, decided by a seeded draw per file: the unsynced tail (a random part of
/// it stays) and the whole file when its name was never synced. Threading: any thread.
class PowerLossFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  PowerLossFileSystem(std::shared_ptr<rocksdb::FileSystem> target, std::uint64_t seed)
      : FileSystemWrapper(std::move(target)), random_(seed) {}

  static const char* kClassName() { return "PowerLossFileSystem"; }
  const char* Name() const override { return kClassName(); }

  /// Power goes at the `operations`-th changing operation from now.
  void cut_after(std::uint64_t operations) { left_.store(static_cast<std::int64_t>(operations)); }
  bool is_cut() const { return cut_.load(); }
  std::uint64_t operations() const { return operations_.load(); }
  /// Fails exactly one changing operation with `fault`, `operations` from now; then all is well
  /// again.
  void fail_once_after(std::uint64_t operations, rocksdb::IOStatus fault) {
    fault_ = std::move(fault);
    fail_left_.store(static_cast<std::int64_t>(operations));
  }
  /// Call when nobody has a file open any more.
  void lose_unsynced();

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
    bool name_synced = false;
  };
  rocksdb::IOStatus change();
  void on_append(const std::string& name, std::uint64_t bytes);
  void on_sync(const std::string& name);
  void on_directory_sync(const std::string& directory);

  std::atomic<std::int64_t> left_{-1};
  std::atomic<std::int64_t> fail_left_{-1};
  rocksdb::IOStatus fault_;
  std::atomic<bool> cut_{false};
  std::atomic<std::uint64_t> operations_{0};
  std::mutex mutex_;
  std::mt19937_64 random_;
  std::map<std::string, FileState> files_;
};

}  // namespace duramen::testing
