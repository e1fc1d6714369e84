#include "query/rows/text_fields.h"

#include <simdjson.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json_text.h"
#include "query/language/number.h"

namespace duramen::query {
namespace {

namespace ondemand = simdjson::ondemand;

bool raw_container(ondemand::value value, ondemand::json_type type, std::string_view& text) {
  if (type == ondemand::json_type::object) {
    ondemand::object object;
    return value.get_object().get(object) == simdjson::SUCCESS &&
           object.raw_json().get(text) == simdjson::SUCCESS;
  }
  ondemand::array array;
  return value.get_array().get(array) == simdjson::SUCCESS &&
         array.raw_json().get(text) == simdjson::SUCCESS;
}

/// The text with every number outside strings as 0: how large they are is no question of grammar.
std::string without_numbers(std::string_view json) {
  constexpr std::string_view kNumber = "0123456789+-.eE";
  std::string out;
  bool quoted = false;
  for (std::size_t at = 0; at < json.size();) {
    std::size_t size = 1;
    if (quoted) {
      if (json[at] == '\\') size = 2;
      quoted = json[at] != '"';
    } else if (json[at] == '"') {
      quoted = true;
    } else if (kNumber.find(json[at]) < kNumber.find('.') && json[at] != '+') {
      size = std::min(json.find_first_not_of(kNumber, at), json.size()) - at;
    }
    const std::string_view piece = json.substr(at, size);
    out += !quoted && is_json_number(piece) ? std::string_view("0") : piece;
    at += size;
  }
  return out;
}

/// nlohmann takes a number beyond the range of a double for an error.
bool is_json(std::string_view text) {
  return nlohmann::json::accept(text) || nlohmann::json::accept(without_numbers(text));
}

/// False when the value is broken; a null is no field.
bool add_member(std::vector<ParsedField>& out, std::string_view name, ondemand::value value) {
  ondemand::json_type type{};
  if (value.type().get(type) != simdjson::SUCCESS) return false;
  std::string_view text;
  switch (type) {
    case ondemand::json_type::null:
      return value.is_null();
    case ondemand::json_type::string:
      if (value.get_string().get(text) != simdjson::SUCCESS) return false;
      out.push_back({std::string(name), std::string(text), model::FieldKind::kText});
      return true;
    case ondemand::json_type::object:
    case ondemand::json_type::array: {
      // simdjson only looks for the end of it; what is shown as JSON must be JSON.
      if (!raw_container(value, type, text) || !is_json(text)) return false;
      // Those who read the answer may do so by recursion.
      if (json_depth_within(text, kParsedDepth)) break;
      out.push_back({std::string(name), std::string(text), model::FieldKind::kText});
      return true;
    }
    case ondemand::json_type::number:
    case ondemand::json_type::boolean: {
      text = value.raw_json_token();
      text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
      if (text != "true" && text != "false" && !is_json_number(text)) return false;
      break;
    }
  }
  out.push_back({std::string(name), std::string(text), model::FieldKind::kJson});
  return true;
}

class LogfmtReader {
 public:
  explicit LogfmtReader(std::string_view text) : text_(text) {}

  /// The next pair; nothing at the end.
  std::optional<ParsedField> next() {
    while (at_ < text_.size()) {
      if (is_space(text_[at_])) {
        ++at_;
        continue;
      }
      const std::size_t begin = at_;
      while (at_ < text_.size() && !is_space(text_[at_]) && text_[at_] != '=') ++at_;
      const std::string_view key = text_.substr(begin, at_ - begin);
      if (at_ == text_.size() || text_[at_] != '=') continue;
      ++at_;
      std::string bytes = value();
      if (!key.empty()) return ParsedField{std::string(key), std::move(bytes)};
    }
    return std::nullopt;
  }

 private:
  static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

  std::string value() {
    if (at_ < text_.size() && text_[at_] == '"') return quoted_value();
    const std::size_t begin = at_;
    while (at_ < text_.size() && !is_space(text_[at_])) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  /// An unclosed quote goes to the end.
  std::string quoted_value() {
    std::string out;
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        break;
      }
      const char escaped = c == '\\' && at_ + 1 < text_.size() ? unescaped(text_[at_ + 1]) : '\0';
      if (escaped != '\0') ++at_;
      out += escaped != '\0' ? escaped : c;
    }
    return out;
  }

  static char unescaped(char c) {
    if (c == 'n') return '\n';
    if (c == 'r') return '\r';
    if (c == 't') return '\t';
    return c == '"' || c == '\\' ? c : '\0';
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<std::vector<ParsedField>> json_fields(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos || text[begin] != '{') return std::nullopt;
  thread_local ondemand::parser parser;
  thread_local std::string padded;
  padded.assign(text);
  padded.append(simdjson::SIMDJSON_PADDING, ' ');
  ondemand::document document;
  ondemand::object object;
  if (parser.iterate(padded.data(), text.size(), padded.size()).get(document) !=
          simdjson::SUCCESS ||
      document.get_object().get(object) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  std::vector<ParsedField> out;
  for (auto member : object) {
    std::string_view name;
    ondemand::value value;
    if (member.unescaped_key().get(name) != simdjson::SUCCESS ||
        member.value().get(value) != simdjson::SUCCESS || !add_member(out, name, value)) {
      return std::nullopt;
    }
    if (out.size() == kParsedFields) return out;
  }
  // Something stands behind the object.
  if (document.current_location().error() == simdjson::SUCCESS) return std::nullopt;
  return out;
}

std::optional<std::vector<ParsedField>> logfmt_fields(std::string_view text) {
  std::vector<ParsedField> out;
  LogfmtReader reader(text);
  while (out.size() < kParsedFields) {
    auto field = reader.next();
    if (!field) break;
    out.push_back(std::move(*field));
  }
  if (out.empty()) return std::nullopt;
  return out;
}

}  // namespace duramen::query
