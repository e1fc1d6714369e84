#include "api/routes/parameters.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/json_text.h"

namespace duramen::api {
namespace {

/// A query's parameters: far more than the longest query that the engine takes.
constexpr std::size_t kMaxParameterBody = 1U << 20;
constexpr std::size_t kMaxParameterDepth = 64;

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

/// Calls `take` with each part of `text` between commas or semicolons.
template <class Take>
void for_each_part(std::string_view text, char separator, Take&& take) {
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    if (const auto part = trimmed(text.substr(0, end)); !part.empty()) take(part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

/// The text of a JSON scalar as a parameter value; nothing for null; an object is an error.
Result<std::optional<std::string>> scalar_text(const std::string& name,
                                               const nlohmann::json& value) {
  if (value.is_null()) return std::optional<std::string>();
  if (value.is_string()) return std::optional<std::string>(value.get<std::string>());
  if (value.is_boolean()) return std::optional<std::string>(value.get<bool>() ? "1" : "0");
  if (value.is_number()) return std::optional<std::string>(value.dump());
  return Error{ErrorCode::kInvalidArgument,
               "'" + name + "' must be a string, a number, a boolean or an array of these"};
}

/// Adds the values of one member: a scalar, or an array of them.
Result<void> add_values(Parameters& out, const std::string& name, const nlohmann::json& value) {
  if (value.is_array()) {
    for (const auto& one : value) {
      DURAMEN_TRY(auto text, scalar_text(name, one));
      if (text) out.emplace_back(name, *std::move(text));
    }
    return {};
  }
  DURAMEN_TRY(auto text, scalar_text(name, value));
  if (text) out.emplace_back(name, *std::move(text));
  return {};
}

Result<Parameters> json_parameters(std::string_view body) {
  // The library copies and writes values by recursion.
  if (!json_depth_within(body, kMaxParameterDepth)) {
    return Error{ErrorCode::kInvalidArgument,
                 "the body is nested deeper than " + std::to_string(kMaxParameterDepth) +
                     " levels; it must be one JSON object of parameters"};
  }
  const auto document = nlohmann::json::parse(body, nullptr, false);
  if (!document.is_object()) {
    return Error{ErrorCode::kInvalidArgument, "the body must be one JSON object of parameters"};
  }
  Parameters out;
  for (const auto& [name, value] : document.items()) {
    DURAMEN_TRY_VOID(add_values(out, name, value));
  }
  return out;
}

struct TypeRange {
  std::string type;
  double quality = 1;
};

std::vector<TypeRange> accept_ranges(std::string_view accept) {
  std::vector<TypeRange> out;
  for_each_part(accept, ',', [&](std::string_view entry) {
    TypeRange range;
    bool first = true;
    for_each_part(entry, ';', [&](std::string_view part) {
      if (first) range.type = lower(part);
      first = false;
      if (part.substr(0, 2) != "q=") return;
      const auto digits = part.substr(2);
      std::from_chars(digits.data(), digits.data() + digits.size(), range.quality);
    });
    out.push_back(std::move(range));
  });
  return out;
}

/// How much `ranges` like `type`: the most specific range that fits decides.
double quality_of(const std::vector<TypeRange>& ranges, std::string_view type) {
  const std::string group = std::string(type.substr(0, type.find('/'))) + "/*";
  int best = 0;
  double quality = 0;
  for (const auto& range : ranges) {
    const int fit = range.type == type ? 3 : range.type == group ? 2 : range.type == "*/*" ? 1 : 0;
    if (fit <= best) continue;
    best = fit;
    quality = range.quality;
  }
  return quality;
}

}  // namespace

Response bad_parameter(std::string detail) {
  return problem_response(make_problem(400, "bad-parameter", std::move(detail)));
}

std::optional<Response> refuse_unknown(const Parameters& parameters,
                                       const std::vector<std::string_view>& known) {
  for (const auto& [name, value] : parameters) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    std::string detail = "unknown parameter '" + name.substr(0, 100) + "'; ";
    if (known.empty()) return bad_parameter(detail + "this route takes none");
    detail += "known:";
    for (const auto one : known) detail += " " + std::string(one);
    return bad_parameter(std::move(detail));
  }
  return std::nullopt;
}

std::vector<std::string> list_parameter(const Parameters& parameters, std::string_view name) {
  std::vector<std::string> out;
  for (const auto& [key, value] : parameters) {
    if (key != name) continue;
    for_each_part(value, ',', [&](std::string_view part) { out.emplace_back(part); });
  }
  return out;
}

Result<bool> parse_flag(std::string_view name, std::string_view text) {
  if (text == "1" || text == "true" || text == "yes" || text.empty()) return true;
  if (text == "0" || text == "false" || text == "no") return false;
  return Error{ErrorCode::kInvalidArgument, "'" + std::string(name) + "' must be 1 or 0"};
}

Result<std::uint64_t> parse_count(std::string_view name, std::string_view text) {
  std::uint64_t out = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) {
    return Error{ErrorCode::kInvalidArgument, "'" + std::string(name) +
                                                  "' must be a whole number, not '" +
                                                  std::string(text.substr(0, 40)) + "'"};
  }
  return out;
}

std::optional<std::uint64_t> path_number(const Request& request, std::string_view name) {
  const auto number = parse_count(name, request.parameter(name).value_or(""));
  return number ? std::optional(*number) : std::nullopt;
}

std::optional<ContentCoding> content_coding(const Request& request) {
  const std::string name = lower(trimmed(request.header("content-encoding")));
  if (name.empty() || name == "identity") return ContentCoding::kIdentity;
  if (name == "gzip" || name == "x-gzip") return ContentCoding::kGzip;
  if (name == "zstd") return ContentCoding::kZstd;
  return std::nullopt;
}

Response unsupported_encoding(const Request& request) {
  Response out = problem_response(make_problem(
      415, "content-encoding",
      "Content-Encoding '" + std::string(request.header("content-encoding").substr(0, 40)) +
          "' is not known; send identity, gzip or zstd"));
  out.headers.emplace_back("Accept-Encoding", "gzip, zstd");
  return out;
}

OrRefusal<Parameters> all_parameters(const Request& request) {
  Parameters out = request.parameters;
  if (request.body.empty()) return out;
  const auto coding = content_coding(request);
  if (!coding) return unsupported_encoding(request);
  auto body = decode_body(request.body, *coding, kMaxParameterBody);
  if (!body) {
    Problem problem = to_problem(body.error());
    if (body.error().code == ErrorCode::kOutOfRange) {
      problem = make_problem(413, "body-too-large", body.error().message);
    }
    return problem_response(problem);
  }
  const auto header = request.header("content-type");
  const std::string type = lower(trimmed(header.substr(0, header.find(';'))));
  Result<Parameters> more = Parameters();
  if (type == "application/json") {
    more = json_parameters(*body);
  } else if (type == "application/x-www-form-urlencoded") {
    more = parse_form(*body);
  } else {
    return problem_response(make_problem(
        415, "content-type",
        "a body with parameters is application/x-www-form-urlencoded or application/json"));
  }
  if (!more) return bad_parameter(more.error().message);
  out.insert(out.end(), more->begin(), more->end());
  return out;
}

std::size_t preferred_type(std::string_view accept, const std::vector<std::string_view>& offered) {
  const auto ranges = accept_ranges(accept);
  std::size_t best = 0;
  double best_quality = 0;
  for (std::size_t i = 0; i < offered.size(); ++i) {
    const double quality = quality_of(ranges, offered[i]);
    if (quality <= best_quality) continue;
    best = i;
    best_quality = quality;
  }
  return best;
}

}  // namespace duramen::api
