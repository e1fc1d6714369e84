#include "tests/support/power_loss_file_system.h"

#include <filesystem>
#include <system_error>
#include <utility>

namespace duramen::testing {

using rocksdb::IOStatus;

class PowerLossFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  PowerLossFile(std::unique_ptr<rocksdb::FSWritableFile> file, std::string name,
                PowerLossFileSystem& fs)
      : FSWritableFileOwnerWrapper(std::move(file)), name_(std::move(name)), fs_(fs) {}

  IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                  rocksdb::IODebugContext* debug) override {
    if (auto status = fs_.change(); !status.ok()) return status;
    fs_.on_append(name_, data.size());
    return FSWritableFileOwnerWrapper::Append(data, options, debug);
  }
  IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                  const rocksdb::DataVerificationInfo& /*info*/,
                  rocksdb::IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus Sync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
    if (auto status = fs_.change(); !status.ok()) return status;
    auto status = FSWritableFileOwnerWrapper::Sync(options, debug);
    if (status.ok()) fs_.on_sync(name_);
    return status;
  }
  IOStatus Fsync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
    return Sync(options, debug);
  }
  IOStatus RangeSync(std::uint64_t /*offset*/, std::uint64_t /*bytes*/,
                     const rocksdb::IOOptions& /*options*/,
                     rocksdb::IODebugContext* /*debug*/) override {
    return fs_.change();  // a hint: promises nothing
  }

 private:
  std::string name_;
  PowerLossFileSystem& fs_;
};

class PowerLossDirectory final : public rocksdb::FSDirectoryWrapper {
 public:
  PowerLossDirectory(std::unique_ptr<rocksdb::FSDirectory> directory, std::string name,
                     PowerLossFileSystem& fs)
      : FSDirectoryWrapper(std::move(directory)), name_(std::move(name)), fs_(fs) {}

  IOStatus Fsync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
    if (auto status = fs_.change(); !status.ok()) return status;
    fs_.on_directory_sync(name_);
    return FSDirectoryWrapper::Fsync(options, debug);
  }
  IOStatus FsyncWithDirOptions(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug,
                               const rocksdb::DirFsyncOptions& /*hint*/) override {
    return Fsync(options, debug);
  }

 private:
  std::string name_;
  PowerLossFileSystem& fs_;
};

IOStatus PowerLossFileSystem::change() {
  ++operations_;
  if (cut_.load()) return IOStatus::IOError("power is gone");
  if (left_.load() >= 0 && left_.fetch_sub(1) == 0) {
    cut_.store(true);
    return IOStatus::IOError("power is gone");
  }
  if (fail_left_.load() >= 0 && fail_left_.fetch_sub(1) == 0) return fault_;
  return IOStatus::OK();
}

void PowerLossFileSystem::on_append(const std::string& name, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  files_[name].size += bytes;
}

void PowerLossFileSystem::on_sync(const std::string& name) {
  const std::lock_guard lock(mutex_);
  files_[name].synced = files_[name].size;
}

void PowerLossFileSystem::on_directory_sync(const std::string& directory) {
  const std::lock_guard lock(mutex_);
  const auto wanted = std::filesystem::path(directory).lexically_normal();
  for (auto& [name, state] : files_) {
    const auto parent = std::filesystem::path(name).lexically_normal().parent_path();
    if (parent == wanted || parent / "" == wanted) state.name_synced = true;
  }
}

IOStatus PowerLossFileSystem::NewWritableFile(const std::string& name,
                                              const rocksdb::FileOptions& options,
                                              std::unique_ptr<rocksdb::FSWritableFile>* result,
                                              rocksdb::IODebugContext* debug) {
  if (auto status = change(); !status.ok()) return status;
  if (auto status = FileSystemWrapper::NewWritableFile(name, options, result, debug); !status.ok())
    return status;
  {
    const std::lock_guard lock(mutex_);
    files_[name] = FileState{};
  }
  *result = std::make_unique<PowerLossFile>(std::move(*result), name, *this);
  return IOStatus::OK();
}

IOStatus PowerLossFileSystem::ReopenWritableFile(const std::string& name,
                                                 const rocksdb::FileOptions& options,
                                                 std::unique_ptr<rocksdb::FSWritableFile>* result,
                                                 rocksdb::IODebugContext* debug) {
  if (auto status = change(); !status.ok()) return status;
  if (auto status = FileSystemWrapper::ReopenWritableFile(name, options, result, debug);
      !status.ok())
    return status;
  *result = std::make_unique<PowerLossFile>(std::move(*result), name, *this);
  return IOStatus::OK();
}

IOStatus PowerLossFileSystem::NewDirectory(const std::string& name,
                                           const rocksdb::IOOptions& options,
                                           std::unique_ptr<rocksdb::FSDirectory>* result,
                                           rocksdb::IODebugContext* debug) {
  if (auto status = FileSystemWrapper::NewDirectory(name, options, result, debug); !status.ok())
    return status;
  *result = std::make_unique<PowerLossDirectory>(std::move(*result), name, *this);
  return IOStatus::OK();
}

IOStatus PowerLossFileSystem::RenameFile(const std::string& from, const std::string& to,
                                         const rocksdb::IOOptions& options,
                                         rocksdb::IODebugContext* debug) {
  if (auto status = change(); !status.ok()) return status;
  auto status = FileSystemWrapper::RenameFile(from, to, options, debug);
  const std::lock_guard lock(mutex_);
  if (const auto found = files_.find(from); status.ok() && found != files_.end()) {
    files_[to] = found->second;
    // A rename is taken as lasting, like a journalling file system that orders it before later
    // syncs: what is at stake here are contents.
    files_[to].name_synced = true;
    files_.erase(from);
  }
  return status;
}

IOStatus PowerLossFileSystem::DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                                         rocksdb::IODebugContext* debug) {
  if (auto status = change(); !status.ok()) return status;
  {
    const std::lock_guard lock(mutex_);
    files_.erase(name);
  }
  return FileSystemWrapper::DeleteFile(name, options, debug);
}

void PowerLossFileSystem::lose_unsynced() {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, state] : files_) {
    std::error_code error;
    if (!std::filesystem::exists(name, error)) continue;
    const std::uint64_t size = std::filesystem::file_size(name, error);
    const bool draw = (random_() & 1) != 0;
    if (!state.name_synced && state.synced == 0 && draw) {
      std::filesystem::remove(name, error);
      continue;
    }
    std::uint64_t keep = std::min(state.synced, size);
    if (size > keep && draw) keep += random_() % (size - keep);
    std::filesystem::resize_file(name, keep, error);
  }
  files_.clear();
}

}  // namespace duramen::testing
