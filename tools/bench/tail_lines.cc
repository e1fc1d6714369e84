#include "tools/bench/tail_lines.h"

#include <algorithm>
#include <charconv>

namespace duramen::bench {
namespace {

constexpr std::size_t kHeadBytes = 64 * 1024;
constexpr std::size_t kSizeBytes = 32;

}  // namespace

Result<void> TailLines::take(std::string_view bytes,
                             const std::function<void(std::string_view)>& line) {
  while (!bytes.empty()) {
    switch (state_) {
      case State::kHead:
        DURAMEN_TRY_VOID(take_head(bytes));
        break;
      case State::kSize:
        DURAMEN_TRY_VOID(take_size(bytes));
        break;
      case State::kData:
        take_data(bytes, line);
        break;
      case State::kDataEnd: {
        const std::size_t n = std::min(left_, bytes.size());
        bytes.remove_prefix(n);
        left_ -= n;
        if (left_ == 0) state_ = State::kSize;
        break;
      }
    }
  }
  return {};
}

Result<void> TailLines::take_head(std::string_view& bytes) {
  constexpr std::string_view kEnd = "\r\n\r\n";
  const std::size_t before = held_.size();
  held_ += bytes;
  const std::size_t end = held_.find(kEnd);
  if (end == std::string::npos) {
    if (held_.size() > kHeadBytes) return Error{ErrorCode::kDataLoss, "the head has no end"};
    bytes = {};
    return {};
  }
  bytes.remove_prefix(end + kEnd.size() - before);
  if (!held_.starts_with("HTTP/1.1 200")) {
    return Error{ErrorCode::kUnavailable, "a tail was refused: " + held_.substr(0, 40)};
  }
  held_.clear();
  state_ = State::kSize;
  return {};
}

Result<void> TailLines::take_size(std::string_view& bytes) {
  const std::size_t end = bytes.find('\n');
  size_ += bytes.substr(0, end);
  if (size_.size() > kSizeBytes) return Error{ErrorCode::kDataLoss, "the answer has no chunks"};
  if (end == std::string_view::npos) {
    bytes = {};
    return {};
  }
  bytes.remove_prefix(end + 1);
  const auto read = std::from_chars(size_.data(), size_.data() + size_.size(), left_, 16);
  if (read.ec != std::errc() || left_ == 0) {
    return Error{ErrorCode::kDataLoss, "the tail has ended"};
  }
  size_.clear();
  state_ = State::kData;
  return {};
}

void TailLines::take_data(std::string_view& bytes,
                          const std::function<void(std::string_view)>& line) {
  std::string_view data = bytes.substr(0, left_);
  bytes.remove_prefix(data.size());
  left_ -= data.size();
  for (std::size_t end = 0; (end = data.find('\n')) != std::string_view::npos;) {
    if (held_.empty()) {
      if (end > 0) line(data.substr(0, end));
    } else {
      held_ += data.substr(0, end);
      line(held_);
      held_.clear();
    }
    data.remove_prefix(end + 1);
  }
  held_ += data;
  if (left_ > 0) return;
  left_ = 2;  // CR and LF
  state_ = State::kDataEnd;
}

std::optional<std::uint64_t> seq_of_row(std::string_view line) {
  constexpr std::string_view kMember = "\"_seq\":\"";
  const std::size_t member = line.find(kMember);
  if (member == std::string_view::npos) return std::nullopt;
  const std::size_t colon = line.find(':', member + kMember.size());
  if (colon == std::string_view::npos) return std::nullopt;
  std::uint64_t out = 0;
  const auto read = std::from_chars(line.data() + colon + 1, line.data() + line.size(), out);
  return read.ec == std::errc() ? std::optional(out) : std::nullopt;
}

}  // namespace duramen::bench
