#include "base/compression.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <memory>

namespace duramen {
namespace {

struct FreeZstd {
  void operator()(ZSTD_CCtx* c) const { ZSTD_freeCCtx(c); }
  void operator()(ZSTD_DCtx* d) const { ZSTD_freeDCtx(d); }
};
using Compressor = std::unique_ptr<ZSTD_CCtx, FreeZstd>;
using Decompressor = std::unique_ptr<ZSTD_DCtx, FreeZstd>;

ZSTD_CCtx* thread_compressor() {
  thread_local Compressor context(ZSTD_createCCtx());
  return context.get();
}
ZSTD_DCtx* thread_decompressor() {
  thread_local Decompressor context(ZSTD_createDCtx());
  return context.get();
}

Error broken(std::string_view coding, std::size_t at, std::string_view reason) {
  return {ErrorCode::kInvalidArgument, "broken " + std::string(coding) + " body at byte " +
                                           std::to_string(at) + ": " + std::string(reason)};
}
Error too_large(std::size_t limit) {
  return {ErrorCode::kOutOfRange,
          "the decompressed body is larger than the limit of " + std::to_string(limit) + " bytes"};
}

constexpr std::size_t kStep = std::size_t{256} * 1024;

Result<std::string> gunzip(std::string_view body, std::size_t limit) {
  z_stream z{};
  if (inflateInit2(&z, 15 + 16) != Z_OK) return Error{ErrorCode::kInternal, "zlib: no memory"};
  const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&z, inflateEnd);
  std::string out;
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  z.avail_in = static_cast<uInt>(body.size());
  while (true) {
    const std::size_t had = out.size();
    out.resize(std::min(had + kStep, limit + 1));
    z.next_out = reinterpret_cast<Bytef*>(out.data() + had);
    z.avail_out = static_cast<uInt>(out.size() - had);
    const int status = inflate(&z, Z_NO_FLUSH);
    out.resize(out.size() - z.avail_out);
    if (out.size() > limit) return too_large(limit);
    const std::size_t at = body.size() - z.avail_in;
    if (status == Z_STREAM_END) {
      if (z.avail_in == 0) return out;
      if (inflateReset(&z) != Z_OK) return broken("gzip", at, "cannot start the next member");
      continue;
    }
    if (status != Z_OK) {
      return broken("gzip", at, z.msg != nullptr ? z.msg : "the stream ends too early");
    }
    if (z.avail_in == 0 && out.size() == had)
      return broken("gzip", at, "the stream ends too early");
  }
}

Result<std::string> unzstd(std::string_view body, std::size_t limit) {
  ZSTD_DCtx* context = thread_decompressor();
  ZSTD_DCtx_reset(context, ZSTD_reset_session_only);
  // What RFC 9659 allows in HTTP. The context keeps the window, so a stranger must not choose it.
  constexpr int kWindowLog = 23;
  ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, kWindowLog);
  std::string out;
  ZSTD_inBuffer in{body.data(), body.size(), 0};
  std::size_t hint = 1;
  while (true) {
    const std::size_t had = out.size();
    const std::size_t pos = in.pos;
    out.resize(std::min(had + kStep, limit + 1));
    ZSTD_outBuffer chunk{out.data() + had, out.size() - had, 0};
    hint = ZSTD_decompressStream(context, &chunk, &in);
    out.resize(had + chunk.pos);
    if (ZSTD_isError(hint) != 0) return broken("zstd", in.pos, ZSTD_getErrorName(hint));
    if (out.size() > limit) return too_large(limit);
    if (in.pos == in.size && hint == 0) return out;
    if (in.pos == pos && out.size() == had) {
      return broken("zstd", in.pos, "the stream ends too early");
    }
  }
}

Result<std::string> gzip(std::string_view body, int level) {
  z_stream z{};
  if (deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    return Error{ErrorCode::kInternal, "zlib: no memory"};
  }
  const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&z, deflateEnd);
  std::string out(deflateBound(&z, static_cast<uLong>(body.size())), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  z.avail_in = static_cast<uInt>(body.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  if (deflate(&z, Z_FINISH) != Z_STREAM_END)
    return Error{ErrorCode::kInternal, "zlib: deflate failed"};
  out.resize(z.total_out);
  return out;
}

}  // namespace

Result<void> zstd_append(std::string& out, std::string_view bytes, int level) {
  const std::size_t had = out.size();
  out.resize(had + ZSTD_compressBound(bytes.size()));
  const std::size_t n = ZSTD_compressCCtx(thread_compressor(), out.data() + had, out.size() - had,
                                          bytes.data(), bytes.size(), level);
  if (ZSTD_isError(n) != 0) {
    out.resize(had);
    return Error{ErrorCode::kInternal, std::string("zstd: ") + ZSTD_getErrorName(n)};
  }
  out.resize(had + n);
  return {};
}

Result<void> zstd_append(std::string& out, std::string_view bytes,
                         std::span<const std::size_t> cuts, int level) {
  if (cuts.empty()) return zstd_append(out, bytes, level);
  ZSTD_CCtx* context = thread_compressor();
  ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters);
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setPledgedSrcSize(context, bytes.size());
  const std::size_t had = out.size();
  // Every block that a cut adds costs at most its header of 3 bytes.
  out.resize(had + ZSTD_compressBound(bytes.size()) + 16 * (cuts.size() + 1));
  ZSTD_outBuffer to{out.data() + had, out.size() - had, 0};
  ZSTD_inBuffer from{bytes.data(), 0, 0};
  for (std::size_t i = 0; i <= cuts.size(); ++i) {
    const bool last = i == cuts.size();
    from.size = last ? bytes.size() : cuts[i];
    const std::size_t left =
        ZSTD_compressStream2(context, &to, &from, last ? ZSTD_e_end : ZSTD_e_flush);
    if (left != 0) {
      out.resize(had);
      return Error{
          ErrorCode::kInternal,
          std::string("zstd: ") + (ZSTD_isError(left) != 0 ? ZSTD_getErrorName(left) : "no room")};
    }
  }
  out.resize(had + to.pos);
  return {};
}

Result<void> zstd_expand(std::string& out, std::string_view frame, std::size_t size) {
  const std::size_t had = out.size();
  out.resize(had + size);
  const std::size_t n = ZSTD_decompressDCtx(thread_decompressor(), out.data() + had, size,
                                            frame.data(), frame.size());
  if (ZSTD_isError(n) != 0 || n != size) {
    out.resize(had);
    return Error{
        ErrorCode::kDataLoss,
        std::string("zstd frame: ") +
            (ZSTD_isError(n) != 0 ? ZSTD_getErrorName(n) : "it holds fewer bytes than recorded")};
  }
  return {};
}

Result<std::string> decode_body(std::string_view body, ContentCoding coding, std::size_t limit) {
  switch (coding) {
    case ContentCoding::kGzip:
      return gunzip(body, limit);
    case ContentCoding::kZstd:
      return unzstd(body, limit);
    case ContentCoding::kIdentity:
      break;
  }
  if (body.size() > limit) return too_large(limit);
  return std::string(body);
}

Result<std::string> encode_body(std::string_view body, ContentCoding coding, int level) {
  if (coding == ContentCoding::kGzip) return gzip(body, level);
  std::string out;
  if (coding == ContentCoding::kIdentity) return std::string(body);
  DURAMEN_TRY_VOID(zstd_append(out, body, level));
  return out;
}

}  // namespace duramen
