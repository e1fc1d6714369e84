#include "tools/cli/url.h"

#include <cctype>

namespace duramen::cli {

std::string url_encoded(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain =
        byte < 0x80 && (std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' || c == '~');
    if (plain) {
      out.push_back(c);
    } else {
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

std::string url_parameters(const Parameters& parameters) {
  std::string out;
  for (const auto& [name, value] : parameters) {
    if (!out.empty()) out.push_back('&');
    out += url_encoded(name) + "=" + url_encoded(value);
  }
  return out;
}

std::string url_target(std::string_view path, const Parameters& parameters) {
  const std::string encoded = url_parameters(parameters);
  return encoded.empty() ? std::string(path) : std::string(path) + "?" + encoded;
}

}  // namespace duramen::cli
