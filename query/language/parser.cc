#include "query/language/parser.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/json_text.h"
#include "base/time_text.h"
#include "query/language/filter_parser.h"
#include "query/language/lexer.h"
#include "query/language/number.h"
#include "query/language/regex.h"

namespace duramen::query {
namespace {

using Function = StatsPipe::Function;

class QueryParser {
 public:
  QueryParser(std::string_view text, const ParseLimits& limits)
      : lexer_(text), limits_(limits), filters_(lexer_, limits) {}

  Result<Query> parse() {
    Query query;
    lexer_.skip_space();
    if (!lexer_.at_end() && lexer_.peek() != '|') {
      DURAMEN_TRY(query.filter, filters_.parse(""));
    }
    while (lexer_.take("|")) {
      if (query.pipes.size() == limits_.pipes) {
        return lexer_.error(lexer_.offset() - 1,
                            "more than " + std::to_string(limits_.pipes) + " pipes");
      }
      DURAMEN_TRY(auto next, pipe());
      query.pipes.push_back(std::move(next));
      lexer_.skip_space();
      if (!lexer_.at_end() && lexer_.peek() != '|') {
        return lexer_.error_here("expected '|' or the end, found " + lexer_.here());
      }
    }
    return query;
  }

 private:
  Result<Pipe> pipe();
  Result<Pipe> fields();
  Result<Pipe> head();
  Result<Pipe> sort();
  Result<Pipe> top();
  Result<Pipe> where();
  Result<Pipe> stats();
  Result<Pipe> parse_pipe();
  Result<Pipe> parse_regex(ParsePipe pipe);
  Result<Pipe> parse_options(ParsePipe pipe);

  Result<StatsPipe::Call> call();
  Result<void> call_arguments(StatsPipe::Call& call, std::string_view function, std::size_t at);
  Result<StatsPipe::Group> group();
  Result<void> check_stats_names(const StatsPipe& pipe, std::size_t at) const;

  Result<std::string> name(std::string_view after);
  Result<std::vector<std::string>> names(std::string_view after, std::size_t limit);
  Result<std::uint64_t> rows(std::string_view after);
  /// Takes `word` when it stands here as a bare word of its own.
  bool take_word(std::string_view word);
  /// Takes `by` when a name follows; alone, it is itself the name. `before_direction`: also before
  /// `asc` and `desc`.
  bool take_optional_by(bool before_direction);

