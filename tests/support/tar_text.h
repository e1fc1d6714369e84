#pragma once

#include <array>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

namespace duramen::support {

/// A tar (ustar) by hand, so that it can be as wrong as a test wants.
class TarText {
 public:
  /// `type`: `0` a file, `1` a hard link, `2` a symbolic link, `5` a folder, … `claimed`: the size
  /// in its header; none: that of `content`.
  TarText& add(std::string_view name, std::string_view content, char type = '0',
               std::string_view link = {}, long long claimed = -1) {
    std::string header(512, '\0');
    const auto put = [&header](std::size_t at, std::string_view text) {
      header.replace(at, text.size(), text);
    };
    put(0, name.substr(0, 100));
    put(100, "0000644");
    put(108, "0000000");
    put(116, "0000000");
    put(124, octal(claimed >= 0 ? claimed : static_cast<long long>(content.size())));
    put(136, octal(0));
    put(148, "        ");
    header[156] = type;
    put(157, link.substr(0, 100));
    put(257, std::string_view("ustar\00000", 8));
    unsigned sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    std::array<char, 8> text{};
    std::snprintf(text.data(), text.size(), "%06o", sum);
    put(148, std::string_view(text.data(), 7));
    text_ += header;
    text_ += content;
    text_.append((512 - content.size() % 512) % 512, '\0');
    return *this;
  }
  /// With the zeros at its end.
  std::string whole() const { return text_ + std::string(1024, '\0'); }
  const std::string& so_far() const { return text_; }

 private:
  static std::string octal(long long number) {
    std::array<char, 13> text{};
    std::snprintf(text.data(), text.size(), "%011llo", static_cast<unsigned long long>(number));
    return {text.data(), 11};
  }
  std::string text_;
};

}  // namespace duramen::support
