#include <algorithm>
#include <chrono>
#include <iterator>

#include "api/routes/index_size.h"
#include "api/routes/parameters.h"
#include "api/routes/route_groups.h"
#include "base/json_text.h"

namespace duramen::api {
namespace {

constexpr std::string_view kSealOpenApi = R"({
  "description": "Ends the epoch, builds its blocks, indexes and flushes everything; answers when done.",
  "responses": {"200": {"description":"what it took and what there is now"}, "503": {"description":"the disk refuses"}}
})";
constexpr std::string_view kVerifyOpenApi = R"({
  "description": "Reads everything, the index included, and checks every checksum. Streams {\"progress\":…} lines, then one {\"report\":…} line.",
  "responses": {"200": {"description":"progress and report","content":{"application/x-ndjson":{}}}}
})";

/// Progress lines of verify come at most this often.
constexpr std::chrono::milliseconds kProgressEvery{200};

struct BlockCount {
  std::uint64_t blocks = 0;
  std::uint64_t rows = 0;
};

BlockCount count_blocks(const store::StoreStatus& status) {
  BlockCount out;
  for (const auto& segment : status.segments) {
    out.blocks += segment.blocks;
    out.rows += segment.rows;
  }
  return out;
}

Result<void> seal(const Services& services, BodyWriter& out) {
  store::Store& store = services.store;
  const auto began = std::chrono::steady_clock::now();
  const auto before = count_blocks(store.status());
  DURAMEN_TRY_VOID(store.seal());
  if (services.indexer != nullptr) DURAMEN_TRY_VOID(services.indexer->seal());
  const auto status = store.status();
  const auto after = count_blocks(status);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  return out.write("{\"seconds\":" + std::to_string(took.count()) + ",\"blocks_before\":" +
                   std::to_string(before.blocks) + ",\"blocks\":" + std::to_string(after.blocks) +
                   ",\"rows\":" + std::to_string(after.rows) +
                   ",\"segments\":" + std::to_string(status.segments.size()) +
                   ",\"disk_bytes\":" + std::to_string(status.disk_bytes) +
                   ",\"index_bytes\":" + std::to_string(index_size(services).bytes()) + "}\n");
}

std::string report_json(const store::VerifyReport& report, const IndexSize& index) {
  std::string out = "{\"report\":{\"ok\":";
  out += report.faults.empty() ? "true" : "false";
  out += ",\"blocks\":" + std::to_string(report.blocks) +
         ",\"rows\":" + std::to_string(report.rows) +
         ",\"journal_entries\":" + std::to_string(report.journal_entries) +
         ",\"table_files\":" + std::to_string(report.table_files) +
         ",\"index_parts\":" + std::to_string(index.parts) + ",\"faults\":[";
  for (std::size_t i = 0; i < report.faults.size(); ++i) {
    if (i > 0) out += ',';
    append_json_string_lossy(out, report.faults[i]);
  }
  return out + "]}}\n";
}

/// Writes lines of progress, but not too many.
class ProgressLines {
 public:
  explicit ProgressLines(BodyWriter& out) : out_(out) {}
  /// `part`: what the figures count.
  void write(std::string_view part, std::uint64_t done, std::uint64_t total) {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < kProgressEvery && done != total) return;
    last_ = now;
    std::string line = "{\"progress\":{\"part\":\"";
    line.append(part).append("\",\"done\":" + std::to_string(done));
    // A client that left does not stop the check: its faults are also counted and logged.
    [[maybe_unused]] const auto ignored =
        out_.write(line + ",\"total\":" + std::to_string(total) + "}}\n");
  }

 private:
  BodyWriter& out_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

Result<void> verify(const Services& services, BodyWriter& out) {
  ProgressLines lines(out);
  DURAMEN_TRY(auto report, services.store.verify([&](std::uint64_t done, std::uint64_t total) {
    lines.write("blocks", done, total);
  }));
  const IndexSize size = index_size(services);
  if (services.indexer != nullptr) {
    DURAMEN_TRY(auto faults, services.indexer->verify([&](std::uint64_t done, std::uint64_t total) {
      lines.write("index", done, total);
    }));
    std::move(faults.begin(), faults.end(), std::back_inserter(report.faults));
  }
  return out.write(report_json(report, size));
}

Handler streamed(const Services& services, std::string type,
                 Result<void> (*produce)(const Services&, BodyWriter&)) {
  return [services, type = std::move(type), produce](const Request& request,
                                                     const Responder& respond) {
    if (auto refusal = refuse_unknown(request.parameters, {})) {
      respond(*std::move(refusal));
      return;
    }
    respond(Response{200,
                     {{"Content-Type", type}, {"Cache-Control", "no-store"}},
                     [services, produce](BodyWriter& out) { return produce(services, out); }});
  };
}

}  // namespace

void add_admin_routes(Router& router, const Services& services) {
  router.add({"POST", "/api/v1/admin/seal", "Put everything into blocks",
              streamed(services, "application/json", seal), std::string(kSealOpenApi)});
  const Handler check = streamed(services, "application/x-ndjson", verify);
  router.add(
      {"GET", "/api/v1/admin/verify", "Check every checksum", check, std::string(kVerifyOpenApi)});
  router.add(
      {"POST", "/api/v1/admin/verify", "Check every checksum", check, std::string(kVerifyOpenApi)});
}

}  // namespace duramen::api
