#include "query/tail/tail_query.h"

#include <utility>
#include <variant>

#include "query/language/parser.h"
#include "query/rows/row_json.h"

namespace duramen::query {
namespace {

/// What the pipe is called in the language.
std::string_view name_of(const Pipe& pipe) {
  if (std::holds_alternative<HeadPipe>(pipe)) return "head";
  if (std::holds_alternative<SortPipe>(pipe)) return "sort";
  if (std::holds_alternative<TopPipe>(pipe)) return "top";
  return "stats";
}

Filter both(Filter one, const Filter& other) {
  std::vector<Filter> children;
  children.push_back(std::move(one));
  children.push_back(other);
  return join(Filter::Kind::kAnd, std::move(children));
}

}  // namespace

Result<std::shared_ptr<const TailQuery>> TailQuery::compile(std::string_view q) {
  DURAMEN_TRY(const Query query, parse_query(q));
  std::shared_ptr<TailQuery> out(new TailQuery);
  out->text_ = to_text(query);
  Filter filter = query.filter;
  std::size_t at = 0;
  // A `where` on untouched rows is a part of the filter.
  for (; at < query.pipes.size(); ++at) {
    const auto* where = std::get_if<WherePipe>(&query.pipes[at]);
    if (where == nullptr) break;
    filter = both(std::move(filter), where->filter);
  }
  DURAMEN_TRY(out->matcher_, Matcher::compile(filter, out->names_));
  out->names_.begin_pipes();
  for (; at < query.pipes.size(); ++at) {
    const Pipe& pipe = query.pipes[at];
    if (!is_row_operation(pipe)) {
      return Error{ErrorCode::kInvalidArgument,
                   "'| " + std::string(name_of(pipe)) +
                       "' needs all rows, and a tail has no end: follow with a filter, fields, "
                       "where and parse, or ask /api/v1/query"};
    }
    out->may_drop_ = out->may_drop_ || std::holds_alternative<WherePipe>(pipe);
    DURAMEN_TRY(auto operation, make_row_operation(pipe, out->names_));
    out->operations_.push_back(std::move(operation));
  }
  out->prune_ = prune_of(filter);
  return std::shared_ptr<const TailQuery>(std::move(out));
}

std::optional<Row> TailQuery::operated(const ColumnRow& row) const {
  Row out = row.to_row();
  for (const auto& operation : operations_) {
    if (!operation->apply(out)) return std::nullopt;
  }
  return out;
}

void TailQuery::append(const ColumnRow& row, model::Seq seq, const Position& position,
                       TailChunk& to) const {
  if (operations_.empty()) {
    row.append_json(to.lines);
  } else {
    const auto made = operated(row);
    if (!made) return;
    append_row_json(to.lines, *made);
  }
  to.end_row(seq, {position.node, position.seq});
}

}  // namespace duramen::query
