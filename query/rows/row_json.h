#pragma once

#include <span>
#include <string>
#include <string_view>

#include "query/rows/row.h"

namespace duramen::query {

struct ShownField {
  std::string_view name;
  FieldValue value;
};

/// Appends one JSON object in one line. No key comes out twice: `names_may_repeat` says whether the
/// names must be looked at for that.
void append_row_json(std::string& out, std::span<const ShownField> fields, bool names_may_repeat);
void append_row_json(std::string& out, const Row& row);

/// `0123456789abcdef:17`
void append_seq(std::string& out, model::NodeId node, model::Seq seq);

}  // namespace duramen::query
