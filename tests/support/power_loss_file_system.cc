#include "tests/support/power_loss_file_system.h"

#include <rocksdb/system_clock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <thread>
#include <utility>

namespace duramen::testing {

using rocksdb::IOStatus;

namespace {

constexpr std::uint64_t kPage = 4096;

/// Without a slash at the end, whoever names it.
std::filesystem::path plain(const std::string& directory) {
  const auto path = std::filesystem::path(directory).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

bool is_table(const std::string& name) { return name.ends_with(".sst"); }

std::string directory_of(const std::string& name) { return plain(name).parent_path().string(); }

class RestlessClock final : public rocksdb::SystemClockWrapper {
 public:
  using SystemClockWrapper::SystemClockWrapper;
  const char* Name() const override { return "RestlessClock"; }
  void SleepForMicroseconds(int /*micros*/) override { std::this_thread::yield(); }
};

class RestlessEnv final : public rocksdb::EnvWrapper {
 public:
  explicit RestlessEnv(std::unique_ptr<rocksdb::Env> env) : EnvWrapper(std::move(env)) {
    system_clock_ = std::make_shared<RestlessClock>(rocksdb::SystemClock::Default());
  }
  const char* Name() const override { return "RestlessEnv"; }
};

}  // namespace

std::unique_ptr<rocksdb::Env> restless_env(const std::shared_ptr<PowerLossFileSystem>& fs) {
  return std::make_unique<RestlessEnv>(rocksdb::NewCompositeEnv(fs));
}

class PowerLossFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  PowerLossFile(std::unique_ptr<rocksdb::FSWritableFile> file, std::string name,
                PowerLossFileSystem& fs)
      : FSWritableFileOwnerWrapper(std::move(file)), name_(std::move(name)), fs_(fs) {}

  IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                  rocksdb::IODebugContext* debug) override {
    if (auto s = fs_.change(PowerLossFileSystem::Change::kAppend, name_); !s.ok()) return s;
    fs_.on_append(name_, data.size());
    return FSWritableFileOwnerWrapper::Append(data, options, debug);
  }
  IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                  const rocksdb::DataVerificationInfo& /*info*/,
                  rocksdb::IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus Sync(const rocksdb::IOOptions& /*options*/,
                rocksdb::IODebugContext* /*debug*/) override {
    if (auto s = fs_.change(PowerLossFileSystem::Change::kSync, name_); !s.ok()) return s;
    fs_.on_sync(name_);
    return IOStatus::OK();
  }
  IOStatus Fsync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
    return Sync(options, debug);
  }
  IOStatus RangeSync(std::uint64_t /*offset*/, std::uint64_t /*bytes*/,
                     const rocksdb::IOOptions& /*options*/,
                     rocksdb::IODebugContext* /*debug*/) override {
    return IOStatus::OK();  // a hint: promises nothing
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

  IOStatus Fsync(const rocksdb::IOOptions& /*options*/,
                 rocksdb::IODebugContext* /*debug*/) override {
    if (auto s = fs_.change(PowerLossFileSystem::Change::kDirectorySync, name_); !s.ok()) return s;
    fs_.on_directory_sync(name_);
    return IOStatus::OK();
  }
  IOStatus FsyncWithDirOptions(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug,
                               const rocksdb::DirFsyncOptions& /*hint*/) override {
    return Fsync(options, debug);
  }

 private:
  std::string name_;
  PowerLossFileSystem& fs_;
};

void PowerLossFileSystem::set_hook(Hook hook) {
  const std::lock_guard lock(mutex_);
  hook_ = std::move(hook);
}

IOStatus PowerLossFileSystem::change(Change what, const std::string& name) {
  ++operations_;
  Hook hook;
  {
    const std::lock_guard lock(mutex_);
    hook = hook_;
  }
  if (hook) {
    if (auto status = hook(what, name); !status.ok()) return status;
  }
  if (!cut_.load() && left_.load() >= 0 && left_.fetch_sub(1) == 0) cut_.store(true);
  if (cut_.load()) return is_table(name) ? IOStatus::OK() : IOStatus::IOError("power is gone");
  if (fail_left_.load() >= 0 && fail_left_.fetch_sub(1) == 0) return fault_;
  return IOStatus::OK();
}

void PowerLossFileSystem::on_append(const std::string& name, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  files_[name].size += bytes;
}

void PowerLossFileSystem::on_sync(const std::string& name) {
  if (cut_.load() && is_table(name)) return;
  const std::lock_guard lock(mutex_);
  files_[name].synced = files_[name].size;
}

void PowerLossFileSystem::on_directory_sync(const std::string& directory) {
  const std::lock_guard lock(mutex_);
  auto& steps = steps_[plain(directory).string()];
  for (const NameStep& step : steps) {
    if (step.kept.empty()) continue;
    std::error_code error;
    std::filesystem::remove(step.kept, error);
    files_.erase(step.kept);
  }
  steps.clear();
}

/// Moves a file out of its directory, so that it can come back; where it lies then, or nothing when
/// there is none.
std::string PowerLossFileSystem::set_aside(const std::string& name) {
  std::error_code error;
  if (!std::filesystem::exists(name, error)) return {};
  const auto aside = std::filesystem::path(directory_of(name)).parent_path() /
                     ("unlinked-" + std::to_string(++set_aside_));
  move(name, aside.string());
  return aside.string();
}

