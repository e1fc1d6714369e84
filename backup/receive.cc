#include "backup/receive.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

namespace duramen::backup {
namespace {

constexpr std::size_t kReadBytes = 256 * 1024;
constexpr std::uint64_t kMostBehind = 1U << 20;  ///< of padding behind the tar

Error damaged(const std::string& what) {
  return {ErrorCode::kDataLoss, "the backup is damaged: " + what};
}

Result<void> compare(const File& said, const File& is) {
  if (said.size != is.size) {
    return damaged(said.name + " has " + std::to_string(is.size) + " bytes, not " +
                   std::to_string(said.size));
  }
  if (said.digest != is.digest) {
    return damaged(said.name + " has the digest " + is.digest.to_hex() + ", not " +
                   said.digest.to_hex());
  }
  return {};
}

/// Takes one stream apart.
class StreamReceiver {
 public:
  StreamReceiver(const Source& source, FileTree& tree, const OnBytes& on_bytes)
      : source_(source), tree_(tree), on_bytes_(on_bytes) {}

  Result<Manifest> run() {
    auto opened = TarReader::open(source_);
    if (!opened) return std::move(opened).error().with("what came is no backup");
    const std::unique_ptr<TarReader> tar = *std::move(opened);
    for (;;) {
      auto member = tar->next();
      if (!member) return std::move(member).error().with(place());
      if (!*member) break;
      if (auto taken = take(*tar, **member); !taken) return std::move(taken).error();
    }
    if (!manifest_text_) return damaged("it is cut off: it does not end with backup.json");
    DURAMEN_TRY(auto manifest, decode_manifest(*manifest_text_));
    DURAMEN_TRY_VOID(check(manifest));
    DURAMEN_TRY(const auto kept, tree_.add_text(std::string(kManifestName), *manifest_text_));
    DURAMEN_TRY_VOID(tree_.sync());
    DURAMEN_TRY_VOID(drain());
    return manifest;
  }

 private:
  std::string place() const { return "the backup broke off or is damaged, behind " + last_; }

  Result<void> take(TarReader& tar, const TarReader::Member& member) {
    if (manifest_text_) return damaged("something comes behind backup.json");
    if (member.name == kManifestName) return take_manifest(tar, member);
    if (member.size > kMostFileBytes) return damaged(member.name + " is larger than 1 TiB");
    if (received_.size() >= kMostFiles) return damaged("it has more than 400,000 files");
    DURAMEN_TRY_VOID(tree_.begin(member.name));
    DURAMEN_TRY_VOID(read_all(tar, [&](std::string_view bytes) { return tree_.write(bytes); }));
    DURAMEN_TRY(auto file, tree_.end());
    last_ = file.name;
    received_[file.name] = std::move(file);
    return {};
  }

  Result<void> take_manifest(TarReader& tar, const TarReader::Member& member) {
    if (member.size > kMostManifestBytes) return damaged("backup.json is larger than 64 MiB");
    std::string text;
    DURAMEN_TRY_VOID(read_all(tar, [&](std::string_view bytes) -> Result<void> {
      text += bytes;
      return {};
    }));
    manifest_text_ = std::move(text);
    return {};
  }

  Result<void> read_all(TarReader& tar,
                        const std::function<Result<void>(std::string_view)>& take_bytes) const {
    for (;;) {
      auto bytes = tar.read();
      if (!bytes) return std::move(bytes).error().with(place());
      if (bytes->empty()) return {};
      DURAMEN_TRY_VOID(take_bytes(*bytes));
      if (on_bytes_) on_bytes_(bytes->size());
    }
  }

  Result<void> check(const Manifest& manifest) const {
    for (const File& said : manifest.files) {
      const auto is = received_.find(said.name);
      if (is == received_.end()) return damaged(said.name + " is missing");
      DURAMEN_TRY_VOID(compare(said, is->second));
    }
    if (manifest.files.size() == received_.size()) return {};
    return damaged("it has files that backup.json does not name");
  }

  /// A tar ends with zeros; who sends more is up to something else.
  Result<void> drain() const {
    std::uint64_t behind = 0;
    for (;;) {
      DURAMEN_TRY(const std::string more, source_());
      if (more.empty()) return {};
      behind += more.size();
      if (behind > kMostBehind) return damaged("something comes behind the tar");
    }
  }

  const Source& source_;
  FileTree& tree_;
  const OnBytes& on_bytes_;
  std::map<std::string, File> received_;
  std::string last_ = "its begin";
  std::optional<std::string> manifest_text_;
};

Error cannot_read(const std::string& path, int error) {
  const ErrorCode code = error == ENOENT ? ErrorCode::kNotFound : ErrorCode::kUnavailable;
  return {code, "cannot read " + path + ": " + std::generic_category().message(error)};
}

Result<void> read_file(const std::string& path,
                       const std::function<Result<void>(std::string_view)>& take) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return cannot_read(path, errno);
  const std::unique_ptr<const int, void (*)(const int*)> closed(&fd,
                                                                [](const int* f) { ::close(*f); });
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return damaged(path + " is no file");
  std::string buffer(kReadBytes, '\0');
  for (;;) {
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return cannot_read(path, errno);
    if (n == 0) return {};
    DURAMEN_TRY_VOID(take({buffer.data(), static_cast<std::size_t>(n)}));
  }
}

Result<File> copy_file(const std::string& from, const File& said, FileTree& tree,
                       const OnBytes& on_bytes) {
  DURAMEN_TRY_VOID(tree.begin(said.name));
  std::uint64_t size = 0;
  auto copied = read_file(from + "/" + said.name, [&](std::string_view bytes) -> Result<void> {
    size += bytes.size();
    if (size > said.size) return damaged(said.name + " is longer than backup.json says");
    if (on_bytes) on_bytes(bytes.size());
    return tree.write(bytes);
  });
  if (!copied && copied.error().code == ErrorCode::kNotFound)
    return damaged(said.name + " is missing");
  DURAMEN_TRY_VOID(copied);
  return tree.end();
}

}  // namespace

Result<Manifest> receive_stream(const Source& source, FileTree& tree, const OnBytes& on_bytes) {
  return StreamReceiver(source, tree, on_bytes).run();
}

Result<Manifest> receive_directory(const std::string& from, const Manifest& manifest,
                                   FileTree& tree, const OnBytes& on_bytes) {
  for (const File& said : manifest.files) {
    DURAMEN_TRY(const File is, copy_file(from, said, tree, on_bytes));
    DURAMEN_TRY_VOID(compare(said, is));
  }
  DURAMEN_TRY_VOID(tree.sync());
  return manifest;
}

Result<Manifest> read_manifest(const std::string& directory) {
  std::string text;
  auto read = read_file(directory + "/" + std::string(kManifestName),
                        [&](std::string_view bytes) -> Result<void> {
                          text += bytes;
                          if (text.size() <= kMostManifestBytes) return {};
                          return damaged("backup.json is larger than 64 MiB");
                        });
  if (!read && read.error().code == ErrorCode::kNotFound) {
    return Error{ErrorCode::kNotFound,
                 directory + " is no whole backup: it has no " + std::string(kManifestName)};
  }
  DURAMEN_TRY_VOID(read);
  return decode_manifest(text);
}

}  // namespace duramen::backup
