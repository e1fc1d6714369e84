#include "store/row_marks.h"

#include <limits>

#include "base/bytes.h"

namespace duramen::store {

void RowMarks::add(std::uint32_t row) {
  ByteWriter(packed_).varint(row - next_);
  next_ = row + 1;
  ++count_;
}

std::vector<std::uint32_t> RowMarks::rows() const {
  std::vector<std::uint32_t> out;
  out.reserve(count_);
  ByteReader in(packed_);
  std::uint32_t next = 0;
  for (std::uint32_t i = 0; i < count_; ++i) {
    out.push_back(next + static_cast<std::uint32_t>(in.varint()));
    next = out.back() + 1;
  }
  return out;
}

Result<RowMarks> RowMarks::read(std::uint32_t count, std::string_view packed) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
  ByteReader in(packed);
  std::uint64_t next = 0;
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    const std::uint64_t gap = in.varint();
    if (gap >= kMost - next) in.fail();
    next += gap + 1;
  }
  if (!in.ok() || !in.done()) {
    return Error{ErrorCode::kDataLoss, "marks of rows that are not the " + std::to_string(count) +
                                           " rising ones that they say"};
  }
  RowMarks out;
  out.count_ = count;
  out.next_ = static_cast<std::uint32_t>(next);
  out.packed_ = packed;
  return out;
}

}  // namespace duramen::store
