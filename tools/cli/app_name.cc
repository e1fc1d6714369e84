#include "tools/cli/app_name.h"

#include <fstream>
#include <functional>

namespace duramen::cli {
namespace {

/// Such a file is short.
constexpr std::size_t kMostBytes = 1U << 20;

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") + 1 - begin);
}

/// A scalar: in quotes, or up to a comment.
std::string scalar(std::string_view text) {
  text = trimmed(text);
  if (!text.empty() && (text[0] == '"' || text[0] == '\'')) {
    return std::string(text.substr(1, text.find(text[0], 1) - 1));
  }
  return std::string(trimmed(text.substr(0, text.find(" #"))));
}

std::optional<std::string> value_of(std::string_view line, std::string_view key) {
  if (!line.starts_with(key)) return std::nullopt;
  line.remove_prefix(key.size());
  std::string value = scalar(line);
  return value.empty() ? std::nullopt : std::optional(std::move(value));
}

/// What `look` finds in the first line in which it finds anything.
std::optional<std::string> first_of(
    std::string_view text,
    const std::function<std::optional<std::string>(std::string_view line)>& look) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (auto found = look(text.substr(0, end))) return found;
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return std::nullopt;
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string out(kMostBytes, '\0');
  file.read(out.data(), static_cast<std::streamsize>(out.size()));
  out.resize(static_cast<std::size_t>(file.gcount()));
  return out;
}

}  // namespace

std::optional<std::string> app_of_manifest(std::string_view text) {
  bool inside = false;
  return first_of(text, [&](std::string_view line) -> std::optional<std::string> {
    const std::string_view content = trimmed(line);
    if (content.empty() || content[0] == '#') return std::nullopt;
    const bool top = line[0] != ' ' && line[0] != '\t' && line[0] != '-';
    if (top) {
      inside = content.starts_with("applications:");
      return std::nullopt;
    }
    if (!inside) return std::nullopt;
    return value_of(content[0] == '-' ? trimmed(content.substr(1)) : content, "name:");
  });
}

std::optional<std::string> app_of_compose(std::string_view text) {
  return first_of(text, [](std::string_view line) { return value_of(line, "name:"); });
}

std::optional<std::string> app_of_directory(const std::string& directory) {
  for (const char* name : {"manifest.yml", "manifest.yaml"}) {
    if (auto app = app_of_manifest(content_of(directory + "/" + name))) return app;
  }
  for (const char* name : {"compose.yaml", "compose.yml", "docker-compose.yml"}) {
    if (auto app = app_of_compose(content_of(directory + "/" + name))) return app;
  }
  return std::nullopt;
}

}  // namespace duramen::cli
