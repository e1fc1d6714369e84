#include <algorithm>
#include <optional>
#include <utility>

#include "api/routes/parameters.h"
#include "api/routes/route_groups.h"
#include "base/json_text.h"
#include "base/time_text.h"
#include "query/tail/origins.h"

namespace duramen::api {
namespace {

constexpr std::string_view kListOpenApi = R"({
  "responses": {"200": {"description":"all cursors by name: positions, and what they miss"}}
})";
constexpr std::string_view kOneOpenApi = R"({
  "parameters": [{"name":"name","in":"path","required":true,"schema":{"type":"string"}}],
  "responses": {"200": {"description":"the cursor and its gaps"}, "404": {"description":"there is no such cursor"}}
})";
constexpr std::string_view kPutOpenApi = R"({
  "description": "Makes the cursor, or moves it, also back. Everything up to its position is confirmed. Answers when that is durable.",
  "parameters": [
    {"name":"name","in":"path","required":true,"schema":{"type":"string"},"description":"letters, digits, - _ and ., up to 64"},
    {"name":"seq","in":"query","required":true,"schema":{"type":"string"},"description":"the _seq of the last confirmed row; now: all that is stored; oldest: nothing"},
    {"name":"hold","in":"query","schema":{"type":"boolean"},"description":"with retention.hold_for_sinks: days with rows behind it stay; true unless it says otherwise"}
  ],
  "responses": {
    "200": {"description":"the cursor as it is now"},
    "400": {"description":"a bad name or parameter"},
    "404": {"description":"seq is no row of this store"},
    "429": {"description":"there are 64 cursors"},
    "503": {"description":"the disk refuses, starting or stopping"}
  }
})";
constexpr std::string_view kRemoveOpenApi = R"({
  "parameters": [{"name":"name","in":"path","required":true,"schema":{"type":"string"}}],
  "responses": {"200": {"description":"it is removed, durably"}, "404": {"description":"there is no such cursor"}}
})";

std::string position_text(const query::Origins& origins, model::Seq position) {
  if (position.value() == 0) return "null";
  return "\"" + to_text(origins.name_of(position)) + "\"";
}

std::string gaps_json(const store::Cursor& cursor, const query::Origins& origins) {
  std::string out = "[";
  for (const store::CursorGap& gap : cursor.gaps) {
    out += std::string(out.size() == 1 ? "" : ",") + "{\"first\":\"" +
           to_text(origins.name_of(gap.first)) + "\",\"last\":\"" +
           to_text(origins.name_of(gap.last)) + "\",\"rows\":" + std::to_string(gap.rows) +
           ",\"segment\":";
    append_json_string_lossy(out, gap.segment);
    out += ",\"time\":\"" + to_rfc3339(gap.time) + "\"}";
  }
  return out + "]";
}

std::string cursor_json(const store::Cursor& cursor, const store::Store& store) {
  const query::Origins origins(store.incarnations());
  const std::uint64_t durable = std::max(store.durable(), cursor.position).value();
  return "{\"name\":\"" + cursor.name + "\",\"seq\":" + position_text(origins, cursor.position) +
         ",\"lag_rows\":" + std::to_string(durable - cursor.position.value()) +
         ",\"hold\":" + (cursor.hold ? "true" : "false") + ",\"moved\":\"" +
         to_rfc3339(cursor.moved) + "\",\"lost_rows\":" + std::to_string(cursor.lost_rows) +
         ",\"gap_count\":" + std::to_string(cursor.gap_count) +
         ",\"gaps\":" + gaps_json(cursor, origins) + "}";
}

std::optional<store::Cursor> find_cursor(const store::Store& store, std::string_view name) {
  for (store::Cursor& cursor : store.cursors()) {
    if (cursor.name == name) return std::move(cursor);
  }
  return std::nullopt;
}

Response no_such_cursor(std::string_view name) {
  return problem_response(
      make_problem(404, "no-such-cursor", "there is no cursor '" + std::string(name) + "'"));
}

Response fresh(const std::string& json) {
  Response out = json_response(200, json + "\n");
  out.headers.emplace_back("Cache-Control", "no-store");
  return out;
}

