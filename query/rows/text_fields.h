#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/record_batch.h"

namespace duramen::query {

struct ParsedField {
  std::string name;
  std::string bytes;
  model::FieldKind kind = model::FieldKind::kText;
};

/// Most fields that one parse reads out of one text; the rest is left.
inline constexpr std::size_t kParsedFields = 1000;

/// How deep a JSON member may nest to be JSON; a deeper one is kept as text.
inline constexpr std::size_t kParsedDepth = 64;

/// Fields out of a text, as the pipe `parse` does (docs/query.md). Nothing when the text is not of
/// that kind. Pure.
std::optional<std::vector<ParsedField>> json_fields(std::string_view text);
std::optional<std::vector<ParsedField>> logfmt_fields(std::string_view text);

}  // namespace duramen::query
