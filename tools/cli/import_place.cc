#include "tools/cli/import_place.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <system_error>

#include "base/checksum.h"

namespace duramen::cli {
namespace {

using Json = nlohmann::json;

/// Throws Json::exception where a member is missing or of another type.
ImportPlace place_of(const Json& json) {
  ImportPlace place{json.at("end"), json.at("lines"), json.at("head"), json.at("tail")};
  const auto format = json.value("format", std::string());
  if (format == "ndjson") place.format = LineFormat::kNdjson;
  if (format == "text") place.format = LineFormat::kText;
  if (json.contains("time")) place.time = json.at("time").get<TimeNs>();
  return place;
}

Json json_of(const ImportPlace& place) {
  Json json = {
      {"end", place.end}, {"lines", place.lines}, {"head", place.head}, {"tail", place.tail}};
  if (place.format) json["format"] = *place.format == LineFormat::kNdjson ? "ndjson" : "text";
  if (place.time) json["time"] = *place.time;
  return json;
}

}  // namespace

void Fingerprint::add(std::string_view bytes) {
  head_.append(bytes.substr(0, kBytes - std::min(kBytes, head_.size())));
  tail_.append(bytes.substr(bytes.size() - std::min(bytes.size(), kBytes)));
  // Trimmed now and then only: lines are short.
  if (tail_.size() > 16 * kBytes) tail_.erase(0, tail_.size() - kBytes);
}

std::string Fingerprint::head() const { return hash128(head_).to_hex(); }
std::string Fingerprint::tail() const {
  return hash128(std::string_view(tail_).substr(tail_.size() - std::min(tail_.size(), kBytes)))
      .to_hex();
}

std::string ImportPlaces::file_of(const std::string& path) const {
  return directory_ + "/" + hash128(store_id_ + '\0' + path).to_hex() + ".json";
}

Result<std::optional<ImportPlace>> ImportPlaces::load(const std::string& path) const {
  std::ifstream in(file_of(path), std::ios::binary);
  if (!in) return std::optional<ImportPlace>();
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  const Json json = Json::parse(text, nullptr, false);
  const auto bad = [&] {
    return Error{ErrorCode::kUnavailable, "cannot read the place of an earlier import in " +
                                              file_of(path) +
                                              "; remove it to start at the beginning"};
  };
  if (!json.is_object()) return bad();
  try {
    if (json.at("store_id") != store_id_ || json.at("path") != path)
      return std::optional<ImportPlace>();
    return std::optional<ImportPlace>(place_of(json));
  } catch (const Json::exception&) {
    return bad();
  }
}

Result<void> ImportPlaces::save(const std::string& path, const ImportPlace& place) const {
  const std::string name = file_of(path);
  const std::string fresh = name + ".new";
  std::error_code error;
  std::filesystem::create_directories(directory_, error);
  Json json = json_of(place);
  json["path"] = path;
  json["store_id"] = store_id_;
  {
    std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
    out << json.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n";
    out.flush();
    if (!out)
      return Error{ErrorCode::kUnavailable, "cannot write the place of the import to " + fresh};
  }
  std::filesystem::rename(fresh, name, error);
  if (error) return Error{ErrorCode::kUnavailable, "cannot write " + name + ": " + error.message()};
  return {};
}

}  // namespace duramen::cli
