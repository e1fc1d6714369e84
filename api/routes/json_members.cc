#include "api/routes/json_members.h"

namespace duramen::api {

std::size_t end_of_json_value(std::string_view json, std::size_t at) {
  std::size_t depth = 0;
  bool in_string = false;
  for (; at < json.size(); ++at) {
    const char c = json[at];
    if (in_string) {
      if (c == '\\') ++at;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (depth == 0 && (c == ':' || c == ',' || c == '}' || c == ']')) {
      return at;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return json.size();
}

}  // namespace duramen::api
