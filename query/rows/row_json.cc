#include "query/rows/row_json.h"

#include <algorithm>
#include <set>
#include <vector>

#include "base/json_text.h"

namespace duramen::query {
namespace {

void append_value(std::string& out, const FieldValue& value, bool utf8) {
  if (!utf8) {
    append_json_string(out, to_base64(value.bytes));
  } else if (value.kind == model::FieldKind::kText) {
    append_json_string(out, value.bytes);
  } else {
    const std::size_t begin = out.size();
    out += value.bytes;
    // A line end in JSON stands between tokens only; the answer has one line a row.
    std::replace_if(
        out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(),
        [](char c) { return c == '\n' || c == '\r'; }, ' ');
  }
}

/// A key, in its quotes, that is not in `used` yet.
std::string unused_key(std::set<std::string>& used, const std::string& name) {
  for (int n = 1;; ++n) {
    std::string key;
    append_json_string_lossy(key, n == 1 ? name : name + "#" + std::to_string(n));
    if (used.insert(key).second) return key;
  }
}

void append_careful(std::string& out, std::span<const ShownField> fields) {
  std::set<std::string> used;
  for (const ShownField& field : fields) {
    if (out.back() != '{') out += ',';
    const bool utf8 = is_utf8(field.value.bytes);
    out += unused_key(used, std::string(field.name) + (utf8 ? "" : "_base64"));
    out += ':';
    append_value(out, field.value, utf8);
  }
}

bool plain(const ShownField& field) { return is_utf8(field.name) && is_utf8(field.value.bytes); }

}  // namespace

void append_row_json(std::string& out, std::span<const ShownField> fields, bool names_may_repeat) {
  out += '{';
  if (names_may_repeat || !std::all_of(fields.begin(), fields.end(), plain)) {
    append_careful(out, fields);
  } else {
    for (const ShownField& field : fields) {
      if (out.back() != '{') out += ',';
      append_json_string(out, field.name);
      out += ':';
      append_value(out, field.value, true);
    }
  }
  out += '}';
}

void append_row_json(std::string& out, const Row& row) {
  std::vector<ShownField> fields;
  fields.reserve(row.fields.size());
  bool qualified = false;  // only such a name may be another's, too
  for (const Row::Field& field : row.fields) {
    if (field.hidden) continue;
    fields.push_back({field.name, {field.bytes, field.kind}});
    qualified = qualified || field.name.starts_with("label.") || field.name.starts_with("field.");
  }
  append_row_json(out, fields, qualified);
}

void append_seq(std::string& out, model::NodeId node, model::Seq seq) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) out += kDigits[(node.value() >> shift) & 15];
  out += ':';
  out += std::to_string(seq.value());
}

}  // namespace duramen::query
