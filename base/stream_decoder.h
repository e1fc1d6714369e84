#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "base/compression.h"
#include "base/result.h"

namespace duramen {

/// Unpacks gzip (any number of members) or zstd (any number of frames) bit by bit, for files that
/// do not fit into memory; decode_body() is for whole bodies.
///
/// Threading: one thread. Memory: the decoder's own window. Errors: kDataLoss (damaged data, or no
/// memory for a decoder).
class StreamDecoder {
 public:
  struct Step {
    std::size_t consumed = 0;
    std::size_t produced = 0;
  };

  /// Nothing for kIdentity.
  static std::unique_ptr<StreamDecoder> create(ContentCoding coding);

  StreamDecoder() = default;
  StreamDecoder(const StreamDecoder&) = delete;
  StreamDecoder& operator=(const StreamDecoder&) = delete;
  StreamDecoder(StreamDecoder&&) = delete;
  StreamDecoder& operator=(StreamDecoder&&) = delete;
  virtual ~StreamDecoder() = default;

  /// Takes some of `in` and writes up to `size` bytes to `out`. A step that neither consumes nor
  /// produces wants more input. Call with empty input while holds_output().
  virtual Result<Step> decode(std::string_view in, char* out, std::size_t size) = 0;
  /// More output may come without more input.
  virtual bool holds_output() const = 0;
  /// The input may end here: nothing has begun that has not ended.
  virtual bool at_border() const = 0;
};

}  // namespace duramen
