#include <algorithm>
#include <utility>

#include "api/routes/parameters.h"
#include "api/routes/query_call.h"
#include "api/routes/route_groups.h"
#include "api/routes/row_format.h"
#include "api/routes/tail_feed.h"
#include "query/tail/tails.h"

namespace duramen::api {
namespace {

constexpr std::string_view kTailOpenApi = R"({
  "description": "Streams matching rows as they become durable, in the order in which they did, each once. Chunked lines of JSON; server-sent events with Accept: text/event-stream; a WebSocket on upgrade.",
  "parameters": [
    {"name":"q","in":"query","schema":{"type":"string"},"description":"a filter, and after it fields, where and parse"},
    {"name":"recent","in":"query","schema":{"type":"integer"},"description":"first so many of the last rows that match"},
    {"name":"after","in":"query","schema":{"type":"string"},"description":"first everything behind the row with this _seq; server-sent events: also the header Last-Event-ID"}
  ],
  "responses": {
    "101": {"description":"a WebSocket: text messages of one line or more"},
    "200": {"description":"rows; a row with _gap says what a slow client missed","content":{"application/x-ndjson":{},"text/event-stream":{},"text/plain":{}}},
    "400": {"description":"a bad query or parameter; the detail names the place"},
    "403": {"description":"a WebSocket from a page of another origin"},
    "404": {"description":"after: there is no such record here"},
    "429": {"description":"too many tails; see Retry-After"},
    "503": {"description":"starting or stopping"}
  }
})";
constexpr std::string_view kRecentOpenApi = R"({
  "description": "The last rows that match, oldest first, in the order in which they became durable.",
  "parameters": [
    {"name":"q","in":"query","schema":{"type":"string"},"description":"a filter, and after it fields, where and parse"},
    {"name":"n","in":"query","schema":{"type":"integer"},"description":"how many; default 100"}
  ],
  "responses": {
    "200": {"description":"rows","content":{"application/x-ndjson":{},"text/plain":{}}},
    "400": {"description":"a bad query or parameter; the detail names the place"},
    "429": {"description":"too many tails; see Retry-After"},
    "503": {"description":"starting or stopping"}
  }
})";
constexpr std::uint64_t kRecent = 100;
constexpr std::string_view kEventsType = "text/event-stream";

bool contains_word(std::string_view header, std::string_view word) {
  std::string small(header);
  for (char& c : small) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return small.find(word) != std::string::npos;
}

bool is_upgrade(const Request& request) {
  return contains_word(request.header("upgrade"), "websocket") &&
         contains_word(request.header("connection"), "upgrade");
}

/// A page may only open a WebSocket to where it came from; what is no browser sends no Origin.
std::optional<Response> refuse_upgrade(const Request& request) {
  const std::string_view origin = request.header("origin");
  const std::string host(request.header("host"));
  if (!origin.empty() && origin != "http://" + host && origin != "https://" + host) {
    return problem_response(make_problem(403, "cross-origin",
                                         "a page of " + std::string(origin.substr(0, 200)) +
                                             " may not open a WebSocket to " + host));
  }
  if (request.header("sec-websocket-version") == "13" &&
      !request.header("sec-websocket-key").empty()) {
    return std::nullopt;
  }
  Response out = problem_response(
      make_problem(426, "websocket-version", "a WebSocket here is of version 13, with a key"));
  out.headers.emplace_back("Sec-WebSocket-Version", "13");
  return out;
}

Problem tail_problem(const Error& error) {
  if (error.code == ErrorCode::kNotFound) {
    return make_problem(404, "no-such-record", error.message);
  }
  return query_problem(error);
}

Response live(std::string_view type, FeedBody body) {
  return Response{200,
                  {{"Content-Type", std::string(type)},
                   {"Cache-Control", "no-store"},
                   {"X-Accel-Buffering", "no"}},
                  std::move(body)};
}

/// Each parameter at most once. Nothing more is known of them.
std::optional<Response> refuse_parameters(const Request& request,
                                          const std::vector<std::string_view>& known) {
  if (auto refusal = refuse_unknown(request.parameters, known)) return refusal;
  for (const auto& given : request.parameters) {
    const auto same = [&](const auto& one) { return one.first == given.first; };
    if (std::count_if(request.parameters.begin(), request.parameters.end(), same) > 1) {
      return bad_parameter("'" + given.first + "' is given twice");
    }
  }
  return std::nullopt;
}

