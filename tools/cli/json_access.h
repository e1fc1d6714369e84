#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace duramen::cli {

// Members of a document that a daemon sent: what is not there, or is of another type, is nothing,
// zero or empty, since an older or newer daemon may leave it out. Pure.

/// Null when there is none; lives as long as `json`.
const nlohmann::json& member(const nlohmann::json& json, const char* name);
std::uint64_t number(const nlohmann::json& json, const char* name);
double real(const nlohmann::json& json, const char* name);
/// Safe to show on a terminal, on one line.
std::string text(const nlohmann::json& json, const char* name);
/// A number of bytes as `1.5 MiB`.
std::string bytes(const nlohmann::json& json, const char* name);

}  // namespace duramen::cli
