#include <algorithm>

#include "model/tokens.h"
#include "tools/cli/answer.h"
#include "tools/cli/context.h"
#include "tools/cli/explain.h"

namespace duramen::cli {
namespace {

/// A field name as the language wants it: quoted unless it is one plain word.
std::string field_word(const std::string& name) {
  const bool plain = std::all_of(name.begin(), name.end(),
                                 [](char c) { return model::is_token_byte(c) || c == '.'; });
  if (plain) return name;
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + "\"";
}

/// The query with the pipe that `--fields` stands for; columns of errors stay right.
std::string with_fields(const QueryCommand& command) {
  if (command.fields.empty()) return command.query;
  std::string out = command.query + " | fields ";
  for (std::size_t i = 0; i < command.fields.size(); ++i) {
    out += (i == 0 ? "" : ", ") + field_word(command.fields[i]);
  }
  return out;
}

Result<void> tell_end(const Context& context, const AnswerEnd& end) {
  DURAMEN_TRY_VOID(warn_of(context, end));
  if (end.rows == 0) return context.remark(end.hint.empty() ? "no match" : end.hint);
  const bool follow =
      !end.cursor.empty() && (context.out.is_terminal() || context.err.is_terminal());
  return follow ? context.remark("more: --cursor " + end.cursor) : Result<void>();
}

}  // namespace

Result<int> run_query(const Context& context, const QueryCommand& command) {
  Parameters parameters{{"q", with_fields(command)}};
  DURAMEN_TRY_VOID(add_range(parameters, command.range, context));
  if (command.limit) parameters.emplace_back("limit", std::to_string(*command.limit));
  if (command.oldest_first) parameters.emplace_back("order", "asc");
  if (!command.cursor.empty()) parameters.emplace_back("cursor", command.cursor);
  DURAMEN_TRY(const auto timeout, add_timeout(parameters, command.timeout));
  if (command.explain) return explain_query(context, parameters, timeout);
  Context shown = context;
  shown.render.seq = command.show_seq;
  DURAMEN_TRY(const auto end, print_answer(shown, "/api/v1/query", std::move(parameters), timeout));
  if (command.with_end) DURAMEN_TRY_VOID(context.out.line(end.line));
  DURAMEN_TRY_VOID(tell_end(context, end));
  if (end.rows != 0) return kExitOk;
  // What could not be read may have matched: that is not the same as no match.
  return end.partial ? kExitError : kExitNoMatch;
}

}  // namespace duramen::cli
