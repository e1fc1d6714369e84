#pragma once

#include <string_view>

namespace duramen {

/// What every program's --version says.
inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace duramen