Result<void> read_tail(const Request& request, bool events, query::TailRequest& out) {
  out.q = request.parameter("q").value_or("");
  if (const auto recent = request.parameter("recent")) {
    DURAMEN_TRY(out.recent, parse_count("recent", *recent));
  }
  auto after = request.parameter("after");
  // A browser repeats its URL and says how far it came.
  const std::string_view last = request.header("last-event-id");
  if (events && !last.empty()) {
    out.recent = 0;
    after = last;
  }
  if (!after) return {};
  auto name = query::parse_record_name(*after);
  if (!name) return std::move(name).error().with("'after'");
  out.after = *name;
  return {};
}

/// What a client goes on behind that gets no row. None: it asks for the recent ones again.
std::optional<query::RecordName> behind(const query::TailRequest& request,
                                        const query::Tail& tail) {
  if (request.after) return request.after;
  return request.recent > 0 ? std::nullopt : std::optional(tail.start());
}

Response answer_tail(query::Tails& tails, const Request& request) {
  const bool web_socket = is_upgrade(request);
  if (auto refusal = refuse_parameters(request, {"q", "recent", "after"}))
    return *std::move(refusal);
  if (web_socket) {
    if (auto refusal = refuse_upgrade(request)) return *std::move(refusal);
  }
  const bool events =
      !web_socket && preferred_type(request.header("accept"),
                                    {"application/x-ndjson", "text/plain", kEventsType}) == 2;
  query::TailRequest asked;
  if (auto read = read_tail(request, events, asked); !read) {
    return bad_parameter(read.error().message);
  }
  auto tail = tails.start(asked);
  if (!tail) return problem_response(tail_problem(tail.error()));
  const auto from = behind(asked, **tail);
  const RowFormat rows = row_format(request);
  TailFormat format;
  std::string_view type = "application/x-ndjson";
  std::string heartbeat = "\n";
  if (events) {
    format.kind = TailFormat::Kind::kEvents;
    type = kEventsType;
    heartbeat = ":\n\n";
  } else if (!web_socket && rows.content_type != type) {
    format = {TailFormat::Kind::kShaped, rows.line};
    type = rows.content_type;
  }
  Response out = live(type, {std::make_shared<TailFeed>(*std::move(tail), format, true, from),
                             std::move(heartbeat), web_socket});
  if (from) out.headers.emplace_back("Duramen-After", query::to_text(*from));
  return out;
}

Response answer_recent(query::Tails& tails, const Request& request) {
  if (auto refusal = refuse_parameters(request, {"q", "n"})) return *std::move(refusal);
  query::TailRequest asked;
  asked.q = request.parameter("q").value_or("");
  asked.recent = kRecent;
  asked.follow = false;
  if (const auto n = request.parameter("n")) {
    const auto rows = parse_count("n", *n);
    if (!rows) return bad_parameter(rows.error().message);
    asked.recent = *rows;
  }
  auto tail = tails.start(asked);
  if (!tail) return problem_response(tail_problem(tail.error()));
  const RowFormat rows = row_format(request);
  return live(
      rows.content_type,
      {std::make_shared<TailFeed>(
           *std::move(tail), TailFormat{TailFormat::Kind::kShaped, rows.line}, false, std::nullopt),
       "", false});
}

}  // namespace

void add_tail_routes(Router& router, const Services& services) {
  if (services.tails == nullptr) return;
  query::Tails& tails = *services.tails;
  router.add({"GET", "/api/v1/tail", "Follow rows as they become durable",
              [&tails](const Request& request, const Responder& respond) {
                respond(answer_tail(tails, request));
              },
              std::string(kTailOpenApi)});
  router.add({"GET", "/api/v1/recent", "Show the last rows that match, oldest first",
              [&tails](const Request& request, const Responder& respond) {
                respond(answer_recent(tails, request));
              },
              std::string(kRecentOpenApi)});
}

}  // namespace duramen::api
