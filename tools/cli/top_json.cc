#include <nlohmann/json.hpp>

#include "base/time_text.h"
#include "tools/cli/top_frame.h"

namespace duramen::cli {
namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json traffic_json(const TopTraffic& traffic) {
  return {{"records_per_second", traffic.records_per_second},
          {"bytes_per_second", traffic.bytes_per_second},
          {"records", traffic.records},
          {"bytes", traffic.bytes}};
}

Json stream_json(const TopView::Stream& stream) {
  Json labels = Json::object();
  for (const auto& [name, value] : stream.labels) labels[name] = value;
  Json out{{"labels", std::move(labels)}};
  out.update(traffic_json(stream.traffic));
  return out;
}

Json query_json(const TopView::Query& query) {
  return {{"id", query.now.id},
          {"q", query.now.q},
          {"seconds", query.now.seconds},
          {"rows_per_second", or_null(query.rows_per_second)},
          {"bytes_per_second", or_null(query.bytes_per_second)},
          {"scan_units", query.now.units},
          {"scan_units_total", query.now.units_total},
          {"memory_bytes", query.now.memory_bytes}};
}

Json tail_json(const TopView::Tail& tail) {
  return {{"id", tail.now.id},
          {"q", tail.now.q},
          {"seconds", tail.now.seconds},
          {"rows_per_second", or_null(tail.rows_per_second)},
          {"lag_rows", tail.now.lag_rows},
          {"waiting_bytes", tail.now.queue_bytes},
          {"missed_rows", tail.now.missed_rows},
          {"behind", tail.now.behind}};
}

Json cursor_json(const TopCursor& cursor) {
  return {{"name", cursor.name},
          {"lag_rows", cursor.lag_rows},
          {"lost_rows", cursor.lost_rows},
          {"hold", cursor.hold}};
}

template <class T>
Json list_json(const std::vector<T>& list, Json (*one)(const T&)) {
  Json out = Json::array();
  for (const T& each : list) out.push_back(one(each));
  return out;
}

}  // namespace

std::string top_json(const TopView& view, TimeNs time) {
  const TopSample& now = view.now;
  const Json out{{"time", to_rfc3339(time)},
                 {"seconds", or_null(view.seconds)},
                 {"host", now.host},
                 {"node", now.node},
                 {"uptime_seconds", now.uptime_seconds},
                 {"not_ready_reason", text_or_null(now.not_ready)},
                 {"writes_refused", text_or_null(now.writes_refused)},
                 {"rows", now.rows},
                 {"open_rows", now.open_rows},
                 {"disk",
                  {{"used_bytes", now.disk_bytes},
                   {"free_bytes", now.free_bytes},
                   {"bytes_per_second", or_null(view.disk_bytes_per_second)},
                   {"days_left", or_null(now.days_left)}}},
                 {"ingest", traffic_json(view.total)},
                 {"streams_followed", now.streams_followed},
                 {"streams", list_json(view.streams, stream_json)},
                 {"others", traffic_json(others_of(view, view.streams.size()))},
                 {"queries", list_json(view.queries, query_json)},
                 {"tails", list_json(view.tails, tail_json)},
                 {"cursors", list_json(now.cursors, cursor_json)}};
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace duramen::cli