void PowerLossFileSystem::move(const std::string& from, const std::string& to) {
  std::error_code error;
  std::filesystem::rename(from, to, error);
  files_.erase(to);
  if (auto state = files_.extract(from); !state.empty()) {
    state.key() = to;
    files_.insert(std::move(state));
  }
}

IOStatus PowerLossFileSystem::NewWritableFile(const std::string& name,
                                              const rocksdb::FileOptions& options,
                                              std::unique_ptr<rocksdb::FSWritableFile>* result,
                                              rocksdb::IODebugContext* debug) {
  if (auto status = change(Change::kCreate, name); !status.ok()) return status;
  const std::lock_guard lock(mutex_);
  NameStep step{name, "", set_aside(name)};
  auto status = FileSystemWrapper::NewWritableFile(name, options, result, debug);
  if (!status.ok()) return status;
  steps_[directory_of(name)].push_back(std::move(step));
  files_[name] = FileState{};
  *result = std::make_unique<PowerLossFile>(std::move(*result), name, *this);
  return status;
}

IOStatus PowerLossFileSystem::ReopenWritableFile(const std::string& name,
                                                 const rocksdb::FileOptions& options,
                                                 std::unique_ptr<rocksdb::FSWritableFile>* result,
                                                 rocksdb::IODebugContext* debug) {
  std::error_code error;
  if (!std::filesystem::exists(name, error)) return NewWritableFile(name, options, result, debug);
  if (auto status = change(Change::kCreate, name); !status.ok()) return status;
  auto status = FileSystemWrapper::ReopenWritableFile(name, options, result, debug);
  if (!status.ok()) return status;
  const std::lock_guard lock(mutex_);
  const std::uint64_t size = std::filesystem::file_size(name, error);
  files_.try_emplace(name, FileState{size, size});
  *result = std::make_unique<PowerLossFile>(std::move(*result), name, *this);
  return status;
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
  if (auto status = change(Change::kRename, to); !status.ok()) return status;
  if (auto status = FileExists(from, options, debug); !status.ok()) return status;
  const std::lock_guard lock(mutex_);
  NameStep step{to, from, set_aside(to)};
  move(from, to);
  steps_[directory_of(to)].push_back(std::move(step));
  return IOStatus::OK();
}

IOStatus PowerLossFileSystem::DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                                         rocksdb::IODebugContext* debug) {
  if (auto status = change(Change::kDelete, name); !status.ok()) return status;
  if (auto status = FileExists(name, options, debug); !status.ok()) return status;
  const std::lock_guard lock(mutex_);
  steps_[directory_of(name)].push_back({name, "", set_aside(name)});
  return IOStatus::OK();
}

void PowerLossFileSystem::spoil_page(std::string& page) {
  const std::uint64_t draw = random_() % 4;
  if (draw < 2) return;
  if (draw == 2 || tail_ == Tail::kZeroPages) return std::fill(page.begin(), page.end(), '\0');
  std::generate(page.begin(), page.end(), [&] { return static_cast<char>(random_()); });
}

void PowerLossFileSystem::lose_bytes(const std::string& name, const FileState& state) {
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(name, error);
  if (error || size <= state.synced) return;
  const std::uint64_t end = state.synced + random_() % (size - state.synced + 1);
  std::filesystem::resize_file(name, end, error);
  if (tail_ == Tail::kPrefix) return;
  std::fstream file(name, std::ios::binary | std::ios::in | std::ios::out);
  for (std::uint64_t at = state.synced; at < end;) {
    const std::uint64_t next = std::min(end, (at / kPage + 1) * kPage);
    std::string page(next - at, '\0');
    file.seekg(static_cast<std::streamoff>(at));
    file.read(page.data(), static_cast<std::streamsize>(page.size()));
    spoil_page(page);
    file.seekp(static_cast<std::streamoff>(at));
    file.write(page.data(), static_cast<std::streamsize>(page.size()));
    at = next;
  }
}

void PowerLossFileSystem::undo(const NameStep& step) {
  std::error_code error;
  if (!step.from.empty()) {
    std::filesystem::rename(step.name, step.from, error);
  } else {
    std::filesystem::remove(step.name, error);  // there is none when it was deleted
  }
  if (!step.kept.empty()) std::filesystem::rename(step.kept, step.name, error);
}

std::map<std::string, std::uint64_t> PowerLossFileSystem::synced_sizes() {
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::uint64_t> out;
  for (const auto& [name, state] : files_) out[name] = state.synced;
  return out;
}

void PowerLossFileSystem::lose_unsynced() {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, state] : files_) lose_bytes(name, state);
  for (auto& [directory, steps] : steps_) {
    for (std::uint64_t lost = random_() % (steps.size() + 1); lost > 0; --lost) {
      undo(steps.back());
      steps.pop_back();
    }
  }
  files_.clear();
  steps_.clear();
  cut_.store(false);
  left_.store(-1);
}

}  // namespace duramen::testing
