#include "tools/cli/input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>

namespace duramen::cli {
namespace {

constexpr std::size_t kChunk = 256 * 1024;

/// A descriptor with its first bytes looked at and not consumed.
class PlainInput final : public Input {
 public:
  PlainInput(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  ~PlainInput() override {
    if (descriptor_ != STDIN_FILENO) ::close(descriptor_);
  }
  PlainInput(const PlainInput&) = delete;
  PlainInput& operator=(const PlainInput&) = delete;
  PlainInput(PlainInput&&) = delete;
  PlainInput& operator=(PlainInput&&) = delete;

  Result<std::size_t> read(char* to, std::size_t size) override {
    if (!head_.empty()) {
      const std::size_t n = std::min(size, head_.size());
      std::memcpy(to, head_.data(), n);
      head_.erase(0, n);
      position_ += n;
      return n;
    }
    DURAMEN_TRY(const std::size_t n, read_descriptor(to, size));
    position_ += n;
    return n;
  }
  std::uint64_t file_position() const override { return position_; }
  const std::string& path() const { return path_; }

  /// The first four bytes, or fewer at the end of a short input.
  Result<std::string_view> peek() {
    while (head_.size() < 4) {
      char byte[4];
      DURAMEN_TRY(const std::size_t n, read_descriptor(byte, 4 - head_.size()));
      if (n == 0) break;
      head_.append(byte, n);
    }
    return std::string_view(head_);
  }

 private:
  Result<std::size_t> read_descriptor(char* to, std::size_t size) {
    while (true) {
      const ssize_t n = ::read(descriptor_, to, size);
      if (n >= 0) return static_cast<std::size_t>(n);
      if (errno == EINTR) continue;
      return Error{ErrorCode::kUnavailable,
                   "cannot read " + path_ + ": " + std::system_category().message(errno)};
    }
  }

  std::string path_;
  int descriptor_;
  std::string head_;
  std::uint64_t position_ = 0;
};

/// What gzip and zstd have in common: a buffer of packed bytes.
class PackedInput : public Input {
 public:
  explicit PackedInput(std::unique_ptr<PlainInput> file)
      : file_(std::move(file)), packed_(kChunk, '\0') {}
  std::uint64_t file_position() const override { return file_->file_position() - (end_ - begin_); }

 protected:
  Result<bool> refill() {
    DURAMEN_TRY(end_, file_->read(packed_.data(), packed_.size()));
    begin_ = 0;
    return end_ != 0;
  }
  Error damaged(std::string_view what) const {
    return {ErrorCode::kDataLoss, file_->path() + ": " + std::string(what) + " at byte " +
                                      std::to_string(file_position()) + " of the file"};
  }

  std::unique_ptr<PlainInput> file_;
  std::string packed_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

class GzipInput final : public PackedInput {
 public:
  explicit GzipInput(std::unique_ptr<PlainInput> file) : PackedInput(std::move(file)) {
    ready_ = inflateInit2(&stream_, 15 + 16) == Z_OK;
  }
  ~GzipInput() override { inflateEnd(&stream_); }
  GzipInput(const GzipInput&) = delete;
  GzipInput& operator=(const GzipInput&) = delete;
  GzipInput(GzipInput&&) = delete;
  GzipInput& operator=(GzipInput&&) = delete;

  Result<std::size_t> read(char* to, std::size_t size) override {
    if (!ready_) return Error{ErrorCode::kInternal, "zlib: no memory"};
    stream_.next_out = reinterpret_cast<Bytef*>(to);
    stream_.avail_out = static_cast<uInt>(size);
    while (stream_.avail_out == size) {
      if (begin_ == end_) {
        DURAMEN_TRY(const bool more, refill());
        if (!more)
          return inside_ ? Result<std::size_t>(damaged("the gzip data ends too early")) : 0;
      }
      DURAMEN_TRY_VOID(step());
    }
    return size - stream_.avail_out;
  }

 private:
  Result<void> step() {
    stream_.next_in = reinterpret_cast<Bytef*>(packed_.data() + begin_);
    stream_.avail_in = static_cast<uInt>(end_ - begin_);
    inside_ = true;
    const int status = inflate(&stream_, Z_NO_FLUSH);
    begin_ = end_ - stream_.avail_in;
    if (status == Z_STREAM_END) {
      inside_ = false;
      if (inflateReset(&stream_) != Z_OK) return damaged("the next gzip member cannot be read");
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      return damaged(stream_.msg != nullptr ? stream_.msg : "damaged gzip data");
    }
    return {};
  }

  z_stream stream_{};
  bool ready_ = false;
  bool inside_ = false;  ///< a member has begun and not ended
};

class ZstdInput final : public PackedInput {
 public:
  explicit ZstdInput(std::unique_ptr<PlainInput> file)
      : PackedInput(std::move(file)), context_(ZSTD_createDCtx()) {}
  ~ZstdInput() override { ZSTD_freeDCtx(context_); }
  ZstdInput(const ZstdInput&) = delete;
  ZstdInput& operator=(const ZstdInput&) = delete;
  ZstdInput(ZstdInput&&) = delete;
  ZstdInput& operator=(ZstdInput&&) = delete;

  Result<std::size_t> read(char* to, std::size_t size) override {
    if (context_ == nullptr) return Error{ErrorCode::kInternal, "zstd: no memory"};
    ZSTD_outBuffer out{to, size, 0};
    while (out.pos == 0) {
      if (begin_ == end_ && !pending_) {
        DURAMEN_TRY(const bool more, refill());
        if (!more)
          return hint_ != 0 ? Result<std::size_t>(damaged("the zstd data ends too early")) : 0;
      }
      ZSTD_inBuffer in{packed_.data(), end_, begin_};
      hint_ = ZSTD_decompressStream(context_, &out, &in);
      begin_ = in.pos;
      if (ZSTD_isError(hint_) != 0) return damaged(ZSTD_getErrorName(hint_));
      pending_ = out.pos == out.size && hint_ != 0;
    }
    return out.pos;
  }

 private:
  ZSTD_DCtx* context_;
  std::size_t hint_ = 0;  ///< 0: at the end of a frame
  bool pending_ = false;  ///< the decoder may hold more output without new input
};

}  // namespace

Result<std::unique_ptr<Input>> Input::open(const std::string& path) {
  int descriptor = STDIN_FILENO;
  if (path != "-") {
    descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
      const ErrorCode code = errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kUnavailable;
      return Error{code, "cannot open " + path + ": " + std::system_category().message(errno)};
    }
  }
  auto file = std::make_unique<PlainInput>(path == "-" ? "standard input" : path, descriptor);
  DURAMEN_TRY(const std::string_view magic, file->peek());
  if (magic.starts_with("\x1f\x8b"))
    return std::unique_ptr<Input>(std::make_unique<GzipInput>(std::move(file)));
  if (magic == "\x28\xb5\x2f\xfd")
    return std::unique_ptr<Input>(std::make_unique<ZstdInput>(std::move(file)));
  return std::unique_ptr<Input>(std::move(file));
}

}  // namespace duramen::cli
