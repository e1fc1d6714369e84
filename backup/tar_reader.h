#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace duramen::backup {

/// The next bytes of a stream; empty at its end.
using Source = std::function<Result<std::string>()>;

/// Reads a tar as it comes, member by member, and trusts nothing: whatever is no plain file (links,
/// devices, folders, files with holes) is an error. Names are given as they are: the caller judges.
/// Threading: one thread. Blocking: as the source. Errors: of the source, as they came; kDataLoss
/// (no tar, a damaged or cut one, a member that is no plain file: named).
class TarReader {
 public:
  struct Member {
    std::string name;
    std::uint64_t size = 0;
  };
  static Result<std::unique_ptr<TarReader>> open(Source source);
  TarReader() = default;
  TarReader(const TarReader&) = delete;
  TarReader& operator=(const TarReader&) = delete;
  TarReader(TarReader&&) = delete;
  TarReader& operator=(TarReader&&) = delete;
  virtual ~TarReader() = default;

  /// Nothing at the end.
  virtual Result<std::optional<Member>> next() = 0;
  /// Some bytes of the member, good until the next call; empty at its end. Never more than its
  /// size in all.
  virtual Result<std::string_view> read() = 0;
};

}  // namespace duramen::backup
