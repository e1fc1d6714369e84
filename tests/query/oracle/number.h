#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace duramen::query::oracle {

__extension__ using Whole = __int128;

/// A number of docs/query.md: whole (64 bits and a sign), or a double.
using Number = std::variant<Whole, double>;

/// Nothing when the text is not wholly a number, or is beyond the range of a double
/// (too large, or so near to 0 that none is left).
std::optional<Number> number_of(std::string_view text);
/// Below, equal or above 0, by exact value.
int compare(const Number& a, const Number& b);
double to_double(const Number& number);
std::string to_text(Whole whole);
/// The shortest that reads back as the value.
std::string to_text(double value);

}  // namespace duramen::query::oracle
