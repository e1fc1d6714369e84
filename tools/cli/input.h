#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"

namespace duramen::cli {

/// The bytes of a file or of standard input, unpacked when they begin with the magic number of gzip
/// (any number of members) or zstd (any number of frames).
///
/// Threading: one thread. Memory: a few hundred KiB. Errors: kNotFound and kUnavailable (names the
/// file and the reason), kDataLoss (damaged or cut-off compressed data: at which byte of the file).
class Input {
 public:
  /// `-` is standard input.
  static Result<std::unique_ptr<Input>> open(const std::string& path);

  Input() = default;
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;
  Input(Input&&) = delete;
  Input& operator=(Input&&) = delete;
  virtual ~Input() = default;

  /// Fills up to `size` bytes; 0 at the end.
  virtual Result<std::size_t> read(char* to, std::size_t size) = 0;
  /// Bytes of the file (as it lies on the disk) that are behind.
  virtual std::uint64_t file_position() const = 0;
  /// False for packed input: it was packed when nothing was written to it any more.
  virtual bool may_grow() const { return true; }
};

}  // namespace duramen::cli
