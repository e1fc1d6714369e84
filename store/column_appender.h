#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "store/column_encoding.h"

namespace duramen::store {

/// Appends values to a column within a budget of bytes. Those that nobody wants become empty.
/// Threading: none. Ownership: what is passed in outlives it.
class ColumnAppender {
 public:
  ColumnAppender(ColumnValues& out, const WantedValues& wanted, std::size_t budget)
      : out_(out),
        wanted_(wanted),
        limit_(std::min<std::size_t>(out.bytes.size() + budget,
                                     std::numeric_limits<std::uint32_t>::max())) {}

  /// True when the next value is not wanted: it is appended, empty.
  bool skip() {
    if (!wanted_) return false;
    const std::size_t place = out_.ends.size();
    while (next_ < wanted_->size() && (*wanted_)[next_] < place) ++next_;
    if (next_ < wanted_->size() && (*wanted_)[next_] == place) return false;
    out_.ends.push_back(static_cast<std::uint32_t>(out_.bytes.size()));
    return true;
  }
  bool add(std::string_view value) {
    if (value.size() > limit_ - std::min(limit_, out_.bytes.size())) return false;
    out_.bytes.append(value);
    return end_value();
  }
  /// For a value that is put together in bytes(). False beyond the budget.
  bool end_value() {
    if (out_.bytes.size() > limit_) return false;
    out_.ends.push_back(static_cast<std::uint32_t>(out_.bytes.size()));
    return true;
  }
  std::string& bytes() { return out_.bytes; }

 private:
  ColumnValues& out_;
  const WantedValues& wanted_;
  const std::size_t limit_;
  std::size_t next_ = 0;  ///< in wanted_
};

}  // namespace duramen::store
