#include "base/stream_decoder.h"

#include <zlib.h>
#include <zstd.h>

#include <string>

namespace duramen {
namespace {

Error damaged(std::string_view coding, std::string_view reason) {
  return {ErrorCode::kDataLoss, "damaged " + std::string(coding) + " data: " + std::string(reason)};
}

class GzipDecoder final : public StreamDecoder {
 public:
  GzipDecoder() : ready_(inflateInit2(&stream_, 15 + 16) == Z_OK) {}
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;
  GzipDecoder(GzipDecoder&&) = delete;
  GzipDecoder& operator=(GzipDecoder&&) = delete;
  ~GzipDecoder() override { inflateEnd(&stream_); }

  Result<Step> decode(std::string_view in, char* out, std::size_t size) override {
    if (!ready_) return damaged("gzip", "no memory");
    if (!in.empty()) inside_ = true;
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out);
    stream_.avail_out = static_cast<uInt>(size);
    const int status = inflate(&stream_, Z_NO_FLUSH);
    const Step step{in.size() - stream_.avail_in, size - stream_.avail_out};
    if (status == Z_STREAM_END) {
      inside_ = false;
      if (inflateReset(&stream_) != Z_OK) return damaged("gzip", "no further member can be read");
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      return damaged("gzip", stream_.msg != nullptr ? stream_.msg : "cannot be unpacked");
    }
    full_ = status != Z_STREAM_END && stream_.avail_out == 0;
    return step;
  }
  bool holds_output() const override { return full_; }
  bool at_border() const override { return !inside_; }

 private:
  z_stream stream_{};
  bool ready_;
  bool inside_ = false;
  bool full_ = false;
};

class ZstdDecoder final : public StreamDecoder {
 public:
  ZstdDecoder() : context_(ZSTD_createDCtx()) {}
  ZstdDecoder(const ZstdDecoder&) = delete;
  ZstdDecoder& operator=(const ZstdDecoder&) = delete;
  ZstdDecoder(ZstdDecoder&&) = delete;
  ZstdDecoder& operator=(ZstdDecoder&&) = delete;
  ~ZstdDecoder() override { ZSTD_freeDCtx(context_); }

  Result<Step> decode(std::string_view in, char* out, std::size_t size) override {
    if (context_ == nullptr) return damaged("zstd", "no memory");
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    ZSTD_outBuffer to{out, size, 0};
    hint_ = ZSTD_decompressStream(context_, &to, &from);
    if (ZSTD_isError(hint_) != 0) return damaged("zstd", ZSTD_getErrorName(hint_));
    // At the end of a frame everything is out; asking again would begin another frame.
    full_ = hint_ != 0 && to.pos == to.size;
    return Step{from.pos, to.pos};
  }
  bool holds_output() const override { return full_; }
  bool at_border() const override { return hint_ == 0; }

 private:
  ZSTD_DCtx* context_;
  std::size_t hint_ = 0;
  bool full_ = false;
};

}  // namespace

std::unique_ptr<StreamDecoder> StreamDecoder::create(ContentCoding coding) {
  if (coding == ContentCoding::kGzip) return std::make_unique<GzipDecoder>();
  if (coding == ContentCoding::kZstd) return std::make_unique<ZstdDecoder>();
  return nullptr;
}

}  // namespace duramen
