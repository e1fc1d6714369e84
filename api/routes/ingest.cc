#include <array>
#include <cstdio>

#include "api/routes/parameters.h"
#include "api/routes/route_groups.h"
#include "base/json_text.h"

namespace duramen::api {
namespace {

constexpr std::size_t kMaxKeyBytes = 256;

constexpr std::string_view kOpenApi = R"({
  "description": "Stores the lines of the body, one JSON object each, and answers when they are durable.",
  "parameters": [
    {"name":"time","in":"query","schema":{"type":"string"},"description":"fields that hold the time, comma-separated"},
    {"name":"msg","in":"query","schema":{"type":"string"},"description":"fields that hold the message"},
    {"name":"stream","in":"query","schema":{"type":"string"},"description":"fields that become stream labels"},
    {"name":"keep_old","in":"query","schema":{"type":"boolean"},"description":"keep times outside the accepted range"},
    {"name":"Idempotency-Key","in":"header","schema":{"type":"string","maxLength":256},"description":"a repeat with the same key and body is acknowledged and not stored again"}
  ],
  "requestBody": {"required":true,"content":{"application/x-ndjson":{"schema":{"type":"string"}}}},
  "responses": {
    "200": {"description":"at least one line is stored and durable"},
    "400": {"description":"no line was stored; rejected lines are named"},
    "413": {"description":"the body is over a limit"},
    "415": {"description":"unknown Content-Encoding"},
    "422": {"description":"the Idempotency-Key was used with another body"},
    "429": {"description":"a budget is used up; see Retry-After"},
    "503": {"description":"disk full, starting or stopping; see Retry-After"}
  }
})";

/// The one table from what Ingest refuses to the contract's statuses: a temporary fault is never
/// 500 or 507, on which several shippers drop the batch.
Problem ingest_problem(const Error& error) {
  Problem out = to_problem(error);
  const auto override_with = [&](int status, std::string type, std::optional<int> retry) {
    out = make_problem(status, std::move(type), error.message);
    out.retry_after_seconds = retry;
  };
  switch (error.code) {
    case ErrorCode::kInvalidArgument:
      override_with(400, "bad-body", {});
      break;
    case ErrorCode::kOutOfRange:
      override_with(413, "body-too-large", {});
      break;
    case ErrorCode::kAlreadyExists:
      override_with(422, "idempotency-key-reused", {});
      break;
    case ErrorCode::kResourceExhausted:
      override_with(429, "over-budget", 1);
      break;
    case ErrorCode::kUnavailable:
    case ErrorCode::kCancelled:
    case ErrorCode::kDeadlineExceeded:
      override_with(503, "writes-refused", 5);
      break;
    default:
      break;
  }
  return out;
}

std::string record_name(model::NodeId node, model::Seq seq) {
  std::array<char, 40> text{};
  const int size = std::snprintf(text.data(), text.size(), "%016llx:%llu",
                                 static_cast<unsigned long long>(node.value()),
                                 static_cast<unsigned long long>(seq.value()));
  return std::string(text.data(), static_cast<std::size_t>(size));
}

/// `[{"line":3,"reason":"…"}]`
std::string errors_json(const ingest::IngestAnswer& answer) {
  std::string out = "[";
  for (const auto& error : answer.errors) {
    if (out.size() > 1) out += ',';
    out += "{\"line\":" + std::to_string(error.line) + ",\"reason\":";
    append_json_string_lossy(out, error.reason);
    out += '}';
  }
  return out + "]";
}

std::string warnings_json(const ingest::IngestAnswer& answer) {
  std::string out = "[";
  for (const auto& warning : answer.warnings) {
    if (out.size() > 1) out += ',';
    append_json_string_lossy(out, warning);
  }
  return out + "]";
}

Response ingest_response(const Result<ingest::IngestAnswer>& result) {
  if (!result) return problem_response(ingest_problem(result.error()));
  const auto& answer = *result;
  if (!answer.ack) {
    std::string detail = "no line was stored: " + std::to_string(answer.rejected) + " rejected";
    if (!answer.errors.empty()) {
      detail += "; line " + std::to_string(answer.errors[0].line) + ": " + answer.errors[0].reason;
    }
    Problem problem = make_problem(400, "no-line-stored", std::move(detail));
    problem.members = {{"accepted", "0"},
                       {"rejected", std::to_string(answer.rejected)},
                       {"errors", errors_json(answer)},
                       {"warnings", warnings_json(answer)}};
    return problem_response(problem);
  }
  std::string json = "{\"accepted\":" + std::to_string(answer.accepted) +
                     ",\"rejected\":" + std::to_string(answer.rejected) +
                     ",\"errors\":" + errors_json(answer) +
                     ",\"warnings\":" + warnings_json(answer) + ",\"first_seq\":\"" +
                     record_name(answer.ack->node, answer.ack->first) + "\",\"last_seq\":\"" +
                     record_name(answer.ack->node, answer.ack->last) + "\",\"duplicate\":";
  json += answer.ack->duplicate ? "true" : "false";
  return json_response(200, json + "}\n");
}

OrRefusal<ingest::IngestRequest> read_ingest(Request& request) {
  if (auto refusal = refuse_unknown(request.parameters, {"time", "msg", "stream", "keep_old"})) {
    return *std::move(refusal);
  }
  ingest::IngestRequest out;
  out.format.time_fields = list_parameter(request.parameters, "time");
  out.format.message_fields = list_parameter(request.parameters, "msg");
  out.format.stream_fields = list_parameter(request.parameters, "stream");
  if (const auto keep = request.parameter("keep_old")) {
    const auto flag = parse_flag("keep_old", *keep);
    if (!flag) return bad_parameter(flag.error().message);
    out.format.keep_old = *flag;
  }
  const auto coding = content_coding(request);
  if (!coding) return unsupported_encoding(request);
  out.coding = *coding;
  out.idempotency_key = request.header("idempotency-key");
  if (out.idempotency_key.size() > kMaxKeyBytes) {
    return bad_parameter("Idempotency-Key is over 256 bytes");
  }
  out.body = std::move(request.body);
  return out;
}

}  // namespace

void add_ingest_routes(Router& router, const Services& services) {
  router.add({"POST", "/api/v1/ingest", "Store log records",
              [&ingest = services.ingest](Request request, Responder respond) {
                auto read = read_ingest(request);
                if (auto* refusal = std::get_if<Response>(&read)) {
                  respond(std::move(*refusal));
                  return;
                }
                ingest.ingest(
                    std::get<0>(std::move(read)),
                    [respond = std::move(respond)](const Result<ingest::IngestAnswer>& answer) {
                      respond(ingest_response(answer));
                    });
              },
              std::string(kOpenApi)});
}

}  // namespace duramen::api
