#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace duramen::bench {

/// The lines of a tail's answer, from the bytes of its connection: head, then chunks. Knows no more
/// of HTTP than it takes to cost little. Threading: none.
class TailLines {
 public:
  /// Calls `line` for each line that these bytes complete, without its line end; not for empty
  /// ones, which say that there is nothing to say.
  /// Errors: kUnavailable (the answer is no 200), kDataLoss (no chunks). Then it is of no use.
  Result<void> take(std::string_view bytes, const std::function<void(std::string_view)>& line);
  /// The tail has begun.
  bool answered() const { return state_ != State::kHead; }

 private:
  enum class State { kHead, kSize, kData, kDataEnd };
  Result<void> take_head(std::string_view& bytes);
  Result<void> take_size(std::string_view& bytes);
  void take_data(std::string_view& bytes, const std::function<void(std::string_view)>& line);

  State state_ = State::kHead;
  std::string held_;      ///< the head, the size of a chunk or a line, as far as it is there
  std::size_t left_ = 0;  ///< of the chunk, or of what ends it
  std::string size_;
};

/// The number in a row's `_seq`; none for what is no row.
std::optional<std::uint64_t> seq_of_row(std::string_view line);

}  // namespace duramen::bench
