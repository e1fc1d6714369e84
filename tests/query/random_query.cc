#include "tests/query/random_query.h"

#include <algorithm>
#include <cstdio>

#include "tests/query/oracle/number.h"
#include "tests/query/oracle/text.h"

namespace duramen::query {
namespace {

bool is_bare(std::string_view text) {
  static constexpr std::string_view kInside = ".-+/@#%&$";
  static constexpr std::string_view kFirst = ".@#%&$";
  if (text.empty() || text == "AND" || text == "OR" || text == "NOT" || !oracle::is_utf8(text)) {
    return false;
  }
  const auto among = [](char c, std::string_view set) { return set.find(c) != set.npos; };
  return (oracle::is_token_byte(text[0]) || among(text[0], kFirst)) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return oracle::is_token_byte(c) || among(c, kInside); });
}

std::string quoted_unless_bare(std::string_view text) {
  return is_bare(text) ? std::string(text) : in_quotes(text);
}

}  // namespace

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 32 || byte >= 127) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\x%02x", byte);
      out += escaped;
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + "\"";
}

std::string RandomQuery::name() {
  switch (below(random_, 6)) {
    case 0:
      return "_msg";
    case 1:
      return one_of(random_,
                    one_of(random_, row().cells).name == "_msg" ? field_names() : label_names());
    case 2:
      return one_of(random_, field_names());
    case 3:
      return one_of(random_, std::vector<std::string>{"status", "ms", "app", "n", "field._time",
                                                      "label._msg", "label.x", "level"});
    default:
      return one_of(random_, row().cells).name;
  }
}

std::string RandomQuery::some_number() {
  return one_of(random_, std::vector<std::string>{"status", "bytes", "count", "ms"});
}

std::string RandomQuery::value() {
  const oracle::Row& from = row();
  if (one_in(random_, 2)) return from.find("_msg")->bytes;
  return one_of(random_, from.cells).value.bytes;
}

/// Cut at token borders, or anywhere; sometimes the whole.
std::string RandomQuery::piece(const std::string& text) {
  if (text.empty()) return one_of(random_, std::vector<std::string>{"error", "absent", "7"});
  if (text.size() < 60 && one_in(random_, 4)) return text;
  std::size_t begin = below(random_, text.size());
  std::size_t end = std::min(text.size(), begin + 1 + below(random_, one_in(random_, 4) ? 70 : 14));
  if (!one_in(random_, 3)) {
    while (begin > 0 && !oracle::is_border(text, begin)) --begin;
    while (end < text.size() && !oracle::is_border(text, end)) ++end;
  }
  return text.substr(begin, std::min<std::size_t>(end - begin, 200));
}

