#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "query/filter/matcher.h"
#include "query/language/regex.h"
#include "query/pipes/stage.h"
#include "query/rows/text_fields.h"

namespace duramen::query {
namespace {

class FieldsOperation final : public RowOperation {
 public:
  explicit FieldsOperation(FieldsPipe pipe) : pipe_(std::move(pipe)) {}

  bool apply(Row& row) const override {
    std::vector<Row::Field> kept;
    for (const std::string& name : pipe_.names) {
      const auto named = [&](const Row::Field& field) { return field.name == name; };
      if (std::any_of(kept.begin(), kept.end(), named)) continue;
      const auto found = std::find_if(row.fields.begin(), row.fields.end(), named);
      if (found == row.fields.end()) continue;
      found->hidden = false;
      kept.push_back(std::move(*found));
      row.fields.erase(found);
    }
    row.fields = std::move(kept);
    return true;
  }

 private:
  const FieldsPipe pipe_;
};

class WhereOperation final : public RowOperation {
 public:
  WhereOperation(Matcher matcher, const NameTable& names)
      : matcher_(std::move(matcher)), names_(names) {}
  bool apply(Row& row) const override { return matcher_.matches(OwnRowView(names_, row)); }

 private:
  const Matcher matcher_;
  const NameTable& names_;
};

class ParseOperation final : public RowOperation {
 public:
  ParseOperation(ParsePipe pipe, std::optional<Regex> regex)
      : pipe_(std::move(pipe)), regex_(std::move(regex)) {}

  bool apply(Row& row) const override {
    const Row::Field* from = row.find(pipe_.from);
    if (from == nullptr) return true;
    const auto parsed = read(from->bytes);
    if (!parsed) return true;
    for (const ParsedField& field : *parsed) {
      const std::string name = pipe_.prefix + field.name;
      row.set(is_builtin_name(name) ? "field." + name : name, field.bytes, field.kind);
    }
    return true;
  }

 private:
  std::optional<std::vector<ParsedField>> read(std::string_view text) const {
    switch (pipe_.format) {
      case ParsePipe::Format::kJson:
        return json_fields(text);
      case ParsePipe::Format::kLogfmt:
        return logfmt_fields(text);
      case ParsePipe::Format::kRegex:
        break;
    }
    const auto groups = regex_->find(text);
    if (!groups) return std::nullopt;
    std::vector<ParsedField> out;
    for (std::size_t i = 0; i < groups->size(); ++i) {
      const auto& group = (*groups)[i];
      if (group) out.push_back({regex_->groups()[i].name, std::string(*group)});
    }
    return out;
  }

  const ParsePipe pipe_;
  const std::optional<Regex> regex_;
};

}  // namespace

bool is_row_operation(const Pipe& pipe) {
  return std::holds_alternative<FieldsPipe>(pipe) || std::holds_alternative<WherePipe>(pipe) ||
         std::holds_alternative<ParsePipe>(pipe);
}

Result<std::unique_ptr<RowOperation>> make_row_operation(const Pipe& pipe, NameTable& names) {
  if (const auto* fields = std::get_if<FieldsPipe>(&pipe)) {
    return std::make_unique<FieldsOperation>(*fields);
  }
  if (const auto* where = std::get_if<WherePipe>(&pipe)) {
    DURAMEN_TRY(auto matcher, Matcher::compile(where->filter, names));
    return std::make_unique<WhereOperation>(std::move(matcher), names);
  }
  const auto* parse = std::get_if<ParsePipe>(&pipe);
  if (parse == nullptr) return Error{ErrorCode::kInternal, "not a pipe that works row by row"};
  std::optional<Regex> regex;
  if (parse->format == ParsePipe::Format::kRegex) {
    DURAMEN_TRY(regex, Regex::compile(parse->pattern));
  }
  return std::make_unique<ParseOperation>(*parse, std::move(regex));
}

}  // namespace duramen::query
