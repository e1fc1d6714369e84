#include "tools/bench/duramen.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/time_text.h"
#include "tools/bench/duramen_answer.h"
#include "tools/bench/duramen_query.h"
#include "tools/bench/page_cache.h"

namespace duramen::bench {
namespace {

using Json = nlohmann::json;
using Parameters = std::vector<std::pair<std::string, std::string>>;

/// `a=b&c=d`; everything but letters, digits and a few harmless signs is written as `%XX`.
std::string encoded(const Parameters& parameters) {
  static constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
  std::string out;
  for (const auto& [name, value] : parameters) {
    if (!out.empty()) out += '&';
    out += name + "=";
    for (const char c : value) {
      if (kPlain.find(c) != std::string_view::npos) {
        out += c;
      } else {
        const auto byte = static_cast<unsigned char>(c);
        out += {'%', "0123456789ABCDEF"[byte >> 4], "0123456789ABCDEF"[byte & 15]};
      }
    }
  }
  return out;
}

Parameters parameters_of(const Question& question) {
  Parameters out = {{"q", duramen_query(question)}};
  if (question.range) {
    out.emplace_back("start", to_rfc3339(question.range->start));
    out.emplace_back("end", to_rfc3339(question.range->end));
  }
  return out;
}

/// Where a question goes, and what else it takes there. Not for contexts.
StoreCall call_for(const Question& question) {
  const std::string q = duramen_query(question);
  Parameters parameters = parameters_of(question);
  const auto call = [&](const std::string& text, const std::string& path) {
    return StoreCall{text, "/api/v1/" + path + "?" + encoded(parameters), question.shape};
  };
  switch (question.shape) {
    case Shape::kRows:
      parameters.emplace_back("limit", std::to_string(question.limit));
      parameters.emplace_back("end", "1");
      return call(question.limit == 0 ? q + ", without a limit" : q, "query");
    case Shape::kLabelValues:
      return call("values of " + question.label, "labels/" + question.label + "/values");
    case Shape::kHistogram:
      parameters.emplace_back("step", "1m");
      return call("hits of " + q, "hits");
    default:
      return call(q, "stats");
  }
}

}  // namespace

Result<HttpConnection*> DuramenStore::connection() {
  if (!connection_) {
    DURAMEN_TRY(connection_, HttpConnection::open(daemon_.host(), daemon_.port()));
  }
  return &*connection_;
}

Result<StoreCall> DuramenStore::prepare(const Question& question) {
  if (question.shape != Shape::kContext) return call_for(question);
  DURAMEN_TRY(const std::string seq, record_name(question));
  const std::string lines = std::to_string(question.limit);
  const Parameters parameters = {{"seq", seq}, {"before", lines}, {"after", lines}, {"end", "1"}};
  return StoreCall{"context of " + seq, "/api/v1/context?" + encoded(parameters), question.shape};
}

Result<std::string> DuramenStore::record_name(const Question& question) {
  Parameters parameters = parameters_of(question);
  parameters.emplace_back("limit", "1");
  DURAMEN_TRY(HttpConnection* const to, connection());
  DURAMEN_TRY(const HttpAnswer answer, to->get("/api/v1/query?" + encoded(parameters)));
  const Json row = Json::parse(answer.body, nullptr, false);
  if (answer.status != 200 || !row.is_object()) {
    return Error{ErrorCode::kInternal, "no record for its context: " + answer.body};
  }
  return row.value("_seq", "");
}

Result<StoreAnswer> DuramenStore::ask(const StoreCall& call) {
  DURAMEN_TRY(HttpConnection* const to, connection());
  DuramenAnswer answer(call.shape);
  DURAMEN_TRY(const int status,
              to->get(call.target, [&](std::string_view piece) { answer.take(piece); }));
  return answer.finish(status);
}

Result<std::optional<StoreRead>> DuramenStore::read_of(const Question& question) {
  const bool is_query = question.shape != Shape::kContext && question.shape != Shape::kHistogram &&
                        question.shape != Shape::kLabelValues;
  if (!is_query) return std::optional<StoreRead>();
  Parameters parameters = parameters_of(question);
  if (question.shape == Shape::kRows) {
    parameters.emplace_back("limit", std::to_string(question.limit));
  }
  DURAMEN_TRY(HttpConnection* const to, connection());
  DURAMEN_TRY(const HttpAnswer answer, to->get("/api/v1/explain?" + encoded(parameters)));
  const Json json = Json::parse(answer.body, nullptr, false);
  if (answer.status != 200 || !json.is_object()) {
    return Error{ErrorCode::kInternal, "explain answered " + answer.body};
  }
  try {
    const Json& read = json.at("read");
    return std::optional<StoreRead>(
        {read.at("units"), read.at("bytes"), json.at("plan").at("index").at("bytes")});
  } catch (const Json::exception& error) {
    return Error{ErrorCode::kInternal, std::string("explain: ") + error.what()};
  }
}

Result<std::uint64_t> DuramenStore::make_cold() {
  connection_.reset();
  DURAMEN_TRY_VOID(daemon_.stop());
  DURAMEN_TRY(const std::uint64_t stayed, drop_page_cache(directory_));
  DURAMEN_TRY_VOID(daemon_.restart());
  DURAMEN_TRY_VOID(connection());
  return stayed;
}

}  // namespace duramen::bench
