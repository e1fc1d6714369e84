#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace duramen::cli {

/// The name of the first of the `applications` of a manifest.yml. Understands what such files look
/// like, not all of YAML. Pure.
std::optional<std::string> app_of_manifest(std::string_view text);
/// The `name` of a compose.yaml. As above.
std::optional<std::string> app_of_compose(std::string_view text);

/// What one of these files in `directory` says, the manifest first. Reads the disk.
std::optional<std::string> app_of_directory(const std::string& directory);

}  // namespace duramen::cli
