#include "query/language/number.h"

#include <array>
#include <charconv>
#include <cmath>

namespace duramen::query {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t skip_digits(std::string_view text, std::size_t at) {
  while (at < text.size() && is_digit(text[at])) ++at;
  return at;
}

/// The end of `digits [. digits] [e [sign] digits]`, or 0 when that does not stand at `at`.
std::size_t number_end(std::string_view text, std::size_t at) {
  std::size_t end = skip_digits(text, at);
  if (end == at) return 0;
  if (end < text.size() && text[end] == '.') {
    const std::size_t fraction = skip_digits(text, end + 1);
    if (fraction == end + 1) return 0;
    end = fraction;
  }
  if (end < text.size() && (text[end] == 'e' || text[end] == 'E')) {
    std::size_t exponent = end + 1;
    if (exponent < text.size() && (text[exponent] == '+' || text[exponent] == '-')) ++exponent;
    const std::size_t exponent_end = skip_digits(text, exponent);
    if (exponent_end == exponent) return 0;
    end = exponent_end;
  }
  return end;
}

}  // namespace

std::optional<Number> Number::parse(std::string_view text) {
  Number out;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    out.negative_ = text[0] == '-';
    text.remove_prefix(1);
  }
  if (text.empty() || !is_digit(text[0]) || number_end(text, 0) != text.size()) return std::nullopt;
  const char* const end = text.data() + text.size();
  const auto whole = std::from_chars(text.data(), end, out.magnitude_);
  if (whole.ec == std::errc() && whole.ptr == end) return out;
  out.integer_ = false;
  if (std::from_chars(text.data(), end, out.real_).ec != std::errc()) return std::nullopt;
  if (out.negative_) out.real_ = -out.real_;
  return out;
}

double Number::to_double() const { return static_cast<double>(to_long_double()); }

long double Number::to_long_double() const {
  if (!integer_) return real_;
  const auto value = static_cast<long double>(magnitude_);
  return negative_ ? -value : value;
}

std::strong_ordering operator<=>(const Number& a, const Number& b) {
  if (a.integer_ && b.integer_) {
    if (a.magnitude_ == 0 && b.magnitude_ == 0) return std::strong_ordering::equal;
    if (a.negative_ != b.negative_) return b.negative_ <=> a.negative_;
    return a.negative_ ? b.magnitude_ <=> a.magnitude_ : a.magnitude_ <=> b.magnitude_;
  }
  const long double x = a.to_long_double();
  const long double y = b.to_long_double();
  if (x < y) return std::strong_ordering::less;
  return x > y ? std::strong_ordering::greater : std::strong_ordering::equal;
}

bool is_json_number(std::string_view text) {
  if (!text.empty() && text[0] == '-') text.remove_prefix(1);
  if (text.size() > 1 && text[0] == '0' && is_digit(text[1])) return false;
  return !text.empty() && number_end(text, 0) == text.size();
}

std::string to_json_number(double value) {
  if (!std::isfinite(value)) return "null";
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), end.ptr};
}

}  // namespace duramen::query
