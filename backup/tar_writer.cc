#include "backup/tar_writer.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <optional>
#include <system_error>
#include <utility>

namespace duramen::backup {
namespace {

constexpr int kBlockBytes = 64 * 1024;
constexpr std::size_t kReadBytes = 256 * 1024;
constexpr int kMode = 0644;

Error cannot_read(const std::string& path, const std::string& why) {
  return {ErrorCode::kUnavailable, "cannot read " + path + ": " + why};
}
std::string last_error() { return std::generic_category().message(errno); }

/// A file descriptor that is closed.
struct Descriptor {
  explicit Descriptor(int fd) : number(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor(Descriptor&&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
  const int number;
};

/// What goes wrong in the sink is kept aside, and libarchive hears nothing of it: one that has
/// failed does not free all that it holds.
class ArchiveWriter final : public TarWriter {
 public:
  explicit ArchiveWriter(Sink sink) : sink_(std::move(sink)), buffer_(kReadBytes, '\0') {}
  ArchiveWriter(const ArchiveWriter&) = delete;
  ArchiveWriter& operator=(const ArchiveWriter&) = delete;
  ArchiveWriter(ArchiveWriter&&) = delete;
  ArchiveWriter& operator=(ArchiveWriter&&) = delete;
  ~ArchiveWriter() override {
    if (archive_ == nullptr) return;
    // What it holds is not written as if all were well.
    if (!error_) error_ = Error{ErrorCode::kCancelled, "the tar was left"};
    archive_write_free(archive_);
  }

  Result<void> start() {
    archive_ = archive_write_new();
    if (archive_ == nullptr) return Error{ErrorCode::kUnavailable, "no memory for a tar"};
    const bool ready = archive_write_set_format_pax_restricted(archive_) == ARCHIVE_OK &&
                       archive_write_set_bytes_per_block(archive_, kBlockBytes) == ARCHIVE_OK &&
                       archive_write_set_bytes_in_last_block(archive_, 1) == ARCHIVE_OK &&
                       archive_write_open(archive_, this, nullptr, write, nullptr) == ARCHIVE_OK;
    return ready ? Result<void>() : failure();
  }

  Result<File> add_file(const std::string& name, const std::string& path) override {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (file.number < 0) return cannot_read(path, last_error());
    struct stat status {};
    if (::fstat(file.number, &status) != 0) return cannot_read(path, last_error());
    File out{name, static_cast<std::uint64_t>(status.st_size), {}};
    DURAMEN_TRY_VOID(begin(name, out.size, status.st_mtime));
    Hash128Stream digest;
    for (std::uint64_t left = out.size; left > 0;) {
      const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(left, kReadBytes));
      const ssize_t n = ::read(file.number, buffer_.data(), want);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return cannot_read(path, last_error());
      if (n == 0) return cannot_read(path, "it became shorter");
      const std::string_view bytes(buffer_.data(), static_cast<std::size_t>(n));
      digest.add(bytes);
      DURAMEN_TRY_VOID(data(bytes));
      left -= bytes.size();
    }
    out.digest = digest.result();
    return out;
  }

  Result<void> add_text(const std::string& name, std::string_view text) override {
    DURAMEN_TRY_VOID(begin(name, text.size(), 0));
    return data(text);
  }

  Result<void> finish() override { return outcome(archive_write_close(archive_) == ARCHIVE_OK); }

 private:
  static la_ssize_t write(archive* /*a*/, void* self, const void* bytes, std::size_t size) {
    auto& writer = *static_cast<ArchiveWriter*>(self);
    if (!writer.error_) {
      auto sent = writer.sink_({static_cast<const char*>(bytes), size});
      if (!sent) writer.error_ = std::move(sent).error();
    }
    return static_cast<la_ssize_t>(size);
  }

  Result<void> begin(const std::string& name, std::uint64_t size, std::time_t changed) {
    archive_entry* entry = archive_entry_new();
    if (entry == nullptr) return Error{ErrorCode::kUnavailable, "no memory for a tar"};
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, kMode);
    archive_entry_set_size(entry, static_cast<la_int64_t>(size));
    archive_entry_set_mtime(entry, changed, 0);
    const int code = archive_write_header(archive_, entry);
    archive_entry_free(entry);
    return outcome(code == ARCHIVE_OK);
  }

  Result<void> data(std::string_view bytes) {
    while (!bytes.empty()) {
      const la_ssize_t n = archive_write_data(archive_, bytes.data(), bytes.size());
      DURAMEN_TRY_VOID(outcome(n > 0));
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
  }

  Result<void> outcome(bool good) const { return good && !error_ ? Result<void>() : failure(); }

  Error failure() const {
    if (error_) return *error_;
    const char* why = archive_error_string(archive_);
    return {ErrorCode::kUnavailable, std::string("tar: ") + (why != nullptr ? why : "failed")};
  }

  Sink sink_;
  std::string buffer_;
  archive* archive_ = nullptr;
  std::optional<Error> error_;
};

}  // namespace

Result<std::unique_ptr<TarWriter>> TarWriter::open(Sink sink) {
  auto writer = std::make_unique<ArchiveWriter>(std::move(sink));
  DURAMEN_TRY_VOID(writer->start());
  return std::unique_ptr<TarWriter>(std::move(writer));
}

}  // namespace duramen::backup
