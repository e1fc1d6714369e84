#include "tools/cli/explain.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "tools/cli/json_access.h"
#include "tools/cli/problem.h"
#include "tools/cli/table.h"
#include "tools/cli/url.h"

namespace duramen::cli {
namespace {

using Json = nlohmann::json;
using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string count(std::uint64_t n, const char* one, const char* more) {
  return grouped_digits(n) + " " + (n == 1 ? one : more);
}

std::string looked_up(const Json& plan) {
  const std::string keys = text(plan, "looked_up");
  return keys.empty() ? "nothing: any row may match" : keys;
}

std::string index_cost(const Json& plan) {
  const Json& index = member(plan, "index");
  std::string out = count(number(index, "terms"), "word", "words") + ", " +
                    count(number(index, "filter_rows"), "filter row", "filter rows") +
                    " looked at, " + bytes(index, "bytes") + " read";
  if (member(plan, "cut_short") == true) out += "; too many keys, not all were looked up";
  return out;
}

std::string what_was_read(const Json& read) {
  const std::uint64_t blocks = number(read, "blocks");
  const std::uint64_t open = number(read, "units") - std::min(blocks, number(read, "units"));
  return count(blocks, "block", "blocks") + " and " + count(open, "batch", "batches") +
         " not in blocks yet: " + count(number(read, "frames"), "frame", "frames") + ", " +
         bytes(read, "bytes") + ", " + count(number(read, "rows"), "row", "rows");
}

std::string milliseconds(double seconds) {
  char out[32];
  std::snprintf(out, sizeof out, "%.1f ms", seconds * 1e3);
  return out;
}

Pairs summary(const Json& json) {
  const Json& plan = member(json, "plan");
  return {{"query", text(json, "query")},
          {"looked up", looked_up(plan)},
          {"index", index_cost(plan)},
          {"blocks", grouped_digits(number(plan, "blocks")) + " in the time range, " +
                         grouped_digits(number(plan, "candidates")) + " may match"},
          {"read", what_was_read(member(json, "read"))},
          {"rows", grouped_digits(number(json, "matched_rows")) + " of those read matched, " +
                       grouped_digits(number(json, "rows")) + " in the answer"},
          {"time", milliseconds(real(json, "seconds"))}};
}

RowField number_field(const Json& json, const char* name) {
  return {name, std::to_string(number(json, name)), false};
}

Result<void> print_segments(const Context& context, const Json& segments) {
  if (!segments.is_array() || segments.empty()) return {};
  DURAMEN_TRY_VOID(context.out.write("\n"));
  Table table(context.out, context.render);
  for (const Json& segment : segments) {
    DURAMEN_TRY_VOID(table.add({{{"segment", text(segment, "name"), true},
                                 number_field(segment, "blocks"),
                                 number_field(segment, "indexed"),
                                 number_field(segment, "candidates")}}));
  }
  return table.finish();
}

/// One condition alone is the whole, which has been shown.
Result<void> print_predicates(const Context& context, const Json& predicates) {
  if (!predicates.is_array() || predicates.size() < 2) return {};
  DURAMEN_TRY_VOID(context.out.write("\n"));
  Table table(context.out, context.render);
  for (const Json& predicate : predicates) {
    const std::string keys = text(predicate, "looked_up");
    DURAMEN_TRY_VOID(table.add({{{"condition", keys.empty() ? "nothing" : keys, true},
                                 number_field(predicate, "candidates")}}));
  }
  return table.finish();
}

Result<void> print_text(const Context& context, const Json& json) {
  DURAMEN_TRY_VOID(context.out.write(aligned_pairs(summary(json))));
  DURAMEN_TRY_VOID(print_segments(context, member(member(json, "plan"), "segments")));
  DURAMEN_TRY_VOID(print_predicates(context, member(member(json, "plan"), "predicates")));
  return context.out.flush();
}

Result<void> print_logfmt(const Context& context, const Json& json) {
  const Json& plan = member(json, "plan");
  const Json& read = member(json, "read");
  const auto named = [](std::string name, const Json& from, const char* key) {
    return RowField{std::move(name), std::to_string(number(from, key)), false};
  };
  const Row row{{{"query", text(json, "query"), true},
                 {"looked_up", text(plan, "looked_up"), true},
                 named("blocks", plan, "blocks"),
                 named("candidates", plan, "candidates"),
                 named("read_blocks", read, "blocks"),
                 named("read_bytes", read, "bytes"),
                 named("read_rows", read, "rows"),
                 named("matched_rows", json, "matched_rows"),
                 named("rows", json, "rows"),
                 {"seconds", member(json, "seconds").dump(), false}}};
  return context.out.line(render_logfmt(row, context.render));
}

Result<void> print(const Context& context, const std::string& body, const Json& json) {
  switch (context.options.output) {
    case OutputFormat::kText:
      return print_text(context, json);
    case OutputFormat::kLogfmt:
      return print_logfmt(context, json);
    case OutputFormat::kJson:
      break;
  }
  // On one line, and with its members as they came.
  const auto whole = nlohmann::ordered_json::parse(shallow(body), nullptr, false);
  return context.out.line(whole.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace

Result<int> explain_query(const Context& context, const Parameters& parameters,
                          std::chrono::seconds timeout) {
  DURAMEN_TRY(const auto client, context.open_client());
  HttpRequest request;
  request.timeout = timeout;
  request.method = "POST";
  request.target = "/api/v1/explain";
  request.headers["content-type"] = "application/x-www-form-urlencoded";
  request.headers["accept"] = "application/json";
  request.body = url_parameters(parameters);
  DURAMEN_TRY(const auto reply, client->call(request));
  if (!reply.ok()) return problem_error(reply, parameters.front().second);
  const Json json = Json::parse(shallow(reply.body), nullptr, false);
  if (!member(json, "plan").is_object()) {
    return Error{ErrorCode::kDataLoss, "the answer is no explanation"};
  }
  DURAMEN_TRY_VOID(print(context, reply.body, json));
  for (const Json& warning : member(json, "warnings")) {
    const std::string what = warning.is_string() ? warning.get<std::string>() : warning.dump();
    DURAMEN_TRY_VOID(context.err.line("duramen: warning: " + visible_on_one_line(what)));
  }
  return number(json, "rows") == 0 ? kExitNoMatch : kExitOk;
}

}  // namespace duramen::cli
