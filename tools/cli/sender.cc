#include "tools/cli/sender.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "tools/cli/problem.h"

namespace duramen::cli {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;

constexpr milliseconds kFirstPause{200};
constexpr milliseconds kLongestPause{5000};

bool passes(int status) {
  return status == 429 || status == 408 || status == 502 || status == 503 || status == 504;
}
bool passes(ErrorCode code) {
  return code == ErrorCode::kUnavailable || code == ErrorCode::kDataLoss ||
         code == ErrorCode::kDeadlineExceeded;
}

/// Nothing when the answer is no account of lines.
std::optional<IngestReply> read_account(const HttpReply& reply) {
  const Json json = Json::parse(reply.body, nullptr, false);
  const auto number = [&](const char* name, std::uint64_t& to) {
    const auto at = json.find(name);
    if (at == json.end() || !at->is_number_unsigned()) return false;
    to = at->get<std::uint64_t>();
    return true;
  };
  IngestReply out;
  if (!json.is_object() || !number("accepted", out.accepted)) return std::nullopt;
  if (!number("rejected", out.rejected)) return std::nullopt;
  if (const auto at = json.find("duplicate"); at != json.end()) out.duplicate = *at == true;
  if (const auto at = json.find("errors"); at != json.end() && at->is_array()) {
    for (const Json& error : *at) {
      if (!error.is_object() || !error.contains("line") || !error["line"].is_number_unsigned())
        continue;
      const auto reason = error.find("reason");
      out.errors.emplace_back(
          error["line"].get<std::uint64_t>(),
          reason != error.end() && reason->is_string() ? reason->get<std::string>() : "rejected");
    }
  }
  if (const auto at = json.find("warnings"); at != json.end() && at->is_array()) {
    for (const Json& warning : *at) {
      if (warning.is_string()) out.warnings.push_back(warning.get<std::string>());
    }
  }
  return out;
}

struct Attempt {
  std::optional<IngestReply> reply;
  Error error{ErrorCode::kInternal, ""};
  bool may_pass = false;
  std::optional<milliseconds> retry_after;
};

Attempt attempt(Client& client, const HttpRequest& request) {
  Attempt out;
  const auto reply = client.call(request);
  if (!reply) {
    out.error = reply.error();
    out.may_pass = passes(out.error.code);
    return out;
  }
  // 400 with an account means: every line was looked at, none was good.
  if (reply->ok() || reply->status == 400) out.reply = read_account(*reply);
  if (out.reply) return out;
  if (reply->ok()) {
    out.error = {ErrorCode::kDataLoss, "the answer does not say what was stored"};
    return out;
  }
  out.error = problem_error(*reply);
  if (out.error.code == ErrorCode::kInvalidArgument) out.error.code = ErrorCode::kInternal;
  if (reply->status == 413) out.error.message += " (try a smaller --batch-bytes)";
  out.may_pass = passes(reply->status);
  if (const auto seconds = reply->retry_after()) out.retry_after = *seconds;
  return out;
}

}  // namespace

Result<IngestReply> send_batch(Client& client, const SendOptions& options, const std::string& key,
                               const std::string& body) {
  HttpRequest request;
  request.method = "POST";
  request.target = options.target;
  request.headers["content-type"] = "application/x-ndjson";
  request.headers["idempotency-key"] = key;
  request.body = body;
  milliseconds backoff = kFirstPause;
  milliseconds waited{0};
  std::optional<std::chrono::steady_clock::time_point> failed_first;
  const milliseconds longest(options.max_wait / 1'000'000);
  while (true) {
    Attempt tried = attempt(client, request);
    if (tried.reply) return *std::move(tried.reply);
    if (!tried.may_pass) return std::move(tried.error);
    const milliseconds pause = tried.retry_after.value_or(backoff);
    const auto now = std::chrono::steady_clock::now();
    if (!failed_first) failed_first = now;
    waited = std::max(waited, std::chrono::duration_cast<milliseconds>(now - *failed_first));
    if (waited + pause > longest) {
      return std::move(tried.error)
          .with("gave up after waiting " + std::to_string(waited.count() / 1000) + " s");
    }
    if (options.waiting) options.waiting(tried.error.message);
    options.pause(pause);
    waited += pause;
    backoff = std::min(backoff * 2, kLongestPause);
  }
}

}  // namespace duramen::cli
