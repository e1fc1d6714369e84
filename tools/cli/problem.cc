#include "tools/cli/problem.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/json_text.h"
#include "tools/cli/render.h"
#include "tools/cli/table.h"

namespace duramen::cli {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kBeforeCaret = 60;
constexpr std::size_t kAfterCaret = 40;
constexpr std::size_t kShownBody = 200;

ErrorCode code_of_status(int status) {
  switch (status) {
    case 400:
    case 413:
    case 415:
      return ErrorCode::kInvalidArgument;
    case 404:
    case 405:
      return ErrorCode::kNotFound;
    case 409:
    case 422:
      return ErrorCode::kAlreadyExists;
    case 408:
    case 504:
      return ErrorCode::kDeadlineExceeded;
    case 429:
      return ErrorCode::kResourceExhausted;
    case 501:
      return ErrorCode::kUnimplemented;
    case 502:
    case 503:
      return ErrorCode::kUnavailable;
    default:
      return ErrorCode::kInternal;
  }
}

std::string text_member(const Json& json, const char* name) {
  const auto at = json.find(name);
  return at != json.end() && at->is_string() ? at->get<std::string>() : std::string();
}

std::optional<std::size_t> column_of(const Json& json, std::string_view detail) {
  if (const auto at = json.find("column"); at != json.end() && at->is_number_unsigned()) {
    return at->get<std::size_t>();
  }
  const std::size_t at = detail.find("column ");
  if (at == std::string_view::npos) return std::nullopt;
  std::size_t column = 0;
  const char* begin = detail.data() + at + 7;
  const auto [end, error] = std::from_chars(begin, detail.data() + detail.size(), column);
  if (error != std::errc() || column == 0) return std::nullopt;
  return column;
}

/// The best sentence of a problem: its detail, else its title.
std::string sentence_of(const Json& json) {
  for (const char* name : {"detail", "message", "title", "error"}) {
    if (std::string text = text_member(json, name); !text.empty()) return text;
  }
  return {};
}

}  // namespace

std::string with_caret(std::string_view message, std::string_view query, std::size_t column) {
  const std::size_t place = std::min(column - 1, query.size());
  std::size_t begin = place > kBeforeCaret ? place - kBeforeCaret : 0;
  std::size_t end = std::min(query.size(), place + kAfterCaret);
  const auto inside = [&](std::size_t at) {
    return at < query.size() && (static_cast<unsigned char>(query[at]) & 0xc0) == 0x80;
  };
  while (begin > 0 && inside(begin)) --begin;
  while (inside(end)) ++end;
  const std::string before =
      (begin > 0 ? "…" : "") + visible_on_one_line(query.substr(begin, place - begin));
  const std::string after =
      visible_on_one_line(query.substr(place, end - place)) + (end < query.size() ? "…" : "");
  std::string out(message);
  out += "\n  " + before + after + "\n  ";
  // A tab before the caret stays a tab, so that both lines move alike.
  for (const char c : before) {
    if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) out.push_back(c == '\t' ? '\t' : ' ');
  }
  return out + "^";
}

std::string_view shallow(std::string_view json) {
  constexpr std::size_t kDepth = 128;  // values have 64 at most
  return json_depth_within(json, kDepth) ? json : std::string_view();
}

Error problem_error(const HttpReply& reply, std::string_view query) {
  const Json json = Json::parse(shallow(reply.body), nullptr, false);
  std::string text = json.is_object() ? sentence_of(json) : std::string();
  if (text.empty()) {
    text = "the server answered " + std::to_string(reply.status);
    if (!reply.body.empty()) text += ": " + reply.body.substr(0, kShownBody);
  }
  const ErrorCode code = code_of_status(reply.status);
  if (reply.status == 401 || reply.status == 403) {
    text += " (give a token with --token or DURAMEN_TOKEN)";
  }
  if (code == ErrorCode::kInvalidArgument && !query.empty() && json.is_object()) {
    if (const auto column = column_of(json, text)) return {code, with_caret(text, query, *column)};
  }
  return {code, text};
}

Error error_line_error(std::string_view line, std::string_view query) {
  const Json json = Json::parse(shallow(line), nullptr, false);
  const Json problem = json.is_object() ? json.value("_error", Json()) : Json();
  HttpReply reply;
  reply.status = 500;
  if (problem.is_object()) {
    if (const auto at = problem.find("status"); at != problem.end() && at->is_number_integer()) {
      reply.status = at->get<int>();
    }
    reply.body = problem.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  return problem_error(reply, query);
}

}  // namespace duramen::cli