/// Writing it down takes the disk: on a stream thread.
Response on_stream_thread(std::function<Result<std::string>()> work) {
  return Response{200,
                  {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
                  [work = std::move(work)](BodyWriter& out) -> Result<void> {
                    DURAMEN_TRY(const std::string json, work());
                    return out.write(json + "\n");
                  },
                  to_problem};
}

/// Before the first row that is stored.
model::Seq before_oldest(store::Store& store) {
  const auto snapshot = store.snapshot();
  model::Seq first = snapshot->seq().plus(1);
  for (const model::RowSet& rows : snapshot->open_rows()) {
    if (rows.rows() != 0) first = std::min(first, rows.identity(0).seq);
  }
  for (const store::BlockRef& block : snapshot->blocks()) {
    first = std::min(first, block.summary.min_seq);
  }
  return model::Seq(first.value() - std::min<std::uint64_t>(first.value(), 1));
}

Result<model::Seq> position_of(store::Store& store, const std::string& seq) {
  if (seq == "now") return store.durable();
  if (seq == "oldest") return before_oldest(store);
  DURAMEN_TRY(const auto name, query::parse_record_name(seq));
  return query::Origins(store.incarnations()).local_seq(name, store.durable());
}

Result<std::string> put_cursor(store::Store& store, const std::string& name, const std::string& seq,
                               std::optional<bool> hold) {
  DURAMEN_TRY(const model::Seq position, position_of(store, seq));
  const auto before = find_cursor(store, name);
  DURAMEN_TRY(const store::Cursor cursor, store.put_cursor(name, position, hold));
  std::string json = cursor_json(cursor, store);
  json.back() = ',';
  return json + "\"created\":" + (before ? "false" : "true") +
         ",\"moved_back\":" + (before && before->position > position ? "true" : "false") + "}";
}

Response put(const Services& services, const Request& request) {
  auto all = all_parameters(request);
  if (auto* refusal = std::get_if<Response>(&all)) return std::move(*refusal);
  const Parameters& parameters = std::get<Parameters>(all);
  if (auto refusal = refuse_unknown(parameters, {"name", "seq", "hold"}))
    return *std::move(refusal);
  std::optional<std::string> seq;
  std::optional<bool> hold;
  for (const auto& [name, value] : parameters) {
    if (name == "seq") seq = value;
    if (name != "hold") continue;
    const auto flag = parse_flag(name, value);
    if (!flag) return bad_parameter(flag.error().message);
    hold = *flag;
  }
  if (!seq) return bad_parameter("seq is missing: the _seq of a row, now, or oldest");
  return on_stream_thread([&store = services.store,
                           name = std::string(request.parameter("name").value_or("")), seq = *seq,
                           hold] { return put_cursor(store, name, seq, hold); });
}

Response list(const Services& services) {
  std::string json = "{\"cursors\":[";
  for (const store::Cursor& cursor : services.store.cursors()) {
    if (json.back() != '[') json += ',';
    json += cursor_json(cursor, services.store);
  }
  return fresh(json + "]}");
}

Response show(const Services& services, std::string_view name) {
  const auto cursor = find_cursor(services.store, name);
  return cursor ? fresh(cursor_json(*cursor, services.store)) : no_such_cursor(name);
}

Response remove(const Services& services, std::string_view name) {
  return on_stream_thread(
      [&store = services.store, name = std::string(name)]() -> Result<std::string> {
        DURAMEN_TRY_VOID(store.remove_cursor(name));
        return "{\"removed\":\"" + name + "\"}";
      });
}

}  // namespace

void add_cursor_routes(Router& router, const Services& services) {
  const auto of_one = [&services](auto answer) {
    return [services, answer](const Request& request, const Responder& respond) {
      // The first is the one in the path.
      const Parameters more(request.parameters.begin() + 1, request.parameters.end());
      auto refusal = refuse_unknown(more, {});
      respond(refusal ? *std::move(refusal)
                      : answer(services, request.parameter("name").value_or("")));
    };
  };
  router.add({"GET", "/api/v1/cursors", "List cursors",
              [services](const Request& request, const Responder& respond) {
                auto refusal = refuse_unknown(request.parameters, {});
                respond(refusal ? *std::move(refusal) : list(services));
              },
              std::string(kListOpenApi)});
  router.add(
      {"GET", "/api/v1/cursors/{name}", "Show a cursor", of_one(show), std::string(kOneOpenApi)});
  router.add({"PUT", "/api/v1/cursors/{name}", "Make or move a cursor",
              [services](const Request& request, const Responder& respond) {
                respond(put(services, request));
              },
              std::string(kPutOpenApi)});
  router.add({"DELETE", "/api/v1/cursors/{name}", "Remove a cursor", of_one(remove),
              std::string(kRemoveOpenApi)});
}

}  // namespace duramen::api
