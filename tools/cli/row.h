#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace duramen::cli {

/// One member of a row's JSON object.
struct RowField {
  std::string name;
  std::string value;     ///< the text of a string, else the JSON as it came
  bool is_text = false;  ///< it was a JSON string
};

/// One row of an answer (docs/http-api.md): its members in order. A value type.
struct Row {
  std::vector<RowField> fields;

  const RowField* find(std::string_view name) const;
  /// The value, or empty when there is no such member.
  std::string_view value(std::string_view name) const;
  /// The message's bytes: `_msg`, or `_msg_base64` decoded.
  std::string message() const;
};

/// Reads one line of NDJSON. Errors: kInvalidArgument when it is no JSON object.
Result<Row> parse_row(std::string_view line);

/// True for an answer's last line, `{"_end":{…}}`, and for `{"_error":{…}}`.
bool is_end_line(std::string_view line);
bool is_error_line(std::string_view line);

}  // namespace duramen::cli
