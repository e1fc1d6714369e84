#include "backup/manifest.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/json_text.h"
#include "base/time_text.h"

namespace duramen::backup {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::string_view, 3> kFolders{"db", "index", "put-aside"};
constexpr std::size_t kMostNameBytes = 255;
constexpr std::size_t kMostDepth = 4;

bool is_plain_name(std::string_view name) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= kMostNameBytes && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), is_plain);
}

Error bad(std::string_view what) {
  return {ErrorCode::kDataLoss, std::string(kManifestName) + ": " + std::string(what)};
}

Result<std::uint64_t> number(const Json& object, const char* name) {
  const auto at = object.find(name);
  if (at != object.end() && at->is_number_unsigned()) return at->get<std::uint64_t>();
  return bad("'" + std::string(name) + "' is not a number");
}

Result<std::string> text(const Json& object, const char* name) {
  const auto at = object.find(name);
  if (at != object.end() && at->is_string()) return at->get<std::string>();
  return bad("'" + std::string(name) + "' is not a text");
}

std::optional<std::uint64_t> from_hex(std::string_view hex) {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), out, 16);
  if (error != std::errc() || end != hex.data() + hex.size()) return std::nullopt;
  return out;
}

Result<Hash128> digest(const std::string& hex) {
  const std::string_view all = hex;
  const auto high = from_hex(all.substr(0, std::min<std::size_t>(16, all.size())));
  const auto low = all.size() == 32 ? from_hex(all.substr(16)) : std::nullopt;
  if (high && low) return Hash128{*high, *low};
  return bad("a digest is not 32 hex digits");
}

Result<File> file(const Json& json) {
  if (!json.is_object()) return bad("a file is not an object");
  File out;
  DURAMEN_TRY(out.name, text(json, "name"));
  if (!is_backup_file(out.name)) return bad("a file has a name that no backup has");
  DURAMEN_TRY(out.size, number(json, "size"));
  if (out.size > kMostFileBytes) return bad("a file is larger than 1 TiB");
  DURAMEN_TRY(const std::string hex, text(json, "xxh3_128"));
  DURAMEN_TRY(out.digest, digest(hex));
  return out;
}

Result<std::vector<File>> files(const Json& json) {
  const auto at = json.find("files");
  if (at == json.end() || !at->is_array()) return bad("'files' is not a list");
  if (at->size() > kMostFiles) return bad("more than 400,000 files");
  std::vector<File> out;
  std::set<std::string_view> names;
  out.reserve(at->size());
  for (const Json& one : *at) {
    DURAMEN_TRY(auto read, file(one));
    out.push_back(std::move(read));
    if (!names.insert(out.back().name).second) return bad("a file is named twice");
  }
  return out;
}

}  // namespace

std::uint64_t Manifest::bytes() const {
  std::uint64_t sum = 0;
  for (const File& one : files) sum += one.size;
  return sum;
}

bool is_backup_folder(std::string_view name) {
  return std::find(kFolders.begin(), kFolders.end(), name) != kFolders.end();
}

bool is_backup_file(std::string_view name) {
  if (name == kRetentionName) return true;
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos) return false;
  return is_backup_folder(name.substr(0, slash)) && is_plain_name(name.substr(slash + 1));
}

std::string encode_manifest(const Manifest& manifest) {
  std::string out = "{\"format\":" + std::to_string(kFormat) + ",\"version\":";
  append_json_string_lossy(out, manifest.version);
  out += ",\"store_id\":";
  append_json_string_lossy(out, manifest.store_id);
  out += ",\"durable_seq\":" + std::to_string(manifest.durable.value()) + ",\"time\":\"" +
         to_rfc3339(manifest.time) + "\",\"files\":[";
  for (const File& one : manifest.files) {
    out += &one == manifest.files.data() ? "\n" : ",\n";
    out += "{\"name\":\"" + one.name + "\",\"size\":" + std::to_string(one.size) +
           ",\"xxh3_128\":\"" + one.digest.to_hex() + "\"}";
  }
  return out + "\n]}\n";
}

Result<Manifest> decode_manifest(std::string_view json) {
  if (!json_depth_within(json, kMostDepth)) return bad("nested too deeply");
  const Json all = Json::parse(json, nullptr, false);
  if (!all.is_object()) return bad("not a JSON object");
  DURAMEN_TRY(const auto format, number(all, "format"));
  if (format > kFormat) {
    return Error{ErrorCode::kUnimplemented,
                 "the backup has format " + std::to_string(format) +
                     ", written by a newer Duramen; this one reads up to " +
                     std::to_string(kFormat) + ": use the newer one"};
  }
  Manifest out;
  DURAMEN_TRY(out.version, text(all, "version"));
  DURAMEN_TRY(out.store_id, text(all, "store_id"));
  DURAMEN_TRY(const auto durable, number(all, "durable_seq"));
  out.durable = model::Seq(durable);
  DURAMEN_TRY(const auto time, text(all, "time"));
  const auto begun = parse_rfc3339(time);
  if (!begun) return bad("'time' is not a time");
  out.time = *begun;
  DURAMEN_TRY(out.files, files(all));
  return out;
}

}  // namespace duramen::backup
