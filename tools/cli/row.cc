#include "tools/cli/row.h"

#include <simdjson.h>

#include <utility>

#include "base/json_text.h"

namespace duramen::cli {
namespace {

Error bad_row(simdjson::error_code code) {
  return {ErrorCode::kInvalidArgument,
          std::string("the answer holds a line that is no JSON object: ") +
              simdjson::error_message(code)};
}

simdjson::error_code read_fields(simdjson::ondemand::document& document, Row& row) {
  simdjson::ondemand::object object;
  if (auto error = document.get_object().get(object)) return error;
  for (auto member : object) {
    std::string_view name;
    simdjson::ondemand::value value;
    simdjson::ondemand::json_type type{};
    if (auto error = member.unescaped_key().get(name)) return error;
    RowField field{std::string(name), {}, false};
    if (auto error = member.value().get(value)) return error;
    if (auto error = value.type().get(type)) return error;
    std::string_view text;
    switch (type) {
      case simdjson::ondemand::json_type::string:
        field.is_text = true;
        if (auto error = value.get_string().get(text)) return error;
        break;
      case simdjson::ondemand::json_type::array:
      case simdjson::ondemand::json_type::object:
        if (auto error = simdjson::to_json_string(value).get(text)) return error;
        break;
      default:
        text = value.raw_json_token();
        while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    }
    field.value = text;
    row.fields.push_back(std::move(field));
  }
  const char* further = nullptr;
  return document.current_location().get(further) == simdjson::SUCCESS ? simdjson::TRAILING_CONTENT
                                                                       : simdjson::SUCCESS;
}

}  // namespace

const RowField* Row::find(std::string_view name) const {
  for (const RowField& field : fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

std::string_view Row::value(std::string_view name) const {
  const RowField* field = find(name);
  return field != nullptr ? std::string_view(field->value) : std::string_view();
}

std::string Row::message() const {
  if (const RowField* plain = find("_msg")) return plain->value;
  std::string bytes;
  if (const RowField* coded = find("_msg_base64"); coded != nullptr) {
    if (!from_base64(coded->value, bytes)) return coded->value;
  }
  return bytes;
}

Result<Row> parse_row(std::string_view line) {
  thread_local simdjson::ondemand::parser parser;
  thread_local std::string padded;
  padded.assign(line);
  padded.reserve(line.size() + simdjson::SIMDJSON_PADDING);
  simdjson::ondemand::document document;
  if (auto error = parser.iterate(padded).get(document)) return bad_row(error);
  Row row;
  if (auto error = read_fields(document, row)) return bad_row(error);
  return row;
}

bool is_end_line(std::string_view line) { return line.starts_with(R"({"_end":{)"); }
bool is_error_line(std::string_view line) { return line.starts_with(R"({"_error":{)"); }

}  // namespace duramen::cli
