#include "tools/cli/top_frame.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "base/time_text.h"
#include "tools/cli/columns.h"
#include "tools/cli/render.h"
#include "tools/cli/table.h"
#include "tools/cli/zone.h"

namespace duramen::cli {
namespace {

constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kRed = "\x1b[1;31m";
constexpr std::string_view kYellow = "\x1b[33m";
constexpr std::string_view kReset = "\x1b[0m";
/// Streams that are shown whatever else there is.
constexpr std::size_t kFewStreams = 4;
/// Cursors that are shown.
constexpr std::size_t kFewCursors = 8;
/// Days from which on nobody has to count them.
constexpr double kFarDays = 1000;

struct Line {
  std::string text;
  std::string_view paint;  ///< of the whole line; empty: none
};
using Lines = std::vector<Line>;

/// Nothing that acts on a terminal, nor a tab, which takes nobody knows how much room.
std::string shown_text(const std::string& text) {
  std::string out;
  for (const char c : visible_on_one_line(text)) out += c == '\t' ? "\\t" : std::string(1, c);
  return out;
}

std::uint64_t whole(double value) {
  return value <= 0 ? 0 : static_cast<std::uint64_t>(std::llround(std::min(value, 1e18)));
}

/// Small ones with a digit behind the point: `0.3` is not nothing.
std::string rate(double value) {
  if (value >= 9.95) return grouped_digits(whole(value));
  char out[16];
  std::snprintf(out, sizeof out, "%.1f", std::max(value, 0.0));
  return value == 0 ? "0" : out;
}

std::string byte_rate(double value) { return to_bytes_text(whole(value)) + "/s"; }

std::string rate_or_dash(const std::optional<double>& value) { return value ? rate(*value) : "-"; }

std::string age(double seconds) {
  const std::uint64_t s = whole(std::floor(seconds));
  if (s >= 86400) return std::to_string(s / 86400) + "d " + std::to_string(s / 3600 % 24) + "h";
  if (s >= 3600) return std::to_string(s / 3600) + "h " + std::to_string(s / 60 % 60) + "m";
  if (s >= 60) return std::to_string(s / 60) + "m " + std::to_string(s % 60) + "s";
  char out[16];
  std::snprintf(out, sizeof out, "%.1fs", std::max(seconds, 0.0));
  return out;
}

std::string label_text(const std::vector<std::pair<std::string, std::string>>& labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    out += (out.empty() ? "" : " ") + shown_text(name) + "=" + shown_text(value);
  }
  return out.empty() ? "(no labels)" : out;
}

/// Cells under their headings: the last one to the left, the others to the right.
class Cells {
 public:
  explicit Cells(std::vector<std::string> headings) { rows_.push_back(std::move(headings)); }
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  void append_to(Lines& out) const {
    std::vector<std::size_t> widths(rows_.front().size() - 1, kNarrowest);
    for (const auto& row : rows_) {
      for (std::size_t i = 0; i < widths.size(); ++i) {
        widths[i] = std::max(widths[i], columns_of(row[i]));
      }
    }
    for (const auto& row : rows_) {
      std::string text;
      for (std::size_t i = 0; i < widths.size(); ++i)
        text += to_the_right(row[i], widths[i]) + "  ";
      out.push_back({text + row.back(), &row == &rows_.front() ? kBold : std::string_view()});
    }
  }

