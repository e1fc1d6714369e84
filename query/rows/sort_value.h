#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "query/language/number.h"

namespace duramen::query {

/// A value as `sort` orders them: numbers by value, then text by bytes, then absent ones.
class SortValue {
 public:
  SortValue() = default;  ///< absent
  explicit SortValue(std::string_view bytes) : number_(Number::parse(bytes)), bytes_(bytes) {
    rank_ = number_ ? Rank::kNumber : Rank::kText;
  }
  bool absent() const { return rank_ == Rank::kAbsent; }
  bool is_number() const { return rank_ == Rank::kNumber; }
  const std::string& bytes() const { return bytes_; }

  friend std::strong_ordering operator<=>(const SortValue& a, const SortValue& b) {
    if (a.rank_ != b.rank_) return a.rank_ <=> b.rank_;
    if (a.rank_ == Rank::kNumber) return *a.number_ <=> *b.number_;
    return a.bytes_ <=> b.bytes_;
  }
  friend bool operator==(const SortValue& a, const SortValue& b) {
    return (a <=> b) == std::strong_ordering::equal;
  }

 private:
  enum class Rank : std::uint8_t { kNumber, kText, kAbsent };
  Rank rank_ = Rank::kAbsent;
  std::optional<Number> number_;
  std::string bytes_;
};

}  // namespace duramen::query
