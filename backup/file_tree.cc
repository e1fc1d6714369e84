#include "backup/file_tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace duramen::backup {
namespace {

/// Synced this often, no sync takes so long on a slow disk that the sender takes us for gone.
constexpr std::uint64_t kSyncBytes = 8U << 20;

Error failed(std::string_view what, const std::string& path) {
  return {ErrorCode::kUnavailable, "cannot " + std::string(what) + " " + path + ": " +
                                       std::generic_category().message(errno)};
}

}  // namespace

struct FileTree::OpenFile {
  OpenFile() = default;
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  OpenFile(OpenFile&&) = delete;
  OpenFile& operator=(OpenFile&&) = delete;
  ~OpenFile() {
    if (fd >= 0) ::close(fd);
  }
  int fd = -1;
  std::string path;
  std::uint64_t unsynced = 0;
  File file;
  Hash128Stream digest;
};

FileTree::FileTree(std::string directory, std::optional<Owner> owner)
    : directory_(std::move(directory)), owner_(owner) {}

Result<FileTree> FileTree::make(std::string directory, std::optional<Owner> owner) {
  FileTree out(std::move(directory), owner);
  DURAMEN_TRY_VOID(out.make_folder(out.directory_));
  return out;
}

Result<void> FileTree::make_folder(const std::string& path) const {
  if (::mkdir(path.c_str(), 0777) != 0) return failed("make", path);
  if (owner_ && ::lchown(path.c_str(), owner_->user, owner_->group) != 0) {
    return failed("give its owner to", path);
  }
  return {};
}

Result<void> FileTree::begin(const std::string& name) {
  if (name != kManifestName && !is_backup_file(name)) {
    return Error{ErrorCode::kDataLoss,
                 "'" + name.substr(0, 200) + "' is no name of a file in a backup"};
  }
  const std::size_t slash = name.find('/');
  if (slash != std::string::npos && folders_.insert(name.substr(0, slash)).second) {
    DURAMEN_TRY_VOID(make_folder(directory_ + "/" + name.substr(0, slash)));
  }
  auto file = std::make_shared<OpenFile>();
  file->path = directory_ + "/" + name;
  file->file.name = name;
  file->fd = ::open(file->path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (file->fd < 0 && errno == EEXIST) {
    return Error{ErrorCode::kDataLoss, name + " comes twice"};
  }
  if (file->fd < 0) return failed("make", file->path);
  if (owner_ && ::fchown(file->fd, owner_->user, owner_->group) != 0) {
    return failed("give its owner to", file->path);
  }
  file_ = std::move(file);
  return {};
}

Result<void> FileTree::write(std::string_view bytes) {
  file_->digest.add(bytes);
  file_->file.size += bytes.size();
  file_->unsynced += bytes.size();
  while (!bytes.empty()) {
    const ssize_t n = ::write(file_->fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("write", file_->path);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  if (file_->unsynced < kSyncBytes) return {};
  file_->unsynced = 0;
  return ::fdatasync(file_->fd) == 0 ? Result<void>() : failed("sync", file_->path);
}

Result<File> FileTree::end() {
  const auto file = std::exchange(file_, nullptr);
  if (::fsync(file->fd) != 0) return failed("sync", file->path);
  file->file.digest = file->digest.result();
  return file->file;
}

Result<File> FileTree::add_text(const std::string& name, std::string_view text) {
  DURAMEN_TRY_VOID(begin(name));
  DURAMEN_TRY_VOID(write(text));
  return end();
}

Result<void> FileTree::sync() const {
  for (const std::string& folder : folders_) {
    DURAMEN_TRY_VOID(sync_directory(directory_ + "/" + folder));
  }
  return sync_directory(directory_);
}

Result<void> sync_directory(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return failed("open", path);
  const bool synced = ::fsync(fd) == 0;
  const Error error = failed("sync", path);
  ::close(fd);
  return synced ? Result<void>() : error;
}

}  // namespace duramen::backup
