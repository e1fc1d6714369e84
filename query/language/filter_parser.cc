#include "query/language/filter_parser.h"

#include <optional>
#include <utility>
#include <vector>

#include "base/time_text.h"
#include "query/language/number.h"
#include "query/language/regex.h"

namespace duramen::query {
namespace {

using Kind = Filter::Kind;

Filter leaf(Kind kind, std::string_view field, std::string text = {}) {
  Filter out;
  out.kind = kind;
  out.field = field;
  out.text = std::move(text);
  return out;
}

std::string after_text(std::string_view piece) {
  return piece.empty() ? "" : " after '" + std::string(piece) + "'";
}

/// An absolute time: RFC 3339, a date, or Unix time.
std::optional<TimeNs> absolute_time(const std::string& text) {
  if (const auto time = parse_rfc3339(text)) return time;
  if (text.size() == 10 && text[4] == '-') return parse_rfc3339(text + "T00:00:00Z");
  return parse_unix_time(text);
}

}  // namespace

Result<Filter> FilterParser::parse(std::string_view after) {
  DURAMEN_TRY(auto filter, any(nullptr, after));
  if (lexer_.peek() == ')') return lexer_.error_here("this ')' has no '('");
  return filter;
}

Result<Filter> FilterParser::any(const std::string* field, std::string_view after) {
  std::vector<Filter> children;
  std::string before(after);
  while (true) {
    DURAMEN_TRY(auto child, all(field, before));
    children.push_back(std::move(child));
    lexer_.skip_space();
    if (keyword(field) != "OR") return join(Kind::kOr, std::move(children));
    lexer_.take("OR");
    before = "OR";
  }
}

Result<Filter> FilterParser::all(const std::string* field, std::string_view after) {
  std::vector<Filter> children;
  std::string before(after);
  while (true) {
    DURAMEN_TRY(auto child, negated(field, before));
    children.push_back(std::move(child));
    lexer_.skip_space();
    const std::string_view next = keyword(field);
    const bool ends = lexer_.at_end() || lexer_.peek() == ')' || lexer_.peek() == '|';
    if (ends || next == "OR") return join(Kind::kAnd, std::move(children));
    before.clear();
    if (next == "AND") {
      lexer_.take("AND");
      before = "AND";
    }
  }
}

Result<Filter> FilterParser::negated(const std::string* field, std::string_view after) {
  lexer_.skip_space();
  const std::size_t begin = lexer_.offset();
  const bool word = keyword(field) == "NOT";
  // After `field:` a minus may begin a value, so within its parentheses NOT is the only way.
  const bool minus = field == nullptr && lexer_.peek() == '-';
  if (!word && !minus) return primary(field, after);
  lexer_.take(word ? "NOT" : "-");
  if (depth_ >= limits_.depth) {
    return lexer_.error(begin, "nested deeper than " + std::to_string(limits_.depth));
  }
  if (minus && lexer_.at_border()) return expected_term("-");
  ++depth_;
  DURAMEN_TRY(auto child, negated(field, word ? "NOT" : "-"));
  --depth_;
  Filter out;
  out.kind = Kind::kNot;
  out.children.push_back(std::move(child));
  return out;
}

Result<Filter> FilterParser::primary(const std::string* field, std::string_view after) {
  if (lexer_.peek() == '(') return group(field);
  if (lexer_.at_end() || lexer_.at_border() || !keyword(field).empty()) {
    return expected_term(after);
  }
  DURAMEN_TRY_VOID(count_term());
  if (field == nullptr) return term(after);
  DURAMEN_TRY(auto filter, value(*field, lexer_.offset()));
  DURAMEN_TRY_VOID(border());
  return filter;
}

Result<Filter> FilterParser::group(const std::string* field) {
  const std::size_t begin = lexer_.offset();
  lexer_.take("(");
  if (depth_ >= limits_.depth) {
    return lexer_.error(begin, "nested deeper than " + std::to_string(limits_.depth));
  }
  ++depth_;
  DURAMEN_TRY(auto filter, any(field, "("));
  --depth_;
  if (!lexer_.take(")")) return lexer_.error(begin, "this '(' is never closed");
  DURAMEN_TRY_VOID(border());
  return filter;
}

Result<Filter> FilterParser::term(std::string_view after) {
  const std::size_t begin = lexer_.offset();
  if (lexer_.peek() == '"') return phrase(begin);
  if (lexer_.peek() == '/') {
    DURAMEN_TRY(auto filter, regex(std::string(kMessageName)));
    DURAMEN_TRY_VOID(border());
    return filter;
  }
  if (lexer_.take("*")) {
    DURAMEN_TRY_VOID(border());
    return leaf(Kind::kAll, "");
  }
  const std::string text(lexer_.bare(BareContext::kTerm));
  if (text.empty()) return expected_term(after);
  if (lexer_.take(":")) return fielded(text, begin);
  const bool prefix = lexer_.take("*");
  DURAMEN_TRY_VOID(border());
  return leaf(prefix ? Kind::kWordPrefix : Kind::kWords, kMessageName, text);
}

Result<Filter> FilterParser::phrase(std::size_t begin) {
  DURAMEN_TRY(auto text, lexer_.quoted_text());
  if (lexer_.take(":")) {
    if (text.empty()) return lexer_.error(begin, "an empty field name");
    return fielded(text, begin);
  }
  if (text.empty()) {
    return lexer_.error(begin, "an empty phrase finds nothing; '*' finds everything");
  }
  const bool prefix = lexer_.take("*");
  DURAMEN_TRY_VOID(border());
  return leaf(prefix ? Kind::kWordPrefix : Kind::kWords, kMessageName, std::move(text));
}

Result<Filter> FilterParser::fielded(const std::string& field, std::size_t begin) {
  if (lexer_.peek() == '(') return group(&field);
  DURAMEN_TRY(auto filter, value(field, begin));
  DURAMEN_TRY_VOID(border());
  return filter;
}

Result<Filter> FilterParser::value(const std::string& field, std::size_t begin) {
  switch (lexer_.peek()) {
    case '*':
      lexer_.take("*");
      return leaf(Kind::kExists, field);
    case '"':
      return quoted_value(field);
    case '/':
      return regex(field);
    case '>':
    case '<':
    case '=':
      return comparison(field, begin);
    case '[':
      return range(field, begin);
    default:
      return words(field, begin);
  }
}

Result<Filter> FilterParser::quoted_value(const std::string& field) {
  const std::size_t at = lexer_.offset();
  DURAMEN_TRY(auto text, lexer_.quoted_text());
  if (lexer_.take("*")) return leaf(Kind::kStartsWith, field, std::move(text));
  if (!is_time_name(field)) return leaf(Kind::kEquals, field, std::move(text));
  lexer_.move_to(at);
  return compare(field, CompareOp::kEqual, at);
}

Result<Filter> FilterParser::words(const std::string& field, std::size_t begin) {
  const bool tilde = lexer_.take("~");
  std::string text;
  if (tilde && lexer_.peek() == '"') {
    DURAMEN_TRY(text, lexer_.quoted_text());
  } else {
    text = lexer_.bare(BareContext::kValue);
  }
  if (text.empty()) {
    return lexer_.error_here("expected a value after '" + std::string(lexer_.since(begin)) + "'");
  }
  const bool prefix = lexer_.take("*");
  return leaf(prefix ? Kind::kWordPrefix : Kind::kWords, field, std::move(text));
}

Result<Filter> FilterParser::comparison(const std::string& field, std::size_t begin) {
  CompareOp op = CompareOp::kEqual;
  if (lexer_.take(">=")) {
    op = CompareOp::kGreaterEqual;
  } else if (lexer_.take("<=")) {
    op = CompareOp::kLessEqual;
  } else if (lexer_.take(">")) {
    op = CompareOp::kGreater;
  } else if (lexer_.take("<")) {
    op = CompareOp::kLess;
  } else {
    lexer_.take("=");
  }
  return compare(field, op, begin);
}

Result<Filter> FilterParser::range(const std::string& field, std::size_t begin) {
  const std::size_t bracket = lexer_.offset();
  lexer_.take("[");
  lexer_.skip_space();
  DURAMEN_TRY(auto low, compare(field, CompareOp::kGreaterEqual, begin));
  lexer_.skip_space();
  if (!lexer_.take(",")) return lexer_.error_here("expected ',' between the ends of the range");
  lexer_.skip_space();
  DURAMEN_TRY(auto high, compare(field, CompareOp::kLess, begin));
  lexer_.skip_space();
  if (lexer_.take("]")) {
    high.op = CompareOp::kLessEqual;
  } else if (!lexer_.take(")")) {
    return lexer_.error(bracket, "this '[' is never closed by ']' or ')'");
  }
  DURAMEN_TRY_VOID(count_term());
  std::vector<Filter> ends;
  ends.push_back(std::move(low));
  ends.push_back(std::move(high));
  return join(Kind::kAnd, std::move(ends));
}

Result<Filter> FilterParser::compare(const std::string& field, CompareOp op, std::size_t begin) {
  const std::size_t at = lexer_.offset();
  const bool in_quotes = lexer_.peek() == '"';
  std::string text;
  if (in_quotes) {
    DURAMEN_TRY(text, lexer_.quoted_text());
  } else {
    text = lexer_.bare(BareContext::kValue);
    if (text.empty()) {
      return lexer_.error(at, "expected a value after '" + std::string(lexer_.since(begin)) + "'");
    }
  }
  Filter out = leaf(Kind::kCompareBytes, field, text);
  out.op = op;
  if (is_time_name(field)) {
    const auto time = absolute_time(text);
    if (!time) {
      return lexer_.error(at, "expected a time, such as 2026-11-21T10:20:30Z or 2026-11-21");
    }
    out.kind = Kind::kCompareTime;
    out.text.clear();
    out.time = *time;
  } else if (!in_quotes && Number::parse(text)) {
    out.kind = Kind::kCompareNumber;
  } else if (op == CompareOp::kEqual) {
    out.kind = Kind::kEquals;
  }
  if (field == kSeqName && out.kind != Kind::kEquals) {
    return lexer_.error(at, "'_seq' is compared as text, and only for being equal");
  }
  return out;
}

Result<Filter> FilterParser::regex(const std::string& field) {
  DURAMEN_TRY(auto text, pattern());
  return leaf(Kind::kRegex, field, std::move(text));
}

Result<std::string> FilterParser::pattern() {
  const std::size_t at = lexer_.offset();
  const bool slash = lexer_.peek() == '/';
  auto text = lexer_.pattern();
  if (!text) {
    Error error = std::move(text).error();
    if (slash) error.message += "; text that begins with '/' needs quotes";
    return error;
  }
  if (text->size() > limits_.regex_bytes) {
    return lexer_.error(at,
                        "a regex of more than " + std::to_string(limits_.regex_bytes) + " bytes");
  }
  if (++regexes_ > limits_.regexes) {
    return lexer_.error(at, "more than " + std::to_string(limits_.regexes) + " regexes");
  }
  if (const auto compiled = Regex::compile(*text); !compiled) {
    return lexer_.error(at, compiled.error().message);
  }
  return text;
}

std::string_view FilterParser::keyword(const std::string* field) {
  const std::size_t begin = lexer_.offset();
  const std::string_view word =
      lexer_.bare(field == nullptr ? BareContext::kTerm : BareContext::kValue);
  const char next = lexer_.peek();
  lexer_.move_to(begin);
  return is_keyword(word) && next != ':' && next != '*' ? word : std::string_view();
}

Result<void> FilterParser::count_term() {
  if (++terms_ > limits_.terms) {
    return lexer_.error_here("more than " + std::to_string(limits_.terms) + " terms");
  }
  return {};
}

Result<void> FilterParser::border() {
  if (lexer_.at_border()) return {};
  if (lexer_.since(0).ends_with('*')) {
    return lexer_.error_here("a '*' may stand only at the end of a word; a /regex/ can do more");
  }
  return lexer_.error_here("expected a blank or the end, found " + lexer_.here() +
                           "; text with other characters needs quotes");
}

Error FilterParser::expected_term(std::string_view after) {
  const bool nothing = lexer_.at_end() || lexer_.at_border() || !keyword(nullptr).empty();
  std::string message = "expected a term" + after_text(after);
  if (!nothing || after.empty()) message += ", found " + lexer_.here();
  if (!nothing) message += "; text with other characters needs quotes";
  return lexer_.error_here(message);
}

}  // namespace duramen::query
