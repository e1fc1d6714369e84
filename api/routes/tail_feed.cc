#include "api/routes/tail_feed.h"

#include <utility>

#include "base/json_text.h"

namespace duramen::api {

TailFeed::TailFeed(std::shared_ptr<query::Tail> tail, TailFormat format, bool follows,
                   std::optional<query::RecordName> behind)
    : tail_(std::move(tail)), format_(format), follows_(follows) {
  if (format_.kind != TailFormat::Kind::kEvents) return;
  first_ = "retry: 1000\n";
  if (behind) first_ += "id: " + query::to_text(*behind) + "\n";
  first_ += "\n";
}

Feed::Part TailFeed::take(std::size_t bytes) {
  Part out;
  out.bytes.swap(first_);
  const query::TailTaken taken = tail_->take(bytes);
  for (const query::TailPiece& piece : taken.pieces) append(piece, out.bytes);
  out.ended = taken.ended;
  if (taken.ended && !taken.reason.empty()) {
    out.whole = follows_;
    append_end(taken.reason, out.bytes);
  }
  return out;
}

void TailFeed::append(const query::TailPiece& piece, std::string& out) const {
  const query::TailChunk& chunk = *piece.chunk;
  if (format_.kind == TailFormat::Kind::kLines) {
    out.append(chunk.lines, chunk.begin(piece.begin), piece.bytes());
    return;
  }
  for (std::size_t row = piece.begin; row < piece.end; ++row) {
    if (format_.kind == TailFormat::Kind::kShaped) {
      std::string line;
      format_.line(line, chunk.line(row));
      out += line;
    } else {
      out += "id: " + query::to_text(chunk.rows[row].name) + "\ndata: ";
      out += chunk.line(row);
      out += "\n";
    }
    out += "\n";
  }
}

void TailFeed::append_end(const std::string& reason, std::string& out) const {
  if (!follows_) {
    out += error_line_json(Error{ErrorCode::kUnavailable, reason}) + "\n";
    return;
  }
  std::string json = "{\"_end\":{\"reason\":";
  append_json_string_lossy(json, reason);
  json += "}}\n";
  out += format_.kind == TailFormat::Kind::kEvents ? "event: end\ndata: " + json + "\n" : json;
}

}  // namespace duramen::api
