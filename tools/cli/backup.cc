#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "backup/destination.h"
#include "backup/receive.h"
#include "base/json_text.h"
#include "base/time_text.h"
#include "tools/cli/context.h"
#include "tools/cli/json_access.h"
#include "tools/cli/problem.h"
#include "tools/cli/progress.h"
#include "tools/cli/row.h"
#include "tools/cli/table.h"

namespace duramen::cli {
namespace {

using backup::Manifest;

constexpr std::chrono::minutes kPatience{30};  // until a copy is made, and between two pieces
constexpr std::size_t kReadBytes = 256 * 1024;

/// A bar that knows about how much there will be.
class Taken {
 public:
  Taken(Output& err, std::uint64_t total) : total_(total), progress_(err, total, true) {}
  backup::OnBytes counter() {
    return [this](std::uint64_t bytes) { progress_.set(bytes_ += bytes, total_); };
  }

 private:
  std::uint64_t total_;
  std::uint64_t bytes_ = 0;
  Progress progress_;
};

/// What a daemon has on its disk: about what a backup has. 0: not known.
std::uint64_t size_of_store(Client& client) {
  HttpRequest request;
  request.target = "/api/v1/status";
  const auto reply = client.call(request);
  if (!reply || !reply->ok()) return 0;
  const auto status = nlohmann::json::parse(shallow(reply->body), nullptr, false);
  if (!status.is_object()) return 0;
  return number(member(status, "disk"), "total_bytes");
}

/// `open`: gives where it goes, once the daemon has begun.
Result<Manifest> receive_from_daemon(const Context& context, Client& client,
                                     const std::function<Result<backup::FileTree*>()>& open) {
  Taken taken(context.err, size_of_store(client));
  HttpRequest request;
  request.method = "POST";
  request.target = "/api/v1/admin/backup";
  request.timeout = kPatience;
  std::optional<Manifest> manifest;
  const auto reply = client.call_with_reader(
      request, [&](const std::function<std::string()>& next) -> Result<void> {
        DURAMEN_TRY(backup::FileTree* const tree, open());
        const auto source = [&next]() -> Result<std::string> { return next(); };
        DURAMEN_TRY(manifest, backup::receive_stream(source, *tree, taken.counter()));
        return {};
      });
  if (!reply) return reply.error();
  if (!reply->ok()) return problem_error(*reply);
  return *manifest;
}

Result<Manifest> receive_from_tar(const Context& context, const std::string& path,
                                  backup::FileTree& tree) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  Taken taken(context.err, error ? 0 : size);
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const auto failed = [&] {
    return Error{ErrorCode::kUnavailable,
                 "cannot read " + path + ": " + std::generic_category().message(errno)};
  };
  if (fd < 0) return failed();
  auto manifest = backup::receive_stream(
      [&]() -> Result<std::string> {
        std::string bytes(kReadBytes, '\0');
        const ssize_t n = ::read(fd, bytes.data(), bytes.size());
        if (n < 0) return failed();
        bytes.resize(static_cast<std::size_t>(n));
        return bytes;
      },
      tree, taken.counter());
  ::close(fd);
  return manifest;
}

Result<Manifest> receive_from_directory(const Context& context, const std::string& path,
                                        backup::FileTree& tree) {
  DURAMEN_TRY(const auto manifest, backup::read_manifest(path));
  Taken taken(context.err, manifest.bytes());
  return backup::receive_directory(path, manifest, tree, taken.counter());
}

std::string summary_json(const Manifest& manifest, const std::string& directory) {
  std::string out = "{\"directory\":";
  append_json_string_lossy(out, directory);
  out += ",\"files\":" + std::to_string(manifest.files.size()) +
         ",\"bytes\":" + std::to_string(manifest.bytes()) +
         ",\"durable_seq\":" + std::to_string(manifest.durable.value()) + ",\"store_id\":";
  append_json_string_lossy(out, manifest.store_id);
  out += ",\"time\":\"" + to_rfc3339(manifest.time) + "\",\"version\":";
  append_json_string_lossy(out, manifest.version);
  return out + "}";
}

Result<int> print_summary(const Context& context, const Manifest& manifest, std::string_view done,
                          const std::string& directory) {
  if (context.options.output == OutputFormat::kJson) {
    DURAMEN_TRY_VOID(context.out.line(summary_json(manifest, directory)));
    return kExitOk;
  }
  DURAMEN_TRY_VOID(context.out.line(
      std::string(done) + " " + visible_on_one_line(directory) + ": " +
      grouped_digits(manifest.files.size()) + " files, " + grouped_digits(manifest.bytes()) +
      " bytes, every row up to seq " + std::to_string(manifest.durable.value())));
  return kExitOk;
}

bool is_url(const std::string& from) {
  return from.starts_with("http://") || from.starts_with("https://");
}

Result<Manifest> receive(const Context& context, const std::string& from, backup::FileTree& tree) {
  if (is_url(from)) {
    DURAMEN_TRY(const auto client, Client::open(from, context.options.token));
    return receive_from_daemon(context, *client,
                               [&tree]() -> Result<backup::FileTree*> { return &tree; });
  }
  std::error_code error;
  if (std::filesystem::is_regular_file(from, error)) return receive_from_tar(context, from, tree);
  return receive_from_directory(context, from, tree);
}

}  // namespace

Result<int> run_backup(const Context& context, const BackupCommand& command) {
  DURAMEN_TRY_VOID(backup::BackupDirectory::check(command.directory));
  DURAMEN_TRY(const auto client, context.open_client());
  std::optional<backup::BackupDirectory> to;
  auto manifest = receive_from_daemon(context, *client, [&]() -> Result<backup::FileTree*> {
    DURAMEN_TRY(auto begun, backup::BackupDirectory::begin(command.directory));
    to.emplace(std::move(begun));
    return &to->tree();
  });
  if (!manifest) {
    Error error = std::move(manifest).error();
    if (to) {
      error.message += "; what came is in " + backup::partial_path(command.directory) +
                       ", is no backup, and is replaced by the next try";
    }
    return error;
  }
  DURAMEN_TRY_VOID(to->commit());
  return print_summary(context, *manifest, "backed up into", command.directory);
}

Result<int> run_restore(const Context& context, const RestoreCommand& command) {
  DURAMEN_TRY(auto to, backup::DataDirectory::begin(command.data_dir));
  DURAMEN_TRY(const auto manifest, receive(context, command.from, to.tree()));
  DURAMEN_TRY_VOID(to.commit(manifest));
  return print_summary(context, manifest, "restored into", command.data_dir);
}

}  // namespace duramen::cli
