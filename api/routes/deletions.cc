#include <optional>

#include "api/routes/parameters.h"
#include "api/routes/query_call.h"
#include "api/routes/route_groups.h"
#include "base/json_text.h"
#include "base/time_text.h"

namespace duramen::api {
namespace {

constexpr std::string_view kAskOpenApi = R"({
  "description": "Deletes the rows that match and are stored now, for good. Answers when it is noted durably; it is done afterwards, also over restarts. The rows disappear from all answers in one step.",
  "parameters": [
    {"name":"q","in":"query","required":true,"schema":{"type":"string"},"description":"a filter, without pipes; * is every row"},
    {"name":"start","in":"query","schema":{"type":"string"},"description":"inclusive: RFC 3339, Unix time, now-15m, -15m"},
    {"name":"end","in":"query","schema":{"type":"string"},"description":"exclusive"},
    {"name":"reason","in":"query","schema":{"type":"string"},"description":"kept with it"}
  ],
  "responses": {
    "202": {"description":"the deletion, with its id"},
    "400": {"description":"a bad filter or parameter; the detail names the place"},
    "413": {"description":"the filter or the reason is too long"},
    "429": {"description":"too many deletions wait; see Retry-After"},
    "503": {"description":"the disk refuses, starting or stopping"}
  }
})";
constexpr std::string_view kListOpenApi = R"({
  "responses": {"200": {"description":"all deletions, the oldest first: who asked for what, and what came of it"}}
})";
constexpr std::string_view kOneOpenApi = R"({
  "parameters": [{"name":"id","in":"path","required":true,"schema":{"type":"integer"}}],
  "responses": {"200": {"description":"the deletion and how far it is"}, "404": {"description":"there is no such deletion"}}
})";
constexpr std::string_view kCancelOpenApi = R"({
  "parameters": [{"name":"id","in":"path","required":true,"schema":{"type":"integer"}}],
  "responses": {"202": {"description":"it is told to end; its state says whether that came in time"}, "404": {"description":"there is no such deletion"}, "409": {"description":"its rows are deleted already, or it has ended"}}
})";

std::string_view state_name(store::DeletionState state) {
  switch (state) {
    case store::DeletionState::kPlanned:
      return "planned";
    case store::DeletionState::kHidden:
      return "hidden";
    case store::DeletionState::kDone:
      return "done";
    case store::DeletionState::kCancelled:
      return "cancelled";
    case store::DeletionState::kFailed:
      break;
  }
  return "failed";
}

void append_text(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  out.append(",\"").append(name).append("\":");
  append_json_string_lossy(out, value);
}

void append_time(std::string& out, std::string_view name, const std::optional<TimeNs>& time) {
  if (time) append_text(out, name, to_rfc3339(*time));
}

/// What is not there, or not known yet, is left out.
std::string deletion_json(const query::DeletionInfo& info) {
  const store::Deletion& deletion = info.deletion;
  std::string out = "{\"id\":" + std::to_string(deletion.id);
  append_text(out, "state", state_name(deletion.state));
  append_text(out, "q", deletion.query);
  append_time(out, "start", deletion.start);
  append_time(out, "end", deletion.end);
  append_text(out, "by", deletion.by);
  append_text(out, "reason", deletion.reason);
  append_time(out, "asked", deletion.asked);
  append_time(out, "hidden", deletion.hidden);
  append_time(out, "ended", deletion.ended);
  if (deletion.hidden) {
    out += ",\"rows\":" + std::to_string(deletion.rows) +
           ",\"blocks\":" + std::to_string(deletion.blocks);
  }
  append_text(out, "problem", deletion.problem);
  append_text(out, "phase", info.phase);
  if (info.total != 0) {
    out += ",\"phase_done\":" + std::to_string(info.done) +
           ",\"phase_total\":" + std::to_string(info.total);
  }
  append_text(out, "trouble", info.trouble);
  return out + "}";
}

Response no_such_deletion(const Request& request) {
  return problem_response(
      make_problem(404, "no-such-deletion",
                   "there is no deletion " + std::string(request.parameter("id").value_or(""))));
}

Problem cancel_problem(const Error& error) {
  if (error.code == ErrorCode::kInvalidArgument) {
    return make_problem(409, "too-late", error.message);
  }
  return to_problem(error);
}

/// Writing them down takes the disk: on a stream thread.
Response on_stream_thread(int status, std::function<Result<std::string>()> work,
                          std::function<Problem(const Error&)> problem_of) {
  return Response{status,
                  {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
                  [work = std::move(work)](BodyWriter& out) -> Result<void> {
                    DURAMEN_TRY(const std::string json, work());
                    return out.write(json + "\n");
                  },
                  std::move(problem_of)};
}

Response ask(const Services& services, const Request& request) {
  auto call = read_query_call(request, services.clock, {"q", "start", "end", "reason"});
  if (auto* refusal = std::get_if<Response>(&call)) return std::move(*refusal);
  const QueryCall& asked = std::get<QueryCall>(call);
  query::DeletionRequest deletion;
  deletion.q = asked.request.q;
  deletion.start = asked.request.start;
  deletion.end = asked.request.end;
  deletion.by = request.peer;
  deletion.reason = asked.parameter("reason").value_or("");
  return on_stream_thread(
      202,
      [&deletions = *services.deletions, deletion]() -> Result<std::string> {
        DURAMEN_TRY(const auto info, deletions.request(deletion));
        return deletion_json(info);
      },
      query_problem);
}

Response list(const Services& services) {
  std::string json = "{\"deletions\":[";
  for (const auto& info : services.deletions->list()) {
    if (json.back() != '[') json += ',';
    json += deletion_json(info);
  }
  return json_response(200, json + "]}\n");
}

Response show(const Services& services, const Request& request) {
  const auto id = path_number(request, "id");
  const auto info = id ? services.deletions->find(*id) : std::nullopt;
  return info ? json_response(200, deletion_json(*info) + "\n") : no_such_deletion(request);
}

Response cancel(const Services& services, const Request& request) {
  const auto id = path_number(request, "id");
  if (!id) return no_such_deletion(request);
  return on_stream_thread(
      202,
      [&deletions = *services.deletions, id = *id]() -> Result<std::string> {
        DURAMEN_TRY_VOID(deletions.cancel(id));
        const auto info = deletions.find(id);
        return info ? deletion_json(*info) : std::string("{}");
      },
      cancel_problem);
}

}  // namespace

void add_deletion_routes(Router& router, const Services& services) {
  if (services.deletions == nullptr) return;
  const auto of_one = [&services](auto answer) {
    return [services, answer](const Request& request, const Responder& respond) {
      // The first is the one in the path.
      const Parameters more(request.parameters.begin() + 1, request.parameters.end());
      auto refusal = refuse_unknown(more, {});
      respond(refusal ? *std::move(refusal) : answer(services, request));
    };
  };
  router.add({"POST", "/api/v1/deletions", "Delete rows",
              [services](const Request& request, const Responder& respond) {
                respond(ask(services, request));
              },
              std::string(kAskOpenApi)});
  router.add({"GET", "/api/v1/deletions", "List deletions",
              [services](const Request& request, const Responder& respond) {
                auto refusal = refuse_unknown(request.parameters, {});
                respond(refusal ? *std::move(refusal) : list(services));
              },
              std::string(kListOpenApi)});
  router.add(
      {"GET", "/api/v1/deletions/{id}", "Show a deletion", of_one(show), std::string(kOneOpenApi)});
  router.add({"DELETE", "/api/v1/deletions/{id}", "Cancel a deletion", of_one(cancel),
              std::string(kCancelOpenApi)});
}

}  // namespace duramen::api
