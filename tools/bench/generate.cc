#include "tools/bench/generate.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace duramen::bench {
namespace {

constexpr std::size_t kChunkBytes = 256 * 1024;

Error failed(const std::string& what, int code) {
  return {ErrorCode::kUnavailable, what + ": " + std::generic_category().message(code)};
}

/// False when nobody reads any more.
Result<bool> write_all(int file, std::string_view bytes, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(file, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EPIPE) return false;
    if (n < 0) return failed("write " + name, errno);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

Result<void> generate_to(int file, const GenerateOptions& options) {
  Corpus corpus(options.corpus);
  std::string chunk;
  chunk.reserve(kChunkBytes + 64 * 1024);
  while (corpus.records() < options.records) {
    corpus.append_record(chunk);
    if (chunk.size() < kChunkBytes && corpus.records() < options.records) continue;
    DURAMEN_TRY(const bool read_on, write_all(file, chunk, options.output));
    if (!read_on) break;
    chunk.clear();
  }
  return {};
}

}  // namespace

Result<void> generate(const GenerateOptions& options) {
  if (options.output == "-") return generate_to(STDOUT_FILENO, options);
  const int file = ::open(options.output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return failed("open " + options.output, errno);
  auto done = generate_to(file, options);
  if (::close(file) != 0 && done) return failed("close " + options.output, errno);
  return done;
}

}  // namespace duramen::bench
