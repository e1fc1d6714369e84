#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "backup/manifest.h"
#include "base/result.h"

namespace duramen::backup {

/// Takes bytes of a stream; its error ends it.
using Sink = std::function<Result<void>(std::string_view bytes)>;

/// Writes a tar (pax), member by member, straight into a sink; holds some 100 KiB.
/// Threading: one thread. Blocking: as the sink, and on the disk. Errors: of the sink, as they
/// came; kUnavailable (a file cannot be read, or became shorter meanwhile; no memory).
class TarWriter {
 public:
  static Result<std::unique_ptr<TarWriter>> open(Sink sink);
  TarWriter() = default;
  TarWriter(const TarWriter&) = delete;
  TarWriter& operator=(const TarWriter&) = delete;
  TarWriter(TarWriter&&) = delete;
  TarWriter& operator=(TarWriter&&) = delete;
  virtual ~TarWriter() = default;

  /// The file at `path` as far as it is now, under `name`.
  virtual Result<File> add_file(const std::string& name, const std::string& path) = 0;
  virtual Result<void> add_text(const std::string& name, std::string_view text) = 0;
  /// Nothing follows. Without it the tar is cut off.
  virtual Result<void> finish() = 0;
};

}  // namespace duramen::backup