std::string RandomQuery::in_any_case(std::string text) {
  if (one_in(random_, 2)) return text;
  for (char& c : text) {
    if (c >= 'a' && c <= 'z' && one_in(random_, 3)) c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

std::string RandomQuery::number() {
  for (int i = 0; i < 20; ++i) {
    const std::string& bytes = one_of(random_, row().cells).value.bytes;
    if (oracle::number_of(bytes)) return bytes;
  }
  return std::to_string(below(random_, 600));
}

TimeNs RandomQuery::time() { return row().time + static_cast<TimeNs>(below(random_, 3)) - 1; }

std::string RandomQuery::comparison() {
  static const std::vector<std::string> kOps{"=", "<", "<=", ">", ">="};
  if (one_in(random_, 3)) {
    return "[" + number() + "," + number() + (one_in(random_, 2) ? "]" : ")");
  }
  if (one_in(random_, 4)) return ">" + in_quotes(piece(value()));
  return one_of(random_, kOps) + number();
}

std::string RandomQuery::time_leaf(const std::string& name) {
  const auto at = [&] { return oracle::time_text(time()); };
  if (one_in(random_, 3)) return name + ":[" + at() + "," + at() + ")";
  return name + ":" + one_of(random_, std::vector<std::string>{"<", "<=", ">", ">="}) + at();
}

std::string RandomQuery::field_leaf() {
  const std::string field = name();
  const bool time = field == "_time" || field == "_received";
  if (time && one_in(random_, 2)) return time_leaf(field);
  const oracle::Value* own = row().find(field);
  const std::string text = own != nullptr ? own->bytes : value();
  const std::string before = quoted_unless_bare(field) + ":";
  switch (below(random_, time ? 6 : 9)) {
    case 0:
      return before + in_quotes(text.substr(0, 300));
    case 1:
      return before + in_quotes(piece(text)) + "*";
    case 2:
      return before + "*";
    case 3:
      return before + regex();
    case 4:
      return before + "~" + in_quotes(in_any_case(piece(text)));
    case 5:
      if (time) return time_leaf(field);
      return before + (field == "_seq" ? "*" : comparison());
    case 6:
      return before + "(" + in_quotes(text.substr(0, 50)) + " OR ~" + in_quotes(piece(value())) +
             ")";
    default: {
      const std::string part = in_any_case(piece(text));
      return before + (is_bare(part) ? part + (one_in(random_, 3) ? "*" : "") : in_quotes(part));
    }
  }
}

std::string RandomQuery::leaf() {
  switch (below(random_, 8)) {
    case 0:
    case 1:
    case 2:
      return field_leaf();
    case 3:
      return regex();
    case 4:
      return time_leaf("_time");
    default: {
      const std::string text = one_in(random_, 20) ? "absent" : in_any_case(piece(value()));
      return quoted_unless_bare(text) + (one_in(random_, 3) ? "*" : "");
    }
  }
}

std::string RandomQuery::filter(int depth) {
  if (depth == 0 || one_in(random_, 3)) return one_in(random_, 10) ? "*" : leaf();
  const std::string left = filter(depth - 1);
  switch (below(random_, 4)) {
    case 0:
      return "NOT (" + left + ")";
    case 1:
      return "(" + left + " " + filter(depth - 1) + ")";
    case 2:
      return left + " -(" + filter(depth - 1) + ")";
    default:
      return "(" + left + " OR " + filter(depth - 1) + ")";
  }
}

std::string RandomQuery::by() {
  static const std::vector<std::string> kSteps{"time(1h)", "time(1d)", "time(7s)"};
  std::string out;
  for (std::size_t i = below(random_, 3); i > 0; --i) {
    out += (out.empty() ? " by " : ", ") +
           (one_in(random_, 3) ? one_of(random_, kSteps) : quoted_unless_bare(name()));
  }
  return out;
}

std::string RandomQuery::stats() {
  static const std::vector<std::string> kFunctions{"count", "count_uniq", "sum", "sum",    "avg",
                                                   "min",   "max",        "p90", "median", "p99"};
  std::string out = "stats count() as n";
  for (std::size_t i = below(random_, 4); i > 0; --i) {
    const std::string field = one_in(random_, 2) ? some_number() : quoted_unless_bare(name());
    if (one_in(random_, 6)) {
      out += ", quantile(0." + std::to_string(below(random_, 100)) + ", " + field + ")";
    } else {
      out += ", " + one_of(random_, kFunctions) + "(" + field + ")";
    }
    out += " as f" + std::to_string(i);
  }
  return out + by();
}

std::string RandomQuery::parse() {
  const std::string from = one_in(random_, 3) ? " from " + quoted_unless_bare(name()) : "";
  const std::string prefix = one_in(random_, 3) ? " prefix label." : "";
  switch (below(random_, 3)) {
    case 0:
      return "parse json" + from + prefix;
    case 1:
      return "parse logfmt" + from + prefix;
    default:
      return "parse regex /(?P<user>\\w+)=(?P<app>\\w+)?|(?P<n>[0-9]+)/" + from + prefix;
  }
}

std::string RandomQuery::pipe() {
  const auto names = [&] {
    std::string out = quoted_unless_bare(name());
    for (std::size_t i = below(random_, 4); i > 0; --i) out += ", " + quoted_unless_bare(name());
    return out;
  };
  switch (below(random_, 8)) {
    case 0:
      return "fields " + names();
    case 1:
      return "head " + std::to_string(1 + below(random_, 30));
    case 2:
      return "sort " + (one_in(random_, 2) ? some_number() : quoted_unless_bare(name())) +
             (one_in(random_, 2) ? " desc" : "") + ", n";
    case 3:
      return "where " + filter(1);
    case 4:
      return "top " + std::to_string(1 + below(random_, 9)) + " by " + names();
    case 5:
    case 6:
      return stats();
    default:
      return parse();
  }
}

QueryRequest RandomQuery::request() {
  QueryRequest out;
  out.q = one_in(random_, 12) ? "" : filter(static_cast<int>(below(random_, 4)));
  if (one_in(random_, 2)) {
    for (std::size_t i = below(random_, 4); i > 0; --i) out.q += " | " + pipe();
  }
  out.order = one_in(random_, 2) ? Order::kOldestFirst : Order::kNewestFirst;
  if (!one_in(random_, 4)) out.limit = one_in(random_, 4) ? below(random_, 200) : 0;
  add_range(out);
  return out;
}

void RandomQuery::add_range(QueryRequest& request) {
  if (one_in(random_, 4)) request.start = time();
  if (one_in(random_, 4)) request.end = time();
  if (request.start && request.end && *request.start >= *request.end) {
    request.end = *request.start + kNsPerSecond;
  }
}

QueryRequest RandomQuery::filter_request() {
  QueryRequest out;
  out.q = filter(static_cast<int>(below(random_, 3)));
  add_range(out);
  return out;
}

}  // namespace duramen::query
