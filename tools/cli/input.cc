#include "tools/cli/input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/stream_decoder.h"

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

class PackedInput final : public Input {
 public:
  PackedInput(std::unique_ptr<PlainInput> file, ContentCoding coding)
      : file_(std::move(file)), decoder_(StreamDecoder::create(coding)), packed_(kChunk, '\0') {}
  std::uint64_t file_position() const override { return file_->file_position() - (end_ - begin_); }
  bool may_grow() const override { return false; }

  Result<std::size_t> read(char* to, std::size_t size) override {
    while (true) {
      if (begin_ == end_ && !decoder_->holds_output()) {
        DURAMEN_TRY(end_, file_->read(packed_.data(), packed_.size()));
        begin_ = 0;
        if (end_ == 0) {
          return decoder_->at_border() ? Result<std::size_t>(0) : fault("it ends too early");
        }
      }
      const std::string_view rest = std::string_view(packed_).substr(begin_, end_ - begin_);
      const auto step = decoder_->decode(rest, to, size);
      if (!step) return fault(step.error().message);
      begin_ += step->consumed;
      if (step->produced != 0) return step->produced;
    }
  }

 private:
  Error fault(const std::string& what) const {
    return {ErrorCode::kDataLoss, file_->path() + ": " + what + " at byte " +
                                      std::to_string(file_position()) + " of the file"};
  }

  std::unique_ptr<PlainInput> file_;
  std::unique_ptr<StreamDecoder> decoder_;
  std::string packed_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
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
    return std::unique_ptr<Input>(
        std::make_unique<PackedInput>(std::move(file), ContentCoding::kGzip));
  if (magic == "\x28\xb5\x2f\xfd")
    return std::unique_ptr<Input>(
        std::make_unique<PackedInput>(std::move(file), ContentCoding::kZstd));
  return std::unique_ptr<Input>(std::move(file));
}

}  // namespace duramen::cli
