#include "api/routes/stats_table.h"

#include "api/routes/json_members.h"
#include "api/routes/query_call.h"
#include "base/json_text.h"

namespace duramen::api {
namespace {

constexpr std::string_view kNull = "null";
constexpr std::size_t kPieceBytes = 64 * 1024;
/// A column costs its name twice, a place in a list and one in a map.
constexpr std::uint64_t kColumnBytes = 128;

void append_end(std::string& out, const query::QueryEnd& end) {
  out += "],";
  append_end_members(out, end);
  out += "}\n";
}

}  // namespace

StatsTable::StatsTable(const std::vector<std::string>& columns) {
  for (const auto& name : columns) {
    std::string quoted;
    append_json_string_lossy(quoted, name);
    column(quoted);
  }
}

/// Its place among the columns; kMaxColumns when there is no room for it.
std::size_t StatsTable::column(std::string_view name) {
  const auto [at, is_new] = places_.try_emplace(std::string(name), names_.size());
  if (!is_new) return at->second;
  if (names_.size() == kMaxColumns) {
    places_.erase(at);
    return kMaxColumns;
  }
  names_.emplace_back(name);
  bytes_ += 2 * name.size() + kColumnBytes;
  return names_.size() - 1;
}

Result<void> StatsTable::add(std::string_view row) {
  values_.assign(names_.size(), kNull);
  bool room = true;
  const bool is_object = for_each_member(row, [&](std::string_view name, std::string_view value) {
    const std::size_t at = column(name);
    room = room && at < kMaxColumns;
    if (at == values_.size() && room) values_.push_back(kNull);
    if (room) values_[at] = value;
  });
  if (!is_object) return Error{ErrorCode::kInternal, "a row that is no JSON object"};
  if (!room) {
    return Error{ErrorCode::kOutOfRange,
                 "the table has over 1,000 columns; keep the ones you need with a fields pipe, or "
                 "ask for application/x-ndjson in Accept"};
  }
  line_.clear();
  for (const auto value : values_) (line_ += line_.empty() ? "" : ",") += value;
  rows_.push_back({line_, values_.size()});
  bytes_ += line_.size() + sizeof(Row);
  cells_ += values_.size();
  return check();
}

Result<void> StatsTable::check() const {
  // Rows from before a column came get a null there.
  const std::uint64_t nulls = rows_.size() * names_.size() - cells_;
  if (rows_.size() <= kMaxRows && bytes_ + nulls * (kNull.size() + 1) <= kMaxBytes) return {};
  return Error{ErrorCode::kOutOfRange,
               "the table has over 100,000 rows or 64 MiB; ask for application/x-ndjson in "
               "Accept, or add a head pipe"};
}

void StatsTable::append_columns(std::string& out) const {
  out += "{\"columns\":[";
  for (std::size_t i = 0; i < names_.size(); ++i) (out += i > 0 ? "," : "") += names_[i];
  out += "],\"rows\":[";
}

void StatsTable::append_row(std::string& out, const Row& row) const {
  out += '[';
  out += row.cells;
  for (std::size_t i = row.columns; i < names_.size(); ++i) (out += i > 0 ? "," : "") += kNull;
  out += ']';
}

Result<void> StatsTable::write(const query::QueryEnd& end,
                               const std::function<Result<void>(std::string_view)>& write) const {
  std::string piece;
  append_columns(piece);
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (i > 0) piece += ',';
    append_row(piece, rows_[i]);
    if (piece.size() < kPieceBytes) continue;
    DURAMEN_TRY_VOID(write(piece));
    piece.clear();
  }
  append_end(piece, end);
  return write(piece);
}

}  // namespace duramen::api