 private:
  /// Columns that do not jump with each frame.
  static constexpr std::size_t kNarrowest = 7;
  std::vector<std::vector<std::string>> rows_;
};

Lines head_lines(const TopView& view, const TopFrame& frame) {
  const TopSample& now = view.now;
  Lines out;
  out.push_back({"duramen top  " + shown_text(now.host) + "  up " + age(now.uptime_seconds) +
                     "  version " + shown_text(now.version) + "  " +
                     local_time_text(frame.time).substr(11, 8),
                 kBold});
  if (!frame.lost.empty()) out.push_back({shown_text(frame.lost), kRed});
  if (!now.not_ready.empty()) {
    out.push_back({"NOT READY  " + shown_text(now.not_ready), kRed});
  }
  if (!now.writes_refused.empty()) {
    out.push_back({"WRITES REFUSED  " + shown_text(now.writes_refused), kRed});
  }
  out.push_back({"ingest  " + rate(view.total.records_per_second) + " records/s, " +
                     byte_rate(view.total.bytes_per_second) + "; " + grouped_digits(now.rows) +
                     " rows stored, " + grouped_digits(now.open_rows) + " not in blocks yet",
                 {}});
  std::string disk = "disk    " + to_bytes_text(now.disk_bytes) + " used";
  if (view.disk_bytes_per_second) {
    const double grown = *view.disk_bytes_per_second;
    disk += std::string(" (") + (grown < 0 ? "-" : "+") + byte_rate(std::abs(grown)) + ")";
  }
  disk += ", " + to_bytes_text(now.free_bytes) + " free";
  if (now.days_left && *now.days_left < kFarDays) {
    char days[48];
    std::snprintf(days, sizeof days, ", %.1f days left", *now.days_left);
    disk += days;
  }
  out.push_back({std::move(disk), {}});
  return out;
}

Lines stream_lines(const TopView& view, std::size_t shown) {
  const std::uint64_t followed = std::max<std::uint64_t>(view.now.streams_followed, shown);
  Lines out{{"", {}},
            {"streams  " + grouped_digits(followed) +
                 (shown < followed ? ", " + grouped_digits(shown) + " of them below" : ""),
             kBold}};
  if (shown == 0 && followed == 0) return out;
  Cells cells({"records/s", "bytes/s", "records", "stream"});
  const auto add = [&cells](const TopTraffic& t, std::string name) {
    cells.add({rate(t.records_per_second), to_bytes_text(whole(t.bytes_per_second)),
               grouped_digits(t.records), std::move(name)});
  };
  for (std::size_t i = 0; i < shown; ++i) {
    add(view.streams[i].traffic, label_text(view.streams[i].labels));
  }
  const TopTraffic others = others_of(view, shown);
  if (others.records > 0) add(others, "(others)");
  cells.append_to(out);
  return out;
}

Lines query_lines(const TopView& view, std::size_t shown) {
  Lines out{{"", {}}, {"queries  " + std::to_string(view.queries.size()), kBold}};
  if (shown == 0) return out;
  Cells cells({"id", "for", "done", "rows/s", "read/s", "memory", "query"});
  for (std::size_t i = 0; i < shown; ++i) {
    const TopView::Query& query = view.queries[i];
    const std::uint64_t total = query.now.units_total;
    const std::uint64_t done = total == 0 ? 0 : query.now.units * 100 / total;
    cells.add({std::to_string(query.now.id), age(query.now.seconds), std::to_string(done) + "%",
               rate_or_dash(query.rows_per_second),
               query.bytes_per_second ? to_bytes_text(whole(*query.bytes_per_second)) : "-",
               to_bytes_text(query.now.memory_bytes), shown_text(query.now.q)});
  }
  cells.append_to(out);
  return out;
}

Lines tail_lines(const TopView& view, std::size_t shown) {
  std::uint64_t missed = 0;
  for (const auto& tail : view.tails) missed += tail.now.missed_rows;
  Lines out{{"", {}}, {"tails  " + std::to_string(view.tails.size()), kBold}};
  if (missed > 0) out.back().text += ", " + grouped_digits(missed) + " rows missed";
  if (shown == 0) return out;
  Cells cells({"id", "for", "rows/s", "lag", "waiting", "missed", "query"});
  for (std::size_t i = 0; i < shown; ++i) {
    const TopTail& tail = view.tails[i].now;
    cells.add({std::to_string(tail.id), age(tail.seconds),
               rate_or_dash(view.tails[i].rows_per_second), grouped_digits(tail.lag_rows),
               to_bytes_text(tail.queue_bytes), grouped_digits(tail.missed_rows),
               tail.q.empty() ? "*" : shown_text(tail.q)});
  }
  const std::size_t first = out.size() + 1;
  cells.append_to(out);
  for (std::size_t i = 0; i < shown; ++i) {
    if (view.tails[i].now.behind) out[first + i].paint = kYellow;
  }
  return out;
}

/// Those that are furthest behind. Nothing where nobody has a cursor.
Lines cursor_lines(const TopView& view) {
  std::vector<TopCursor> cursors = view.now.cursors;
  if (cursors.empty()) return {};
  Lines out{{"", {}}, {"cursors  " + std::to_string(cursors.size()), kBold}};
  std::stable_sort(cursors.begin(), cursors.end(),
                   [](const TopCursor& a, const TopCursor& b) { return a.lag_rows > b.lag_rows; });
  if (cursors.size() > kFewCursors) cursors.resize(kFewCursors);
  Cells cells({"lag", "lost", "holds", "cursor"});
  for (const TopCursor& cursor : cursors) {
    cells.add({grouped_digits(cursor.lag_rows), grouped_digits(cursor.lost_rows),
               cursor.hold ? "yes" : "no", shown_text(cursor.name)});
  }
  cells.append_to(out);
  return out;
}

/// How many of each list there is room for.
struct Room {
  std::size_t streams;
  std::size_t queries;
  std::size_t tails;
};

Room share_room(const TopView& view, std::size_t head, std::size_t rows) {
  Room room{view.streams.size(), view.queries.size(), view.tails.size()};
  if (rows == 0) return room;
  // A blank, a heading and the names of the columns each; the line of others.
  const std::size_t fixed = head + 4 + 2 + 2 + (room.queries > 0) + (room.tails > 0);
  const std::size_t left = rows > fixed ? rows - fixed : 0;
  const std::size_t for_streams = std::min(room.streams, std::max(kFewStreams, left / 2));
  const std::size_t rest = left > for_streams ? left - for_streams : 0;
  room.queries = std::min(room.queries, std::max(rest / 2, rest - std::min(rest, room.tails)));
  room.tails = std::min(room.tails, rest - room.queries);
  room.streams = std::min(room.streams, left - std::min(left, room.queries + room.tails));
  return room;
}

}  // namespace

std::vector<std::string> top_lines(const TopView& view, const TopFrame& frame) {
  Lines lines = head_lines(view, frame);
  const Lines cursors = cursor_lines(view);
  const Room room = share_room(view, lines.size() + cursors.size(), frame.rows);
  for (Lines more : {stream_lines(view, room.streams), query_lines(view, room.queries),
                     tail_lines(view, room.tails), cursors}) {
    lines.insert(lines.end(), more.begin(), more.end());
  }
  if (frame.rows > 0 && lines.size() > frame.rows) lines.resize(frame.rows);
  std::vector<std::string> out;
  out.reserve(lines.size());
  for (const Line& line : lines) {
    std::string text = cut_to_columns(line.text, frame.columns);
    if (frame.color && !line.paint.empty() && !text.empty()) {
      text = std::string(line.paint) + text + std::string(kReset);
    }
    out.push_back(std::move(text));
  }
  return out;
}

}  // namespace duramen::cli
