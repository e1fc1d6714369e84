#include "api/routes/row_format.h"

#include <nlohmann/json.hpp>
#include <string>

#include "api/routes/parameters.h"
#include "base/json_text.h"

namespace duramen::api {
namespace {

constexpr std::string_view kLinesType = "application/x-ndjson";
constexpr std::string_view kTextType = "text/plain";

/// `_time _msg` of a row; a row without a message (an aggregate) stays JSON.
void append_text_line(std::string& out, std::string_view json) {
  const auto row = nlohmann::json::parse(json, nullptr, false);
  if (!row.is_object()) {
    out += json;
    return;
  }
  const auto text_of = [&](const char* name) -> const std::string* {
    const auto at = row.find(name);
    return at == row.end() ? nullptr : at->get_ptr<const std::string*>();
  };
  const std::string* time = text_of("_time");
  const std::string* message = text_of("_msg");
  const std::string* coded = text_of("_msg_base64");
  if (message == nullptr && coded == nullptr) {
    out += json;
    return;
  }
  if (time != nullptr) out += *time + " ";
  if (message != nullptr) {
    out += *message;
  } else if (!from_base64(*coded, out)) {
    out += *coded;
  }
}

void append_json_line(std::string& out, std::string_view json) { out += json; }

}  // namespace

RowFormat row_format(const Request& request) {
  if (preferred_type(request.header("accept"), {kLinesType, kTextType}) == 1) {
    return {"text/plain; charset=utf-8", append_text_line};
  }
  return {kLinesType, append_json_line};
}

}  // namespace duramen::api
