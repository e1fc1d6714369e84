#include <rocksdb/utilities/checkpoint.h>

#include <filesystem>
#include <limits>
#include <memory>
#include <system_error>

#include "store/local_store.h"

namespace duramen::store {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPutAside = "put-aside";

Error cannot(std::string_view what, const fs::path& path, const std::error_code& error) {
  return {ErrorCode::kUnavailable,
          "cannot " + std::string(what) + " " + path.string() + ": " + error.message()};
}

Result<void> checkpoint_database(const Database& database, const fs::path& path) {
  rocksdb::Checkpoint* made = nullptr;
  auto status = rocksdb::Checkpoint::Create(&database.raw(), &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  // Never flush: the logs are in it, all of them, the last one as far as it is written now.
  const auto no_flush = std::numeric_limits<std::uint64_t>::max();
  if (status.ok()) status = checkpoint->CreateCheckpoint(path.string(), no_flush);
  if (status.ok()) return {};
  return to_error(status, "copy the store to " + path.string());
}

/// Files there are never changed but for the report, which grows at its end.
Result<void> link_put_aside(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (!fs::is_directory(from, error)) return {};
  fs::create_directory(to, error);
  if (error) return cannot("make", to, error);
  fs::directory_iterator at(from, error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    std::error_code failed;
    if (!at->is_regular_file(failed) || at->is_symlink(failed)) continue;
    const fs::path target = to / at->path().filename();
    fs::create_hard_link(at->path(), target, failed);
    if (failed) fs::copy_file(at->path(), target, failed);  // a file system without links
    const bool is_gone = failed == std::errc::no_such_file_or_directory;  // by the operator
    if (failed && !is_gone) return cannot("copy", at->path(), failed);
  }
  if (error) return cannot("read", from, error);
  return {};
}

}  // namespace

Result<model::Seq> LocalStore::checkpoint(const std::string& directory) {
  std::error_code error;
  const fs::path to = fs::absolute(directory, error);
  if (error) return cannot("find", directory, error);
  if (fs::exists(to / "db", error)) {
    return Error{ErrorCode::kAlreadyExists, "there is a store in " + directory};
  }
  // No segment may come or go meanwhile: RocksDB would let files go that are about to be linked
  // (see Database::change_families()), a log among them without a word.
  const MutexLock work(work_mutex_);
  const model::Seq durable = catalog_->durable();
  DURAMEN_TRY_VOID(checkpoint_database(*database_, to / "db"));
  DURAMEN_TRY_VOID(link_put_aside(fs::path(options_.directory) / kPutAside, to / kPutAside));
  return durable;
}

}  // namespace duramen::store
