#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/time_text.h"
#include "tools/cli/context.h"
#include "tools/cli/json_access.h"
#include "tools/cli/problem.h"
#include "tools/cli/table.h"

namespace duramen::cli {
namespace {

using Json = nlohmann::json;
using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string fixed(double value, const char* unit) {
  char out[64];
  std::snprintf(out, sizeof out, "%.1f%s", value, unit);
  return out;
}

std::string uptime(double seconds) {
  const auto whole = static_cast<std::uint64_t>(seconds);
  const std::uint64_t days = whole / 86400;
  const std::uint64_t hours = whole / 3600 % 24;
  const std::uint64_t minutes = whole / 60 % 60;
  if (days > 0) return std::to_string(days) + "d " + std::to_string(hours) + "h";
  if (hours > 0) return std::to_string(hours) + "h " + std::to_string(minutes) + "m";
  return minutes > 0 ? std::to_string(minutes) + "m " + std::to_string(whole % 60) + "s"
                     : std::to_string(whole) + "s";
}

std::string readiness(const Json& status) {
  if (member(status, "ready") == true) return "ready";
  const std::string reason = text(status, "not_ready_reason");
  return "not ready" + (reason.empty() ? "" : ": " + reason);
}

std::string retention(const Json& status) {
  const Json& rules = member(status, "retention");
  const std::string age = text(rules, "age");
  std::string out = age.empty() ? "any age" : "age " + age;
  out += member(rules, "bytes").is_number() ? ", at most " + bytes(rules, "bytes") : ", any size";
  return out;
}

std::string days_left(const Json& disk) {
  const Json& days = member(disk, "days_left");
  if (!days.is_number()) return "unknown: no full day of data yet";
  const std::string pace =
      member(disk, "daily_bytes").is_number() ? " at " + bytes(disk, "daily_bytes") + " a day" : "";
  return fixed(days.get<double>(), "") + pace;
}

void add_node(Pairs& out, const Json& status) {
  out.emplace_back("node", text(status, "host") + " (" + text(status, "node") + "), version " +
                               text(status, "version"));
  out.emplace_back("state", readiness(status));
  out.emplace_back("uptime", uptime(real(status, "uptime_seconds")));
  const Json& refused = member(status, "writes_refused");
  out.emplace_back("writes",
                   refused.is_null() ? "accepted" : "REFUSED: " + text(status, "writes_refused"));
  out.emplace_back("queries running", std::to_string(number(status, "queries_running")));
}

/// Bytes of log text in blocks for a byte of blocks on disk.
std::string ratio(const Json& status) {
  std::uint64_t raw = 0;
  for (const Json& segment : member(status, "segments")) raw += number(segment, "raw_bytes");
  const std::uint64_t stored = number(member(status, "disk"), "block_bytes");
  if (raw == 0 || stored == 0) return "nothing is in blocks yet";
  return fixed(static_cast<double>(raw) / static_cast<double>(stored), "") + " (" +
         to_bytes_text(raw) + " of text in " + to_bytes_text(stored) + ")";
}

/// Damage of the index is no damage of data: it costs time, and mends itself.
std::string indexed(const Json& status) {
  const Json& index = member(status, "index");
  std::string out = grouped_digits(number(index, "blocks")) + " blocks in " +
                    grouped_digits(number(index, "parts")) + " parts, " +
                    grouped_digits(number(index, "memory_blocks")) + " blocks in memory only";
  if (const auto missing = number(index, "missing_blocks"); missing > 0) {
    out += ", " + grouped_digits(missing) + " to be indexed";
  }
  if (const auto damaged = number(index, "damaged_parts"); damaged > 0) {
    out += ", " + grouped_digits(damaged) + " damaged parts found since the start";
  }
  return out;
}

/// `age 365d, when app=auth; 12 rows in 2 segments, 3 KiB; next to go 2026-11-21.audit on …`.
std::string class_line(const Json& one) {
  const std::string age = text(one, "age");
  std::string out = age.empty() ? "any age" : "age " + age;
  if (member(one, "bytes").is_number()) out += ", at most " + bytes(one, "bytes");
  const std::string when = text(one, "when");
  if (!when.empty()) out += ", when " + visible_on_one_line(when);
  if (member(one, "configured") == false) out += ", no rule any more";
  out += "; " + grouped_digits(number(one, "rows")) + " rows in " +
         std::to_string(number(one, "segments")) + " segments, " + bytes(one, "disk_bytes");
  const std::string next = text(one, "next");
  if (!next.empty()) out += "; next to go " + next;
  const std::string due = text(one, "next_due");
  if (!due.empty()) out += " on " + due.substr(0, 10);
  return out;
}

void add_classes(Pairs& out, const Json& status) {
  const Json& rules = member(status, "retention");
  for (const Json& one : member(rules, "classes")) {
    out.emplace_back("  class " + text(one, "name"), class_line(one));
  }
  for (const Json& one : member(rules, "held")) {
    out.emplace_back("  held", text(one, "segment") + " by cursor " + text(one, "cursor") +
                                   " since " + text(one, "since"));
  }
}

void add_cursors(Pairs& out, const Json& status) {
  for (const Json& one : member(status, "cursors")) {
    std::string line =
        grouped_digits(number(one, "lag_rows")) + " rows behind, moved " + text(one, "moved");
    if (const auto lost = number(one, "lost_rows"); lost > 0) {
      line += ", misses " + grouped_digits(lost) + " rows that retention dropped";
    }
    out.emplace_back("cursor " + text(one, "name"), line);
  }
}

void add_disk(Pairs& out, const Json& status) {
  const Json& disk = member(status, "disk");
  const Json& parts = member(disk, "block_parts");
  out.emplace_back("rows", grouped_digits(number(status, "rows")) + ", " +
                               grouped_digits(number(status, "open_rows")) +
                               " of them not in blocks yet");
  out.emplace_back("disk",
                   bytes(disk, "total_bytes") + " used, " + bytes(disk, "free_bytes") + " free");
  out.emplace_back(
      "  blocks", bytes(disk, "block_bytes") + ": templates " + bytes(parts, "templates_bytes") +
                      ", rows " + bytes(parts, "rows_bytes") + ", variables " +
                      bytes(parts, "variables_bytes") + ", fields " + bytes(parts, "fields_bytes"));
  const Json& index = member(disk, "index_parts");
  out.emplace_back("  index", bytes(disk, "index_bytes") + ": words " +
                                  bytes(index, "words_bytes") + ", filters " +
                                  bytes(index, "filter_bytes"));
  out.emplace_back("  journal", bytes(disk, "journal_bytes"));
  out.emplace_back("  write-ahead log", bytes(disk, "wal_bytes"));
  out.emplace_back("indexed", indexed(status));
  out.emplace_back("ratio", ratio(status));
  out.emplace_back("days left", days_left(disk));
  out.emplace_back("retention", retention(status));
  add_classes(out, status);
  add_cursors(out, status);
}

void add_texts(Pairs& out, const Json& texts) {
  for (const Json& one : texts) {
    out.emplace_back("",
                     one.is_string() ? visible_on_one_line(one.get<std::string>()) : one.dump());
  }
}

void add_damage(Pairs& out, const Json& status) {
  const Json& damaged = member(status, "damaged");
  const Json& aside = member(status, "put_aside");
  const bool any_damaged = damaged.is_array() && !damaged.empty();
  const bool any_aside = aside.is_array() && !aside.empty();
  if (!any_damaged && !any_aside) {
    out.emplace_back("damage", "none known (duramen verify checks everything)");
  }
  if (any_damaged) {
    out.emplace_back("damage", std::to_string(damaged.size()) + " blocks");
    add_texts(out, damaged);
  }
  if (any_aside) {
    out.emplace_back("put aside", "see \"Damage\" in docs/operations.md");
    add_texts(out, aside);
  }
}

Result<void> print_segments(const Context& context, const Json& status) {
  const Json& segments = member(status, "segments");
  if (!segments.is_array() || segments.empty()) return {};
  DURAMEN_TRY_VOID(context.out.write("\n"));
  Table table(context.out, context.render);
  for (const Json& segment : segments) {
    Row row;
    row.fields = {{"segment", text(segment, "name"), true},
                  {"blocks", std::to_string(number(segment, "blocks")), false},
                  {"rows", grouped_digits(number(segment, "rows")), false},
                  {"raw", bytes(segment, "raw_bytes"), true},
                  {"disk", bytes(segment, "disk_bytes"), true}};
    DURAMEN_TRY_VOID(table.add(std::move(row)));
  }
  return table.finish();
}

}  // namespace

Result<int> run_status(const Context& context) {
  DURAMEN_TRY(const auto client, context.open_client());
  HttpRequest request;
  request.target = "/api/v1/status";
  DURAMEN_TRY(const auto reply, client->call(request));
  if (!reply.ok()) return problem_error(reply);
  const auto whole = nlohmann::ordered_json::parse(shallow(reply.body), nullptr, false);
  if (!whole.is_object()) return Error{ErrorCode::kDataLoss, "the answer is no status"};
  if (context.options.output == OutputFormat::kJson) {
    DURAMEN_TRY_VOID(context.out.line(whole.dump(-1, ' ', false, Json::error_handler_t::replace)));
    return kExitOk;
  }
  const Json status = whole;
  Pairs pairs;
  add_node(pairs, status);
  add_disk(pairs, status);
  add_damage(pairs, status);
  if (context.options.output == OutputFormat::kLogfmt) {
    Row row;
    for (auto& [name, value] : pairs) {
      const std::size_t at = name.find_first_not_of(' ');
      std::string key = at == std::string::npos ? "damage" : name.substr(at);
      std::replace(key.begin(), key.end(), ' ', '_');
      row.fields.push_back({std::move(key), std::move(value), true});
    }
    DURAMEN_TRY_VOID(context.out.line(render_logfmt(row, context.render)));
    return kExitOk;
  }
  DURAMEN_TRY_VOID(context.out.write(aligned_pairs(pairs)));
  DURAMEN_TRY_VOID(print_segments(context, status));
  DURAMEN_TRY_VOID(context.out.flush());
  return kExitOk;
}

}  // namespace duramen::cli
