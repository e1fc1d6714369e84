#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace duramen::query {

/// A decimal number as the language knows it: whole numbers of up to 64 bits and a sign exactly,
/// all others as doubles. A value type.
class Number {
 public:
  /// Nothing when `text` is not wholly a number (docs/query.md, "Numbers").
  static std::optional<Number> parse(std::string_view text);

  bool is_integer() const { return integer_; }
  bool negative() const { return negative_; }             ///< of an integer
  std::uint64_t magnitude() const { return magnitude_; }  ///< of an integer
  double to_double() const;

  friend std::strong_ordering operator<=>(const Number& a, const Number& b);
  friend bool operator==(const Number& a, const Number& b) {
    return (a <=> b) == std::strong_ordering::equal;
  }

 private:
  long double to_long_double() const;

  bool integer_ = true;
  bool negative_ = false;
  std::uint64_t magnitude_ = 0;
  double real_ = 0;
};

/// True when `text` is a number as JSON writes them, so that it can be shown as it is.
bool is_json_number(std::string_view text);
/// The shortest JSON number that reads back as `value`; `null` when it is not finite.
std::string to_json_number(double value);

}  // namespace duramen::query
