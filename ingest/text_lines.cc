#include "ingest/text_lines.h"

#include <algorithm>
#include <utility>

namespace duramen::ingest {

TextLineParser::TextLineParser(TextTimeReader times, model::Labels labels, TimeNs received)
    : times_(std::move(times)), labels_(std::move(labels)), previous_(received) {}

bool TextLineParser::day_fits(TimeNs time, std::uint32_t limit) {
  const std::int64_t day = time / kNsPerDay - (time % kNsPerDay < 0 ? 1 : 0);
  if (std::find(days_.rbegin(), days_.rend(), day) != days_.rend()) return true;
  if (days_.size() >= std::max(limit, 1U)) return false;
  days_.push_back(day);
  return true;
}

std::size_t TextLineParser::parse(std::string_view text, bool last, const TextBatchLimits& limits,
                                  model::RecordBatch& out) {
  const std::uint32_t stream = out.intern_stream(labels_);
  days_.clear();
  std::size_t at = 0;
  while (at < text.size() && out.rows() < limits.rows) {
    const std::size_t line_end = text.find('\n', at);
    if (line_end == std::string_view::npos && !last) break;
    const std::string_view line = text.substr(at, line_end - at);
    if (out.rows() != 0 && out.messages.size() + line.size() > limits.raw_bytes) break;
    const auto found = times_.read(line);
    const TimeNs time = found.value_or(previous_);
    if (!day_fits(time, limits.days)) break;
    previous_ = time;
    timed_lines_ += found ? 1 : 0;
    ++lines_;
    out.add_row(stream, time, line);
    at = line_end == std::string_view::npos ? text.size() : line_end + 1;
  }
  return at;
}

}  // namespace duramen::ingest
