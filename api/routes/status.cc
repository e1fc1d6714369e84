#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "api/routes/disk_forecast.h"
#include "api/routes/index_size.h"
#include "api/routes/parameters.h"
#include "api/routes/route_groups.h"
#include "base/time_text.h"

namespace duramen::api {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kStatusOpenApi = R"({
  "responses": {"200": {"description":"version, node, disk by part, index, retention, days left, damage"}}
})";
constexpr std::string_view kMetricsOpenApi = R"({
  "responses": {"200": {"description":"Prometheus text 0.0.4","content":{"text/plain":{}}}}
})";

std::string node_name(model::NodeId node) {
  std::array<char, 20> text{};
  const int size = std::snprintf(text.data(), text.size(), "%016llx",
                                 static_cast<unsigned long long>(node.value()));
  return std::string(text.data(), static_cast<std::size_t>(size));
}

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

/// A day takes its blocks and what their index takes.
DiskForecast forecast(store::StoreStatus status, const index::IndexStatus& index, TimeNs now) {
  for (auto& segment : status.segments) {
    for (const auto& indexed : index.segments) {
      if (indexed.name != segment.name) continue;
      segment.disk_bytes += indexed.word_bytes + indexed.filter_bytes;
    }
  }
  return forecast_disk(status, now);
}

Json disk_json(const store::StoreStatus& status, const index::IndexStatus& index, TimeNs now) {
  const auto future = forecast(status, index, now);
  const IndexSize size = index_size(index);
  return {{"total_bytes", status.disk_bytes},
          {"free_bytes", status.free_bytes},
          {"journal_bytes", status.journal_bytes},
          {"wal_bytes", status.wal_bytes},
          {"block_bytes", status.block_bytes},
          {"block_parts",
           {{"templates_bytes", status.block_sizes.templates},
            {"rows_bytes", status.block_sizes.rows},
            {"variables_bytes", status.block_sizes.variables},
            {"fields_bytes", status.block_sizes.fields}}},
          {"index_bytes", size.bytes()},
          {"index_parts", {{"words_bytes", size.words_bytes}, {"filter_bytes", size.filter_bytes}}},
          {"daily_bytes", or_null(future.daily_bytes)},
          {"days_left", or_null(future.days_left)}};
}

Json index_json(const index::IndexStatus& index, std::uint64_t missing) {
  const IndexSize size = index_size(index);
  return {{"blocks", size.blocks},
          {"missing_blocks", missing},
          {"parts", size.parts},
          {"memory_blocks", size.memory_blocks},
          {"memory_bytes", index.delta_bytes},
          {"damaged_parts", index.damaged_parts}};
}

Json segments_json(const store::StoreStatus& status) {
  Json out = Json::array();
  for (const auto& segment : status.segments) {
    out.push_back({{"name", segment.name},
                   {"blocks", segment.blocks},
                   {"rows", segment.rows},
                   {"raw_bytes", segment.raw_bytes},
                   {"disk_bytes", segment.disk_bytes}});
  }
  return out;
}

/// Left out: what has no value.
Json classes_json(const store::StoreStatus& status) {
  Json out = Json::array();
  for (const auto& one : status.classes) {
    Json& json = out.emplace_back(Json{{"name", one.name}});
    json["configured"] = one.configured;
    if (!one.condition.empty()) json["when"] = one.condition;
    json["age"] = one.age ? Json(to_duration_text(*one.age)) : Json(nullptr);
    json["bytes"] = or_null(one.bytes);
    json["segments"] = one.segments;
    json["blocks"] = one.blocks;
    json["rows"] = one.rows;
    json["raw_bytes"] = one.raw_bytes;
    json["disk_bytes"] = one.disk_bytes;
    json["next"] = one.next.empty() ? Json(nullptr) : Json(one.next);
    json["next_due"] = one.next_due ? Json(to_rfc3339(*one.next_due)) : Json(nullptr);
  }
  return out;
}

Json held_json(const store::StoreStatus& status) {
  Json out = Json::array();
  for (const auto& one : status.held) {
    out.push_back(
        {{"segment", one.segment}, {"cursor", one.cursor}, {"since", to_rfc3339(one.since)}});
  }
  return out;
}

Json retention_json(const store::StoreStatus& status) {
  const auto& age = status.retention.age;
  return {{"age", age ? Json(to_duration_text(*age)) : Json(nullptr)},
          {"age_seconds", age ? Json(*age / kNsPerSecond) : Json(nullptr)},
          {"bytes", or_null(status.retention.bytes)},
          {"hold_for_sinks", status.retention.hold_for_sinks},
          {"classes", classes_json(status)},
          {"held", held_json(status)}};
}

Json cursors_json(const store::StoreStatus& status) {
  Json out = Json::array();
  for (const auto& one : status.cursors) {
    out.push_back({{"name", one.name},
                   {"position", one.position.value()},
                   {"lag_rows", status.durable.value() -
                                    std::min(status.durable.value(), one.position.value())},
                   {"hold", one.hold},
                   {"moved", to_rfc3339(one.moved)},
                   {"lost_rows", one.lost_rows},
                   {"gaps", one.gap_count}});
  }
  return out;
}

Json status_json(const Services& services, TimeNs started) {
  const auto status = services.store.status();
  const TimeNs now = services.clock.now();
  const std::string not_ready = services.readiness.reason();
  const auto* indexer = services.indexer;
  const auto index = indexer == nullptr ? index::IndexStatus() : indexer->index_status();
  return {{"version", services.version},
          {"node", node_name(status.node)},
          {"store_id", status.store_id},
          {"host", status.host},
          {"started", to_rfc3339(started)},
          {"uptime_seconds", static_cast<double>(now - started) / kNsPerSecond},
          {"ready", not_ready.empty()},
          {"not_ready_reason", not_ready.empty() ? Json(nullptr) : Json(not_ready)},
          {"writes_refused", or_null(status.writes_refused)},
          {"rows", status.rows},
          {"durable_seq", status.durable.value()},
          {"built_seq", status.built.value()},
          {"open_rows", status.open_rows},
          {"open_raw_bytes", status.open_raw_bytes},
          {"batch_ids", status.batch_ids},
          {"queries_running", services.queries.list().size()},
          {"retention", retention_json(status)},
          {"cursors", cursors_json(status)},
          {"disk", disk_json(status, index, now)},
          {"index", index_json(index, indexer == nullptr ? 0 : indexer->missing_blocks())},
          {"segments", segments_json(status)},
          {"damaged", status.damaged},
          {"put_aside", status.put_aside}};
}

}  // namespace

void add_status_routes(Router& router, const Services& services) {
  router.add({"GET", "/api/v1/status", "How this node is",
              [services, started = services.clock.now()](const Request& request,
                                                         const Responder& respond) {
                if (auto refusal = refuse_unknown(request.parameters, {})) {
                  respond(*std::move(refusal));
                  return;
                }
                const auto json = status_json(services, started);
                Response out = json_response(
                    200, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
                out.headers.emplace_back("Cache-Control", "no-store");
                respond(std::move(out));
              },
              std::string(kStatusOpenApi)});
  router.add({"GET", "/metrics", "Metrics for Prometheus",
              [&metrics = services.metrics](const Request& request, const Responder& respond) {
                if (auto refusal = refuse_unknown(request.parameters, {})) {
                  respond(*std::move(refusal));
                  return;
                }
                Response out = text_response(200, metrics.render());
                out.headers[0].second = "text/plain; version=0.0.4; charset=utf-8";
                respond(std::move(out));
              },
              std::string(kMetricsOpenApi)});
}

}  // namespace duramen::api
