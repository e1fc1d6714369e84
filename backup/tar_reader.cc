#include "backup/tar_reader.h"

#include <archive.h>
#include <archive_entry.h>

#include <cerrno>
#include <utility>

namespace duramen::backup {
namespace {

constexpr std::size_t kReadBytes = 256 * 1024;
constexpr std::size_t kShownName = 200;

std::string shown(const std::string& name) { return "'" + name.substr(0, kShownName) + "'"; }

class ArchiveReader final : public TarReader {
 public:
  explicit ArchiveReader(Source source) : source_(std::move(source)), buffer_(kReadBytes, '\0') {}
  ArchiveReader(const ArchiveReader&) = delete;
  ArchiveReader& operator=(const ArchiveReader&) = delete;
  ArchiveReader(ArchiveReader&&) = delete;
  ArchiveReader& operator=(ArchiveReader&&) = delete;
  ~ArchiveReader() override {
    if (archive_ != nullptr) archive_read_free(archive_);
  }

  Result<void> start() {
    archive_ = archive_read_new();
    if (archive_ == nullptr) return Error{ErrorCode::kUnavailable, "no memory for a tar"};
    // Tar and nothing else: no compression, and none of the other formats that it knows.
    const bool ready = archive_read_support_format_tar(archive_) == ARCHIVE_OK &&
                       archive_read_open(archive_, this, nullptr, pull, nullptr) == ARCHIVE_OK;
    return ready ? Result<void>() : failure();
  }

  Result<std::optional<Member>> next() override {
    archive_entry* entry = nullptr;
    const int code = archive_read_next_header(archive_, &entry);
    if (code == ARCHIVE_EOF) return std::optional<Member>();
    // A warning is about what is strange: names in an unknown encoding, fields of no meaning.
    if (code != ARCHIVE_OK) return failure();
    const char* name = archive_entry_pathname(entry);
    if (name == nullptr) return Error{ErrorCode::kDataLoss, "tar: a member without a name"};
    Member out{name, 0};
    const bool is_plain =
        archive_entry_filetype(entry) == AE_IFREG && archive_entry_hardlink(entry) == nullptr &&
        archive_entry_symlink(entry) == nullptr && archive_entry_sparse_count(entry) == 0 &&
        archive_entry_size_is_set(entry) != 0 && archive_entry_size(entry) >= 0;
    if (!is_plain) {
      return Error{ErrorCode::kDataLoss, "tar: " + shown(out.name) + " is no plain file"};
    }
    out.size = static_cast<std::uint64_t>(archive_entry_size(entry));
    left_ = out.size;
    return std::optional<Member>(std::move(out));
  }

  Result<std::string_view> read() override {
    const la_ssize_t n = archive_read_data(archive_, buffer_.data(), buffer_.size());
    if (n < 0) return failure();
    const auto bytes = static_cast<std::size_t>(n);
    if (bytes > left_ || (bytes == 0 && left_ > 0)) {
      return Error{ErrorCode::kDataLoss, "tar: a member is not of its size"};
    }
    left_ -= bytes;
    return std::string_view(buffer_.data(), bytes);
  }

 private:
  static la_ssize_t pull(archive* a, void* self, const void** bytes) {
    auto& reader = *static_cast<ArchiveReader*>(self);
    auto got = reader.source_();
    if (!got) {
      reader.error_ = std::move(got).error();
      archive_set_error(a, EIO, "the source failed");
      return -1;
    }
    reader.chunk_ = *std::move(got);
    *bytes = reader.chunk_.data();
    return static_cast<la_ssize_t>(reader.chunk_.size());
  }

  Error failure() const {
    if (error_) return *error_;
    const char* why = archive_ != nullptr ? archive_error_string(archive_) : nullptr;
    return {ErrorCode::kDataLoss, std::string("tar: ") + (why != nullptr ? why : "cannot be read")};
  }

  Source source_;
  std::string buffer_;
  std::string chunk_;  ///< what libarchive reads from now
  std::uint64_t left_ = 0;
  archive* archive_ = nullptr;
  std::optional<Error> error_;
};

}  // namespace

Result<std::unique_ptr<TarReader>> TarReader::open(Source source) {
  auto reader = std::make_unique<ArchiveReader>(std::move(source));
  DURAMEN_TRY_VOID(reader->start());
  return std::unique_ptr<TarReader>(std::move(reader));
}

}  // namespace duramen::backup
