#include <re2/re2.h>

#include <algorithm>
#include <map>

#include "tests/query/oracle/json_members.h"
#include "tests/query/oracle/pipes.h"

namespace duramen::query::oracle {
namespace {

using Fields = std::vector<std::pair<std::string, Value>>;

constexpr std::size_t kDeepest = 64;
constexpr std::size_t kMostFields = 1000;

std::size_t nesting(std::string_view json) {
  std::size_t depth = 0;
  std::size_t deepest = 0;
  bool quoted = false;
  for (std::size_t at = 0; at < json.size(); ++at) {
    if (quoted && json[at] == '\\') {
      ++at;
    } else if (json[at] == '"') {
      quoted = !quoted;
    } else if (!quoted && (json[at] == '{' || json[at] == '[')) {
      deepest = std::max(deepest, ++depth);
    } else if (!quoted && (json[at] == '}' || json[at] == ']')) {
      --depth;
    }
  }
  return deepest;
}

Fields json_fields(const std::string& text) {
  const auto members = json_members(text);
  if (!members) return {};
  std::map<std::string, std::string> last;
  for (const auto& [name, literal] : *members) {
    if (literal != "null") last[name] = literal;
  }
  Fields out;
  for (const auto& member : *members) {
    const auto found = last.find(member.first);
    if (found == last.end()) continue;
    const auto [name, literal] = *found;
    last.erase(found);
    if (literal[0] == '"') {
      out.emplace_back(name, Value{json_string(literal)});
    } else {
      out.emplace_back(name, Value{literal, nesting(literal) <= kDeepest});
    }
  }
  return out;
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// The text in quotes from `at` (behind the first quote) on; moves `at` behind the last.
std::string quoted_text(const std::string& text, std::size_t& at) {
  static const std::map<char, char> kEscapes{
      {'"', '"'}, {'\\', '\\'}, {'n', '\n'}, {'r', '\r'}, {'t', '\t'}};
  std::string out;
  while (at < text.size() && text[at] != '"') {
    if (text[at] == '\\' && at + 1 < text.size() && kEscapes.contains(text[at + 1])) {
      out += kEscapes.at(text[at + 1]);
      at += 2;
    } else {
      out += text[at++];
    }
  }
  ++at;
  return out;
}

Fields logfmt_fields(const std::string& text) {
  Fields out;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t begin = at;
    while (at < text.size() && !is_blank(text[at]) && text[at] != '=') ++at;
    const std::string key = text.substr(begin, at - begin);
    if (at == text.size() || is_blank(text[at])) {
      ++at;
      continue;
    }
    ++at;
    std::string value;
    if (at < text.size() && text[at] == '"') {
      value = quoted_text(text, ++at);
    } else {
      while (at < text.size() && !is_blank(text[at])) value += text[at++];
    }
    if (!key.empty()) out.emplace_back(key, Value{value});
  }
  return out;
}

Fields regex_fields(const std::string& pattern, const std::string& text) {
  const re2::RE2 regex(pattern, re2::RE2::Quiet);
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(regex.NumberOfCapturingGroups()) +
                                       1);
  if (!regex.Match(text, 0, text.size(), re2::RE2::UNANCHORED, groups.data(),
                   static_cast<int>(groups.size()))) {
    return {};
  }
  Fields out;
  for (const auto& [number, name] : regex.CapturingGroupNames()) {
    const re2::StringPiece& group = groups[static_cast<std::size_t>(number)];
    if (group.data() != nullptr) out.emplace_back(name, Value{std::string(group)});
  }
  return out;
}

Fields fields_of(const ParsePipe& pipe, const std::string& text) {
  switch (pipe.format) {
    case ParsePipe::Format::kJson:
      return json_fields(text);
    case ParsePipe::Format::kLogfmt:
      return logfmt_fields(text);
    case ParsePipe::Format::kRegex:
      return regex_fields(pipe.pattern, text);
  }
  return {};
}

}  // namespace

std::vector<Row> parse(const ParsePipe& pipe, std::vector<Row> rows) {
  for (Row& row : rows) {
    const Value* from = row.find(pipe.from);
    if (from == nullptr) continue;
    Fields found = fields_of(pipe, std::string(from->bytes));
    if (found.size() > kMostFields) found.resize(kMostFields);
    for (auto& [name, value] : found) row.set_field(pipe.prefix + name, std::move(value));
  }
  return rows;
}

}  // namespace duramen::query::oracle