  Lexer lexer_;
  const ParseLimits& limits_;
  FilterParser filters_;
};

Result<Pipe> QueryParser::pipe() {
  lexer_.skip_space();
  const std::size_t at = lexer_.offset();
  const std::string_view word = lexer_.bare(BareContext::kName);
  if (word == "fields") return fields();
  if (word == "head") return head();
  if (word == "sort") return sort();
  if (word == "top") return top();
  if (word == "where") return where();
  if (word == "stats") return stats();
  if (word == "parse") return parse_pipe();
  constexpr std::string_view kPipes = "fields, head, parse, sort, stats, top or where";
  if (word.empty()) return lexer_.error(at, "expected a pipe after '|': " + std::string(kPipes));
  return lexer_.error(at,
                      "there is no pipe '" + std::string(word) + "', only " + std::string(kPipes));
}

bool QueryParser::take_word(std::string_view word) {
  lexer_.skip_space();
  const std::size_t begin = lexer_.offset();
  if (lexer_.bare(BareContext::kName) == word) return true;
  lexer_.move_to(begin);
  return false;
}

bool QueryParser::take_optional_by(bool before_direction) {
  lexer_.skip_space();
  const std::size_t begin = lexer_.offset();
  if (!take_word("by")) return false;
  lexer_.skip_space();
  const std::size_t after = lexer_.offset();
  const std::string_view next = lexer_.bare(BareContext::kName);
  const bool direction = next == "asc" || next == "desc";
  const bool named = lexer_.peek() == '"' || (!next.empty() && (before_direction || !direction));
  lexer_.move_to(named ? after : begin);
  return named;
}

Result<std::string> QueryParser::name(std::string_view after) {
  lexer_.skip_space();
  const std::size_t at = lexer_.offset();
  std::string out;
  if (lexer_.peek() == '"') {
    DURAMEN_TRY(out, lexer_.quoted_text());
    if (out.empty()) return lexer_.error(at, "an empty name");
  } else {
    out = lexer_.bare(BareContext::kName);
  }
  if (out.empty()) {
    return lexer_.error(at, "expected a name after '" + std::string(after) + "'");
  }
  return out;
}

Result<std::vector<std::string>> QueryParser::names(std::string_view after, std::size_t limit) {
  std::vector<std::string> out;
  std::string_view before = after;
  do {
    if (out.size() == limit) {
      return lexer_.error_here("more than " + std::to_string(limit) + " names");
    }
    DURAMEN_TRY(auto next, name(before));
    out.push_back(std::move(next));
    before = ",";
    lexer_.skip_space();
  } while (lexer_.take(","));
  return out;
}

Result<std::uint64_t> QueryParser::rows(std::string_view after) {
  lexer_.skip_space();
  const std::size_t at = lexer_.offset();
  const std::string_view text = lexer_.bare(BareContext::kName);
  std::uint64_t out = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || read.ptr != text.data() + text.size() || read.ec != std::errc() || out == 0 ||
      out > limits_.rows) {
    return lexer_.error(at, "expected a number from 1 to " + std::to_string(limits_.rows) +
                                " after '" + std::string(after) + "'");
  }
  return out;
}

Result<Pipe> QueryParser::fields() {
  FieldsPipe out;
  DURAMEN_TRY(auto list, names("fields", limits_.names));
  for (std::string& name : list) {
    // Naming a field twice shows it once.
    if (std::find(out.names.begin(), out.names.end(), name) == out.names.end()) {
      out.names.push_back(std::move(name));
    }
  }
  return Pipe(std::move(out));
}

Result<Pipe> QueryParser::head() {
  HeadPipe out;
  DURAMEN_TRY(out.rows, rows("head"));
  return Pipe(out);
}

Result<Pipe> QueryParser::sort() {
  SortPipe out;
  take_optional_by(false);
  do {
    if (out.keys.size() == limits_.names) {
      return lexer_.error_here("more than " + std::to_string(limits_.names) + " names");
    }
    SortPipe::Key key;
    DURAMEN_TRY(key.name, name(out.keys.empty() ? "sort" : ","));
    if (!take_word("asc")) key.descending = take_word("desc");
    out.keys.push_back(std::move(key));
    lexer_.skip_space();
  } while (lexer_.take(","));
  return Pipe(std::move(out));
}

Result<Pipe> QueryParser::top() {
  TopPipe out;
  DURAMEN_TRY(out.rows, rows("top"));
  const bool by = take_optional_by(true);
  lexer_.skip_space();
  const std::size_t at = lexer_.offset();
  DURAMEN_TRY(out.names, names(by ? "by" : "top", limits_.groups));
  std::set<std::string_view> seen{"count"};
  for (const std::string& name : out.names) {
    if (!seen.insert(name).second) {
      return lexer_.error(at, "two results are called '" + name +
                                  "'; write stats count() as NAME by …, sort and head instead");
    }
  }
  return Pipe(std::move(out));
}

Result<Pipe> QueryParser::where() {
  lexer_.skip_space();
  DURAMEN_TRY(auto filter, filters_.parse("where"));
  return Pipe(WherePipe{std::move(filter)});
}

struct FunctionName {
  Function function;
  double quantile;
};

std::optional<FunctionName> find_function(std::string_view name) {
  static const std::map<std::string_view, FunctionName> kFunctions{
      {"count", {Function::kCount, 0}},       {"count_uniq", {Function::kCountUniq, 0}},
      {"sum", {Function::kSum, 0}},           {"avg", {Function::kAvg, 0}},
      {"min", {Function::kMin, 0}},           {"max", {Function::kMax, 0}},
      {"quantile", {Function::kQuantile, 0}}, {"median", {Function::kQuantile, 0.5}},
      {"p50", {Function::kQuantile, 0.5}},    {"p90", {Function::kQuantile, 0.9}},
      {"p95", {Function::kQuantile, 0.95}},   {"p99", {Function::kQuantile, 0.99}}};
  const auto found = kFunctions.find(name);
  if (found == kFunctions.end()) return std::nullopt;
  return found->second;
}

Result<Pipe> QueryParser::stats() {
  StatsPipe out;
  lexer_.skip_space();
  const std::size_t at = lexer_.offset();
  do {
    if (out.calls.size() == limits_.calls) {
      return lexer_.error_here("more than " + std::to_string(limits_.calls) + " functions");
    }
    DURAMEN_TRY(auto next, call());
    out.calls.push_back(std::move(next));
    lexer_.skip_space();
  } while (lexer_.take(","));
  if (take_word("by")) {
    do {
      if (out.by.size() == limits_.groups) {
        return lexer_.error_here("more than " + std::to_string(limits_.groups) + " fields");
      }
      DURAMEN_TRY(auto next, group());
      out.by.push_back(std::move(next));
      lexer_.skip_space();
    } while (lexer_.take(","));
  }
  DURAMEN_TRY_VOID(check_stats_names(out, at));
  return Pipe(std::move(out));
}

Result<void> QueryParser::check_stats_names(const StatsPipe& pipe, std::size_t at) const {
  std::set<std::string_view> seen;
  for (const StatsPipe::Group& group : pipe.by) {
    if (!seen.insert(group.name).second) {
      return lexer_.error(at, "two results are called '" + group.name + "'");
    }
  }
  for (const StatsPipe::Call& call : pipe.calls) {
    if (!seen.insert(call.as).second) {
      return lexer_.error(at, "two results are called '" + call.as + "'; name one with 'as'");
    }
  }
  return {};
}

Result<StatsPipe::Call> QueryParser::call() {
  lexer_.skip_space();
  const std::size_t at = lexer_.offset();
  const std::string function(lexer_.bare(BareContext::kName));
  const auto found = find_function(function);
  if (!found) {
    return lexer_.error(at,
                        "expected a function (count, count_uniq, sum, avg, min, max, median, "
                        "quantile, p50, p90, p95, p99), found " +
                            (function.empty() ? lexer_.here() : "'" + function + "'"));
  }
  StatsPipe::Call out;
  out.function = found->function;
  out.quantile = found->quantile;
  lexer_.skip_space();
  if (!lexer_.take("(")) return lexer_.error_here("expected '(' after '" + function + "'");
  DURAMEN_TRY_VOID(call_arguments(out, function, at));
  if (!lexer_.take(")")) {
    return lexer_.error_here("expected ')' after '" + std::string(lexer_.since(at)) + "'");
  }
  if (take_word("as")) {
    DURAMEN_TRY(out.as, name("as"));
    return out;
  }
  out.as = function;
  if (function == "quantile") out.as += '_' + to_json_number(out.quantile);
  for (const std::string& name : out.names) out.as += '_' + name;
  return out;
}

Result<void> QueryParser::call_arguments(StatsPipe::Call& call, std::string_view function,
                                         std::size_t at) {
  lexer_.skip_space();
  if (function == "quantile") {
    const std::size_t number_at = lexer_.offset();
    const auto number = Number::parse(lexer_.bare(BareContext::kName));
    if (!number || number->to_double() < 0 || number->to_double() > 1) {
      return lexer_.error(number_at, "expected a number from 0 to 1 after 'quantile('");
    }
    call.quantile = number->to_double();
    lexer_.skip_space();
    if (!lexer_.take(",")) return lexer_.error_here("expected ',' and a field name");
  }
  lexer_.skip_space();
  if (call.function == Function::kCount && lexer_.peek() == ')') return {};
  const std::size_t limit = call.function == Function::kCountUniq ? limits_.groups : 1;
  std::string_view before = lexer_.since(at);
  do {
    if (call.names.size() == limit) {
      return lexer_.error_here("'" + std::string(function) + "' takes no more than " +
                               std::to_string(limit) + (limit == 1 ? " field" : " fields"));
    }
    DURAMEN_TRY(auto next, name(before));
    call.names.push_back(std::move(next));
    before = ",";
    lexer_.skip_space();
  } while (lexer_.take(","));
  return {};
}

Result<StatsPipe::Group> QueryParser::group() {
  lexer_.skip_space();
  const std::size_t at = lexer_.offset();
  if (take_word("time")) {
    lexer_.skip_space();
    if (lexer_.take("(")) {
      lexer_.skip_space();
      const std::size_t step_at = lexer_.offset();
      const auto step = parse_duration(lexer_.bare(BareContext::kName));
      if (!step || *step == 0) {
        return lexer_.error(step_at, "expected a duration after 'time(', such as 5m or 1h30m");
      }
      lexer_.skip_space();
      if (!lexer_.take(")")) {
        return lexer_.error_here("expected ')' after '" + std::string(lexer_.since(at)) + "'");
      }
      return StatsPipe::Group{std::string(kTimeName), *step};
    }
    lexer_.move_to(at);
  }
  DURAMEN_TRY(auto field, name("by"));
  return StatsPipe::Group{std::move(field), 0};
}

Result<Pipe> QueryParser::parse_pipe() {
  ParsePipe out;
  lexer_.skip_space();
  const std::size_t at = lexer_.offset();
  const std::string_view format = lexer_.bare(BareContext::kName);
  if (format == "json") return parse_options(std::move(out));
  out.format = ParsePipe::Format::kLogfmt;
  if (format == "logfmt") return parse_options(std::move(out));
  out.format = ParsePipe::Format::kRegex;
  if (format == "regex") return parse_regex(std::move(out));
  return lexer_.error(at, "expected json, logfmt or regex after 'parse'");
}

Result<Pipe> QueryParser::parse_regex(ParsePipe pipe) {
  lexer_.skip_space();
  const std::size_t at = lexer_.offset();
  if (lexer_.peek() != '"' && lexer_.peek() != '/') {
    return lexer_.error(at, "expected \"…\" or /…/ after 'regex'");
  }
  DURAMEN_TRY(pipe.pattern, filters_.pattern());
  DURAMEN_TRY(const auto compiled, Regex::compile(pipe.pattern));
  if (compiled.groups().empty()) {
    return lexer_.error(at, "the regex has no named group; write (?P<name>…)");
  }
  return parse_options(std::move(pipe));
}

Result<Pipe> QueryParser::parse_options(ParsePipe pipe) {
  bool from = false;
  while (true) {
    if (!from && take_word("from")) {
      from = true;
      DURAMEN_TRY(pipe.from, name("from"));
    } else if (pipe.prefix.empty() && take_word("prefix")) {
      DURAMEN_TRY(pipe.prefix, name("prefix"));
    } else {
      return Pipe(std::move(pipe));
    }
  }
}

/// Every name that the query tests or reads, for the limit.
class NameCollector {
 public:
  void operator()(const FieldsPipe& p) { add(p.names); }
  void operator()(const HeadPipe&) {}
  void operator()(const SortPipe& p) {
    for (const auto& key : p.keys) names_.insert(key.name);
  }
  void operator()(const WherePipe& p) { add(p.filter); }
  void operator()(const TopPipe& p) { add(p.names); }
  void operator()(const StatsPipe& p) {
    for (const auto& call : p.calls) add(call.names);
    for (const auto& group : p.by) names_.insert(group.name);
  }
  void operator()(const ParsePipe& p) { names_.insert(p.from); }
  void operator()(const NamesPipe&) {}
  void add(const Filter& filter) {
    if (!filter.field.empty()) names_.insert(filter.field);
    for (const Filter& child : filter.children) add(child);
  }
  std::size_t size() const { return names_.size(); }

 private:
  void add(const std::vector<std::string>& names) {
    for (const std::string& name : names) names_.insert(name);
  }
  std::set<std::string> names_;
};

/// How many bytes at the beginning of `text`, which is not UTF-8, are.
std::size_t utf8_prefix(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t size = 1;
    while (size < 4 && !is_utf8(text.substr(at, size))) ++size;
    if (!is_utf8(text.substr(at, size))) break;
    at += size;
  }
  return at;
}

}  // namespace

Result<Query> parse_query(std::string_view text, const ParseLimits& limits) {
  if (!is_utf8(text)) {
    return Lexer(text).error(utf8_prefix(text),
                             "the query is not UTF-8; write other bytes as \\xHH in quotes");
  }
  DURAMEN_TRY(auto query, QueryParser(text, limits).parse());
  NameCollector names;
  names.add(query.filter);
  for (const Pipe& pipe : query.pipes) std::visit([&](const auto& p) { names(p); }, pipe);
  if (names.size() > limits.names) {
    return Error{ErrorCode::kInvalidArgument, "column 1: the query names more than " +
                                                  std::to_string(limits.names) +
                                                  " different fields"};
  }
  return query;
}

}  // namespace duramen::query
