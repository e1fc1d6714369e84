#include "api/http.h"

#include <algorithm>
#include <array>

#include "base/json_text.h"

namespace duramen::api {
namespace {

constexpr std::size_t kMaxParameters = 1000;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> form_decoded(std::string_view text) {
  std::string plain(text);
  std::replace(plain.begin(), plain.end(), '+', ' ');
  return percent_decoded(plain);
}

struct StatusName {
  int status;
  std::string_view name;
};
constexpr std::array kStatusNames{
    StatusName{101, "Switching Protocols"},
    StatusName{200, "OK"},
    StatusName{201, "Created"},
    StatusName{202, "Accepted"},
    StatusName{204, "No Content"},
    StatusName{400, "Bad Request"},
    StatusName{403, "Forbidden"},
    StatusName{404, "Not Found"},
    StatusName{405, "Method Not Allowed"},
    StatusName{408, "Request Timeout"},
    StatusName{409, "Conflict"},
    StatusName{410, "Gone"},
    StatusName{413, "Content Too Large"},
    StatusName{414, "URI Too Long"},
    StatusName{415, "Unsupported Media Type"},
    StatusName{417, "Expectation Failed"},
    StatusName{422, "Unprocessable Content"},
    StatusName{426, "Upgrade Required"},
    StatusName{429, "Too Many Requests"},
    StatusName{431, "Request Header Fields Too Large"},
    StatusName{500, "Internal Server Error"},
    StatusName{501, "Not Implemented"},
    StatusName{503, "Service Unavailable"},
    StatusName{504, "Gateway Timeout"},
    StatusName{505, "HTTP Version Not Supported"},
};

struct ErrorRow {
  int status;
  std::string_view type;
  std::optional<int> retry_after_seconds;
};

/// -Wswitch makes a new code fail the build here.
ErrorRow error_row(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return {400, "invalid-argument", {}};
    case ErrorCode::kOutOfRange:
      return {400, "out-of-range", {}};
    case ErrorCode::kNotFound:
      return {404, "not-found", {}};
    case ErrorCode::kAlreadyExists:
      return {409, "already-exists", {}};
    case ErrorCode::kResourceExhausted:
      return {429, "resource-exhausted", 1};
    case ErrorCode::kUnavailable:
      return {503, "unavailable", 2};
    case ErrorCode::kCancelled:
      return {503, "cancelled", {}};
    case ErrorCode::kDeadlineExceeded:
      return {504, "deadline-exceeded", {}};
    case ErrorCode::kUnimplemented:
      return {501, "unimplemented", {}};
    case ErrorCode::kDataLoss:
      return {500, "data-loss", {}};
    case ErrorCode::kInternal:
      break;
  }
  return {500, "internal", {}};
}

}  // namespace

std::optional<std::string_view> Request::parameter(std::string_view name) const {
  for (const auto& [key, value] : parameters) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::string_view Request::header(std::string_view name) const {
  const auto at = headers.find(name);
  return at == headers.end() ? std::string_view() : std::string_view(at->second);
}

std::string_view status_text(int status) {
  for (const auto& row : kStatusNames) {
    if (row.status == status) return row.name;
  }
  return "Unknown";
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const int high = hex_value(text[i + 1]);
    const int low = hex_value(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out;
}

Result<Parameters> parse_form(std::string_view text) {
  Parameters out;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const auto pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    if (out.size() == kMaxParameters) {
      return Error{ErrorCode::kInvalidArgument, "more than 1,000 parameters"};
    }
    const auto equals = std::min(pair.find('='), pair.size());
    auto name = form_decoded(pair.substr(0, equals));
    auto value = form_decoded(equals == pair.size() ? std::string_view() : pair.substr(equals + 1));
    if (!name || !value) {
      return Error{ErrorCode::kInvalidArgument, "parameter '" +
                                                    std::string(pair.substr(0, equals)) +
                                                    "': '%' must be followed by two hex digits"};
    }
    out.emplace_back(*std::move(name), *std::move(value));
  }
  return out;
}

Response json_response(int status, std::string json) {
  return Response{status, {{"Content-Type", "application/json"}}, std::move(json)};
}

Response text_response(int status, std::string text) {
  return Response{status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(text)};
}

Response problem_response(const Problem& problem) {
  std::string body = "{\"type\":";
  append_json_string_lossy(body, "/problems/" + problem.type);
  body += ",\"title\":";
  append_json_string_lossy(body, problem.title);
  body += ",\"status\":" + std::to_string(problem.status) + ",\"detail\":";
  append_json_string_lossy(body, problem.detail);
  if (problem.retry_after_seconds) {
    body += ",\"retry_after_s\":" + std::to_string(*problem.retry_after_seconds);
  }
  for (const auto& [name, value] : problem.members) {
    body += ',';
    append_json_string_lossy(body, name);
    body += ':';
    body += value;
  }
  body += "}\n";
  Response out{problem.status, {{"Content-Type", "application/problem+json"}}, std::move(body)};
  if (problem.retry_after_seconds) {
    out.headers.emplace_back("Retry-After", std::to_string(*problem.retry_after_seconds));
  }
  return out;
}

Problem make_problem(int status, std::string type, std::string detail) {
  return Problem{status, std::move(type), std::string(status_text(status)), std::move(detail), {},
                 {}};
}

Problem to_problem(const Error& error) {
  const ErrorRow row = error_row(error.code);
  Problem out = make_problem(row.status, std::string(row.type), error.message);
  out.retry_after_seconds = row.retry_after_seconds;
  return out;
}

Problem producer_problem(const Response& response, const Error& error) {
  if (response.problem_of) return response.problem_of(error);
  if (error.code == ErrorCode::kResourceExhausted) {
    return make_problem(422, "answer-too-large", error.message);
  }
  return to_problem(error);
}

}  // namespace duramen::api
