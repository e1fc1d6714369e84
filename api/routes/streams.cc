#include <algorithm>
#include <utility>
#include <vector>

#include "api/routes/parameters.h"
#include "api/routes/route_groups.h"
#include "base/json_text.h"

namespace duramen::api {
namespace {

constexpr std::string_view kStreamsOpenApi = R"({
  "description": "Which streams send how much, busiest first: counts of what was stored since this start of the daemon, and means of the last seconds. A bounded number of streams is followed; the others are summed up.",
  "parameters": [
    {"name":"limit","in":"query","schema":{"type":"integer"},"description":"how many streams; default 20, at most 1000"},
    {"name":"order","in":"query","schema":{"type":"string","enum":["records","bytes"]},"description":"by which of the two rates; default records"}
  ],
  "responses": {
    "200": {"description":"streams with their labels, counts and rates, the others, and the total"},
    "400": {"description":"a bad parameter"}
  }
})";
constexpr std::uint64_t kDefaultLimit = 20;
constexpr std::uint64_t kMostStreams = 1000;

using ingest::StreamTraffic;
using ingest::Traffic;

std::string traffic_members(const Traffic& traffic) {
  return "\"records\":" + std::to_string(traffic.records) +
         ",\"bytes\":" + std::to_string(traffic.bytes) +
         ",\"records_per_second\":" + std::to_string(traffic.records_per_second) +
         ",\"bytes_per_second\":" + std::to_string(traffic.bytes_per_second);
}

void append_stream(std::string& out, const StreamTraffic& stream) {
  out += "{\"id\":\"" + stream.labels->id().to_hex() + "\",\"labels\":{";
  for (const auto& [name, value] : stream.labels->pairs()) {
    if (out.back() != '{') out += ',';
    append_json_string_lossy(out, name);
    out += ':';
    append_json_string_lossy(out, value);
  }
  out += "},\"since_ns\":" + std::to_string(stream.since) + ',' + traffic_members(stream.traffic) +
         '}';
}

/// What is left of the total; rates of sums and sums of rates differ by rounding.
void take_away(Traffic& from, const Traffic& part) {
  from.records -= std::min(from.records, part.records);
  from.bytes -= std::min(from.bytes, part.bytes);
  from.records_per_second = std::max(0.0, from.records_per_second - part.records_per_second);
  from.bytes_per_second = std::max(0.0, from.bytes_per_second - part.bytes_per_second);
}

/// The first `limit` of them in order, the busiest first; equally busy ones by their labels.
void keep_busiest(std::vector<StreamTraffic>& streams, bool by_bytes, std::size_t limit) {
  const auto rate = [by_bytes](const StreamTraffic& stream) {
    return by_bytes ? stream.traffic.bytes_per_second : stream.traffic.records_per_second;
  };
  const std::size_t kept = std::min(limit, streams.size());
  std::partial_sort(streams.begin(), streams.begin() + static_cast<std::ptrdiff_t>(kept),
                    streams.end(), [&](const StreamTraffic& a, const StreamTraffic& b) {
                      if (rate(a) != rate(b)) return rate(a) > rate(b);
                      return a.labels->pairs() < b.labels->pairs();
                    });
  streams.resize(kept);
}

Response list_streams(const ingest::StreamRates& rates, bool by_bytes, std::size_t limit) {
  ingest::StreamRates::Reading reading = rates.read();
  const std::size_t followed = reading.streams.size();
  keep_busiest(reading.streams, by_bytes, limit);
  Traffic others = reading.total;
  std::string json = "{\"monotonic_ns\":" + std::to_string(reading.at) +
                     ",\"followed\":" + std::to_string(followed) + ",\"streams\":[";
  for (const StreamTraffic& stream : reading.streams) {
    if (json.back() != '[') json += ',';
    append_stream(json, stream);
    take_away(others, stream.traffic);
  }
  json += "],\"others\":{" + traffic_members(others) + "},\"total\":{" +
          traffic_members(reading.total) + "}}\n";
  Response out = json_response(200, std::move(json));
  out.headers.emplace_back("Cache-Control", "no-store");
  return out;
}

Response answer(const ingest::StreamRates& rates, const Request& request) {
  if (auto refusal = refuse_unknown(request.parameters, {"limit", "order"})) {
    return *std::move(refusal);
  }
  std::uint64_t limit = kDefaultLimit;
  if (const auto text = request.parameter("limit")) {
    const auto given = parse_count("limit", *text);
    if (!given) return bad_parameter(given.error().message);
    limit = *given;
  }
  if (limit > kMostStreams) {
    return bad_parameter("'limit' is " + std::to_string(limit) + ", and at most " +
                         std::to_string(kMostStreams) + " streams are listed");
  }
  const std::string_view order = request.parameter("order").value_or("records");
  if (order != "records" && order != "bytes") {
    return bad_parameter("'order' is records or bytes, not '" + std::string(order) + "'");
  }
  return list_streams(rates, order == "bytes", limit);
}

}  // namespace

void add_stream_routes(Router& router, const Services& services) {
  if (services.rates == nullptr) return;
  router.add({"GET", "/api/v1/streams", "Which streams send how much",
              [&rates = *services.rates](const Request& request, const Responder& respond) {
                respond(answer(rates, request));
              },
              std::string(kStreamsOpenApi)});
}

}  // namespace duramen::api
