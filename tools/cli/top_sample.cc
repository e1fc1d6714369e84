#include "tools/cli/top_sample.h"

#include "tools/cli/json_access.h"

namespace duramen::cli {
namespace {

using Json = nlohmann::json;

std::string raw_text(const Json& json, const char* name) {
  const Json& value = member(json, name);
  return value.is_string() ? value.get<std::string>() : std::string();
}

TimeNs time_of(const Json& json, const char* name) {
  return static_cast<TimeNs>(number(json, name));
}

TopTraffic traffic_of(const Json& json) {
  return {number(json, "records"), number(json, "bytes"), real(json, "records_per_second"),
          real(json, "bytes_per_second")};
}

TopStream stream_of(const Json& json) {
  TopStream out{raw_text(json, "id"), {}, time_of(json, "since_ns"), traffic_of(json)};
  for (const auto& [name, value] : member(json, "labels").items()) {
    out.labels.emplace_back(name, value.is_string() ? value.get<std::string>() : value.dump());
  }
  return out;
}

TopQuery query_of(const Json& json) {
  return {number(json, "id"),
          raw_text(json, "q"),
          real(json, "seconds"),
          number(json, "scanned_rows"),
          number(json, "scanned_bytes"),
          number(json, "scan_units"),
          number(json, "scan_units_total"),
          number(json, "memory_bytes")};
}

TopTail tail_of(const Json& json) {
  const Json& tail = member(json, "tail");
  return {number(json, "id"),          raw_text(json, "q"),           real(json, "seconds"),
          number(tail, "rows"),        number(tail, "lag_rows"),      number(json, "memory_bytes"),
          number(tail, "missed_rows"), member(tail, "behind") == true};
}

void read_status(const Json& status, TopSample& out) {
  const Json& disk = member(status, "disk");
  out.host = raw_text(status, "host");
  out.node = raw_text(status, "node");
  out.version = raw_text(status, "version");
  out.uptime_seconds = real(status, "uptime_seconds");
  if (member(status, "ready") != true) {
    out.not_ready = raw_text(status, "not_ready_reason");
    if (out.not_ready.empty()) out.not_ready = "it does not say why";
  }
  out.writes_refused = raw_text(status, "writes_refused");
  out.rows = number(status, "rows");
  out.open_rows = number(status, "open_rows");
  out.disk_bytes = number(disk, "total_bytes");
  out.free_bytes = number(disk, "free_bytes");
  const Json& days = member(disk, "days_left");
  if (days.is_number()) out.days_left = days.get<double>();
  for (const Json& cursor : member(status, "cursors")) {
    out.cursors.push_back({raw_text(cursor, "name"), number(cursor, "lag_rows"),
                           number(cursor, "lost_rows"), member(cursor, "hold") == true});
  }
}

Error not_an_answer(const char* path) {
  return Error{ErrorCode::kDataLoss, "the answer of " + std::string(path) +
                                         " is not what a daemon says: is this address a proxy's?"};
}

}  // namespace

Result<TopSample> read_top_sample(const Json& status, const Json& streams, const Json& queries) {
  if (!status.is_object() || !status.contains("disk")) return not_an_answer("/api/v1/status");
  const Json& listed = member(streams, "streams");
  if (!listed.is_array()) return not_an_answer("/api/v1/streams");
  const Json& running = member(queries, "queries");
  if (!running.is_array()) return not_an_answer("/api/v1/queries");
  TopSample out;
  read_status(status, out);
  out.at = time_of(streams, "monotonic_ns");
  out.streams_followed = number(streams, "followed");
  out.total = traffic_of(member(streams, "total"));
  for (const Json& stream : listed) out.streams.push_back(stream_of(stream));
  for (const Json& query : running) {
    if (member(query, "tail").is_object()) {
      out.tails.push_back(tail_of(query));
    } else {
      out.queries.push_back(query_of(query));
    }
  }
  return out;
}

}  // namespace duramen::cli
