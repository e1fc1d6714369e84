#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace duramen::store {

/// Some rows of a block, by their place in it (the order in which a reader gives them), packed as
/// they are stored (docs/format/keys.md): one byte a row where they are near each other.
/// Threading: none of its own.
class RowMarks {
 public:
  RowMarks() = default;
  /// Errors: kDataLoss: rows do not rise, or are not `count`.
  static Result<RowMarks> read(std::uint32_t count, std::string_view packed);

  /// `row`: greater than all before.
  void add(std::uint32_t row);
  std::uint32_t count() const { return count_; }
  /// Behind the last one.
  std::uint32_t end() const { return next_; }
  const std::string& packed() const { return packed_; }
  std::vector<std::uint32_t> rows() const;

 private:
  std::uint32_t count_ = 0;
  std::uint32_t next_ = 0;
  std::string packed_;
};

}  // namespace duramen::store
