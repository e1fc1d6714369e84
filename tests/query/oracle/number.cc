#include "tests/query/oracle/number.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>

namespace duramen::query::oracle {
namespace {

/// sign? digits ('.' digits)? ([eE] sign? digits)?
bool is_number(std::string_view text, bool& whole) {
  std::size_t at = 0;
  const auto sign = [&] {
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
  };
  const auto digits = [&] {
    const std::size_t from = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at > from;
  };
  whole = true;
  sign();
  if (!digits()) return false;
  if (at < text.size() && text[at] == '.') {
    whole = false;
    ++at;
    if (!digits()) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    whole = false;
    ++at;
    sign();
    if (!digits()) return false;
  }
  return at == text.size();
}

std::optional<Whole> whole_of(std::string_view text) {
  const bool negative = text[0] == '-';
  if (text[0] == '-' || text[0] == '+') text.remove_prefix(1);
  Whole out = 0;
  for (const char digit : text) {
    out = out * 10 + (digit - '0');
    if (out > std::numeric_limits<std::uint64_t>::max()) return std::nullopt;
  }
  return negative ? -out : out;
}

/// Wide enough for every 64-bit whole number and every double.
long double wide(const Number& number) {
  static_assert(std::numeric_limits<long double>::digits >= 64);
  return std::visit([](auto value) { return static_cast<long double>(value); }, number);
}

}  // namespace

std::optional<Number> number_of(std::string_view text) {
  bool whole = false;
  if (!is_number(text, whole)) return std::nullopt;
  if (whole) {
    if (const auto exact = whole_of(text)) return *exact;
  }
  const double real = std::strtod(std::string(text).c_str(), nullptr);
  const std::string_view mantissa = text.substr(0, text.find_first_of("eE"));
  const bool vanished = real == 0 && mantissa.find_first_of("123456789") != mantissa.npos;
  if (!std::isfinite(real) || vanished) return std::nullopt;
  return real;
}

int compare(const Number& a, const Number& b) {
  return wide(a) < wide(b) ? -1 : wide(a) > wide(b) ? 1 : 0;
}

double to_double(const Number& number) {
  return std::visit([](auto value) { return static_cast<double>(value); }, number);
}

std::string to_text(Whole whole) {
  std::string out;
  const bool negative = whole < 0;
  do {
    const int digit = static_cast<int>(whole % 10);
    out += static_cast<char>('0' + (digit < 0 ? -digit : digit));
    whole /= 10;
  } while (whole != 0);
  if (negative) out += '-';
  std::reverse(out.begin(), out.end());
  return out;
}

std::string to_text(double value) {
  char out[64];
  return {out, std::to_chars(out, out + sizeof out, value).ptr};
}

}  // namespace duramen::query::oracle
