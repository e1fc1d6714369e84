#include "api/routes/query_call.h"
#include "api/routes/route_groups.h"

namespace duramen::api {
namespace {

constexpr std::string_view kParameters = R"([
    {"name":"q","in":"query","schema":{"type":"string"},"description":"a filter; empty means everything"},
    {"name":"start","in":"query","schema":{"type":"string"}},
    {"name":"end","in":"query","schema":{"type":"string"}},
    {"name":"limit","in":"query","schema":{"type":"integer"},"description":"entries; default 1000, 0 is no limit"},
    {"name":"timeout","in":"query","schema":{"type":"string"}})";

constexpr std::string_view kResponses = R"(],
  "responses": {
    "200": {"description":"the most frequent first","content":{"application/json":{}}},
    "400": {"description":"a bad filter or parameter; the detail names the place"},
    "422": {"description":"a limit on memory; repeating does not help"},
    "429": {"description":"too many queries run; see Retry-After"},
    "503": {"description":"cancelled, too many answers are streamed, starting or stopping"},
    "504": {"description":"the time-out passed"}
  }
})";

constexpr std::string_view kPathName =
    R"(, {"name":"name","in":"path","required":true,"schema":{"type":"string"}})";

constexpr std::uint64_t kDefaultLimit = 1000;
constexpr std::size_t kPieceBytes = 64 * 1024;

std::string openapi(std::string_view description, bool of_one_label) {
  return "{\"description\":\"" + std::string(description) +
         "\",\"parameters\":" + std::string(kParameters) +
         std::string(of_one_label ? kPathName : "") + std::string(kResponses);
}

/// The rows of the query as one document: `{"<name>":[…],"rows":…,…}`.
Result<void> write_list(query::RunningQuery& query, BodyWriter& out, std::string_view name) {
  std::string piece = "{\"" + std::string(name) + "\":[";
  bool first = true;
  DURAMEN_TRY(const auto end, query.run([&](std::string_view row) -> Result<void> {
    if (!first) piece += ',';
    first = false;
    piece += row;
    if (piece.size() < kPieceBytes) return {};
    DURAMEN_TRY_VOID(write_answer(out, piece));
    piece.clear();
    return {};
  }));
  piece += "],\"rows\":" + std::to_string(end.matched_rows) + ",";
  append_end_members(piece, end);
  return write_answer(out, piece + "}\n");
}

/// Answers with the list `name` of what `pipe` asks for.
Response answer_list(const Services& services, const Request& request, query::NamesPipe pipe,
                     std::string_view name) {
  std::vector<std::string_view> known{"q", "start", "end", "limit", "timeout"};
  if (pipe.of == query::NamesPipe::Of::kLabelValues) known.emplace_back("name");
  auto read = read_query_call(request, services.clock, known);
  if (auto* refusal = std::get_if<Response>(&read)) return std::move(*refusal);
  auto& asked = std::get<QueryCall>(read).request;
  if (!asked.limit) asked.limit = kDefaultLimit;
  asked.pipes.emplace_back(std::move(pipe));
  return stream_query(
      services.queries, asked, "application/json",
      [name](query::RunningQuery& query, BodyWriter& out) { return write_list(query, out, name); });
}

}  // namespace

void add_name_routes(Router& router, const Services& services) {
  using Of = query::NamesPipe::Of;
  const auto add = [&](const std::string& path, const std::string& summary,
                       const std::string& description, Of of, std::string_view list) {
    const Handler handler = [services, of, list](const Request& request, const Responder& respond) {
      query::NamesPipe pipe{of, {}};
      if (of == Of::kLabelValues) pipe.label = request.parameter("name").value_or("");
      respond(answer_list(services, request, std::move(pipe), list));
    };
    for (const char* method : {"GET", "POST"}) {
      router.add({method, path, summary, handler, openapi(description, of == Of::kLabelValues)});
    }
  };
  add("/api/v1/fields", "List names of fields and labels",
      "The names that matching rows show, in how many rows, and as what: label, text, json.",
      Of::kFields, "fields");
  add("/api/v1/labels", "List labels",
      "The labels of matching rows, in how many rows, and how many values.", Of::kLabels, "labels");
  add("/api/v1/labels/{name}/values", "List the values of a label",
      "The values that a label has in matching rows, and in how many.", Of::kLabelValues, "values");
}

}  // namespace duramen::api
