#include "query/language/ast.h"

#include <utility>

#include "base/time_text.h"
#include "query/language/lexer.h"
#include "query/language/number.h"

namespace duramen::query {
namespace {

using Kind = Filter::Kind;

std::string_view op_text(CompareOp op) {
  switch (op) {
    case CompareOp::kEqual:
      return "=";
    case CompareOp::kLess:
      return "<";
    case CompareOp::kLessEqual:
      return "<=";
    case CompareOp::kGreater:
      return ">";
    case CompareOp::kGreaterEqual:
      return ">=";
  }
  return "=";
}

std::string bare_or_quoted(std::string_view text, BareContext context) {
  return is_bare(text, context) && !is_keyword(text) ? std::string(text) : quoted(text);
}

std::string words_text(const Filter& f) {
  const std::string star = f.kind == Kind::kWordPrefix ? "*" : "";
  if (f.field == kMessageName) return bare_or_quoted(f.text, BareContext::kTerm) + star;
  const std::string name = bare_or_quoted(f.field, BareContext::kTerm) + ":";
  if (is_bare(f.text, BareContext::kValue)) return name + f.text + star;
  return name + "~" + quoted(f.text) + star;
}

std::string leaf_text(const Filter& f) {
  const std::string name = bare_or_quoted(f.field, BareContext::kTerm) + ":";
  switch (f.kind) {
    case Kind::kWords:
    case Kind::kWordPrefix:
      return words_text(f);
    case Kind::kEquals:
      return name + quoted(f.text);
    case Kind::kStartsWith:
      return name + quoted(f.text) + "*";
    case Kind::kRegex:
      return (f.field == kMessageName ? "" : name) + slashed(f.text);
    case Kind::kExists:
      return name + "*";
    case Kind::kCompareNumber:
      return name + std::string(op_text(f.op)) + f.text;
    case Kind::kCompareBytes:
      return name + std::string(op_text(f.op)) + quoted(f.text);
    case Kind::kCompareTime:
      return name + std::string(op_text(f.op)) + to_rfc3339(f.time);
    case Kind::kAll:
    case Kind::kAnd:
    case Kind::kOr:
    case Kind::kNot:
      break;
  }
  return "*";
}

/// How tightly a node holds together: or, and, not, leaf.
int rank(const Filter& f) {
  switch (f.kind) {
    case Kind::kOr:
      return 0;
    case Kind::kAnd:
      return 1;
    case Kind::kNot:
      return 2;
    default:
      return 3;
  }
}

void append_filter(std::string& out, const Filter& f, int minimum) {
  const int own = rank(f);
  if (own < minimum) out += '(';
  if (f.kind == Kind::kNot) {
    out += "NOT ";
    append_filter(out, f.children[0], 2);
  } else if (own < 2) {
    for (std::size_t i = 0; i < f.children.size(); ++i) {
      if (i != 0) out += own == 0 ? " OR " : " AND ";
      append_filter(out, f.children[i], own + 1);
    }
  } else {
    out += leaf_text(f);
  }
  if (own < minimum) out += ')';
}

std::string name_text(std::string_view name) {
  return is_bare(name, BareContext::kName) ? std::string(name) : quoted(name);
}

std::string names_text(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name_text(name);
  return out;
}

std::string_view function_text(StatsPipe::Function function) {
  using Function = StatsPipe::Function;
  switch (function) {
    case Function::kCount:
      return "count";
    case Function::kCountUniq:
      return "count_uniq";
    case Function::kSum:
      return "sum";
    case Function::kAvg:
      return "avg";
    case Function::kMin:
      return "min";
    case Function::kMax:
      return "max";
    case Function::kQuantile:
      return "quantile";
  }
  return "count";
}

struct PipeText {
  std::string operator()(const FieldsPipe& p) const { return "fields " + names_text(p.names); }
  std::string operator()(const HeadPipe& p) const { return "head " + std::to_string(p.rows); }
  std::string operator()(const WherePipe& p) const { return "where " + to_text(p.filter); }
  std::string operator()(const TopPipe& p) const {
    return "top " + std::to_string(p.rows) + " by " + names_text(p.names);
  }
  std::string operator()(const SortPipe& p) const {
    std::string out;
    for (const SortPipe::Key& key : p.keys) {
      // A first key called `by` would read as the optional word.
      const std::string name = key.name == "by" || key.name == "asc" || key.name == "desc"
                                   ? quoted(key.name)
                                   : name_text(key.name);
      out += (out.empty() ? "sort " : ", ") + name + (key.descending ? " desc" : "");
    }
    return out;
  }
  std::string operator()(const StatsPipe& p) const {
    std::string out;
    for (const StatsPipe::Call& call : p.calls) {
      out += out.empty() ? "stats " : ", ";
      out += std::string(function_text(call.function)) + "(";
      if (call.function == StatsPipe::Function::kQuantile) {
        out += to_json_number(call.quantile) + ", ";
      }
      out += names_text(call.names) + ") as " + name_text(call.as);
    }
    for (std::size_t i = 0; i < p.by.size(); ++i) {
      out += i == 0 ? " by " : ", ";
      out += p.by[i].step != 0 ? "time(" + to_duration_text(p.by[i].step) + ")"
                               : name_text(p.by[i].name);
    }
    return out;
  }
  std::string operator()(const ParsePipe& p) const {
    std::string out = "parse ";
    if (p.format == ParsePipe::Format::kJson) out += "json";
    if (p.format == ParsePipe::Format::kLogfmt) out += "logfmt";
    if (p.format == ParsePipe::Format::kRegex) out += "regex " + slashed(p.pattern);
    if (p.from != kMessageName) out += " from " + name_text(p.from);
    if (!p.prefix.empty()) out += " prefix " + name_text(p.prefix);
    return out;
  }
  std::string operator()(const NamesPipe& p) const {
    switch (p.of) {
      case NamesPipe::Of::kFields:
        return "field_names";
      case NamesPipe::Of::kLabels:
        return "label_names";
      case NamesPipe::Of::kLabelValues:
        break;
    }
    return "label_values " + name_text(p.label);
  }
};

}  // namespace

bool is_builtin_name(std::string_view name) {
  return name == kMessageName || name == kTimeName || name == kSeqName || name == kReceivedName;
}

bool is_time_name(std::string_view name) { return name == kTimeName || name == kReceivedName; }

Filter join(Filter::Kind kind, std::vector<Filter> children) {
  if (children.size() == 1) return std::move(children[0]);
  Filter out;
  out.kind = kind;
  for (Filter& child : children) {
    if (child.kind != kind) {
      out.children.push_back(std::move(child));
      continue;
    }
    for (Filter& grandchild : child.children) out.children.push_back(std::move(grandchild));
  }
  return out;
}

std::string to_text(const Filter& filter) {
  std::string out;
  append_filter(out, filter, 0);
  return out;
}

std::string to_text(const Query& query) {
  std::string out = to_text(query.filter);
  for (const Pipe& pipe : query.pipes) out += " | " + std::visit(PipeText{}, pipe);
  return out;
}

}  // namespace duramen::query
