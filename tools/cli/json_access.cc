#include "tools/cli/json_access.h"

#include "base/time_text.h"
#include "tools/cli/render.h"

namespace duramen::cli {

using Json = nlohmann::json;

const Json& member(const Json& json, const char* name) {
  static const Json kNothing;
  if (!json.is_object()) return kNothing;
  const auto at = json.find(name);
  return at == json.end() ? kNothing : *at;
}

std::uint64_t number(const Json& json, const char* name) {
  const Json& value = member(json, name);
  return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
}

double real(const Json& json, const char* name) {
  const Json& value = member(json, name);
  return value.is_number() ? value.get<double>() : 0;
}

std::string text(const Json& json, const char* name) {
  const Json& value = member(json, name);
  return value.is_string() ? visible_on_one_line(value.get<std::string>()) : std::string();
}

std::string bytes(const Json& json, const char* name) { return to_bytes_text(number(json, name)); }

}  // namespace duramen::cli
