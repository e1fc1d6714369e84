#pragma once

#include <compare>
#include <cstddef>
#include <functional>

namespace duramen {

/// An integer that means one thing. No implicit way in or out, so that a block id is never
/// taken for a sequence number.
template <class Tag, class Rep>
class StrongInt {
 public:
  using rep = Rep;

  constexpr StrongInt() = default;
  constexpr explicit StrongInt(Rep value) : value_(value) {}
  constexpr Rep value() const { return value_; }
  /// The id `n` steps after this one: sequence numbers are counted, not computed with.
  constexpr StrongInt plus(Rep n) const { return StrongInt(static_cast<Rep>(value_ + n)); }
  friend constexpr auto operator<=>(StrongInt, StrongInt) = default;

 private:
  Rep value_{};
};

}  // namespace duramen

template <class Tag, class Rep>
struct std::hash<duramen::StrongInt<Tag, Rep>> {
  std::size_t operator()(duramen::StrongInt<Tag, Rep> id) const noexcept {
    return std::hash<Rep>{}(id.value());
  }
};
