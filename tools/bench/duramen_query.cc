#include "tools/bench/duramen_query.h"

#include <algorithm>

#include "tools/bench/records.h"

namespace duramen::bench {
namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string filter_text(const RecordFilter& filter) {
  std::string out;
  const auto add = [&](const std::string& condition) {
    if (!out.empty()) out += ' ';
    out += condition;
  };
  for (const std::string& phrase : filter.phrases) {
    const bool is_token = std::all_of(phrase.begin(), phrase.end(), is_token_byte);
    add(is_token ? phrase : quoted(phrase));
  }
  if (!filter.prefix.empty()) add(filter.prefix + "*");
  if (filter.pattern) add(filter.pattern->regex);
  if (!filter.label.empty()) add(filter.label + ":" + quoted(filter.label_value));
  return out.empty() ? "*" : out;
}

std::string parse_text(const ParsedField& parsed) {
  if (parsed.format == ParsedField::Format::kNone) return {};
  std::string out = " | parse ";
  out += parsed.format == ParsedField::Format::kJson ? "json" : "logfmt";
  if (parsed.at_least) {
    out += " | where " + parsed.name + ":>=" + std::to_string(*parsed.at_least);
  }
  return out;
}

std::string shape_text(const Question& question) {
  const std::string& field = question.parsed.name;
  switch (question.shape) {
    case Shape::kCount:
      return " | stats count() as n";
    case Shape::kCountByLabel:
      return " | stats count() as n by " + question.label;
    case Shape::kCountByMinute:
      return " | stats count() as n by time(1m)";
    case Shape::kQuantiles:
      return " | stats count(" + field + ") as n, median(" + field + ") as median, p99(" + field +
             ") as p99";
    case Shape::kTopValues:
      return " | top " + std::to_string(question.limit) + " by " + field;
    case Shape::kRows:
    case Shape::kLabelValues:
    case Shape::kHistogram:
    case Shape::kContext:
      break;
  }
  return {};
}

}  // namespace

std::string duramen_query(const Question& question) {
  return filter_text(question.filter) + parse_text(question.parsed) + shape_text(question);
}

}  // namespace duramen::bench
