#include "tools/cli/batches.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json_text.h"
#include "base/time_text.h"
#include "tools/cli/json_members.h"

namespace duramen::cli {
namespace {

constexpr std::size_t kChunk = 256 * 1024;
constexpr std::size_t kMaxLine = 16U << 20;
constexpr std::size_t kLeadingLines = 1000;
constexpr std::size_t kMaxRefused = 10'000;  // lines of one batch that are only named
constexpr std::size_t kLongLine = 1U << 20;  // worth looking at how it is written
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

bool looks_like_record(std::string_view line) {
  const std::size_t begin = line.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos || line[begin] != '{') return false;
  return nlohmann::json::accept(line);
}

bool all_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

void append_base64(std::string& body, std::string_view line) {
  body += "\"_msg_base64\":\"" + to_base64(line) + "\"";
}

/// The line as the message of a record, so that it takes a third more room at most where it is
/// long: escapes take six times the room, and a request has a limit.
void append_message(std::string& body, std::string_view line) {
  if (!is_utf8(line)) return append_base64(body, line);
  const std::size_t before = body.size();
  body += "\"_msg\":";
  append_json_string(body, line);
  if (line.size() < kLongLine || body.size() - before <= line.size() / 3 * 4) return;
  body.resize(before);
  append_base64(body, line);
}

}  // namespace

std::string app_of_file(const std::string& path) {
  std::filesystem::path name = std::filesystem::path(path).filename();
  const auto extension = [&] { return name.extension().string(); };
  if (extension() == ".gz" || extension() == ".zst" || extension() == ".zstd") name = name.stem();
  if (extension().size() > 1 && all_digits(std::string_view(name.extension().native()).substr(1))) {
    name = name.stem();
  }
  return name.stem().string();
}

BatchReader::BatchReader(std::unique_ptr<Input> input, BatchOptions options)
    : input_(std::move(input)),
      options_(std::move(options)),
      text_prefix_(json_members(options_.text_labels)),
      json_prefix_(json_members(options_.json_labels)) {
  options_.may_grow = options_.may_grow && input_->may_grow();
  if (options_.format) {
    format_ = *options_.format;
    format_known_ = true;
  }
}

Result<bool> BatchReader::fill() {
  if (at_ > 0) {
    buffer_.erase(0, at_);
    searched_ -= at_;
    at_ = 0;
  }
  const std::size_t had = buffer_.size();
  buffer_.resize(had + kChunk);
  auto count = input_->read(buffer_.data() + had, kChunk);
  buffer_.resize(had + (count ? *count : 0));
  if (!count) return std::move(count).error();
  ended_ = *count == 0;
  return !ended_;
}

/// The bytes up to `stop` as a line; `whole`: its line feed stands there.
std::string_view BatchReader::take_line(std::size_t stop, bool whole) {
  const std::string_view taken =
      std::string_view(buffer_).substr(at_, stop - at_ + (whole ? 1 : 0));
  place_ += taken.size();
  fingerprint_.add(taken);
  at_ = searched_ = at_ + taken.size();
  ++line_;
  cut_begin_.reset();
  return taken.substr(0, taken.size() - (whole ? 1 : 0));
}

/// Of a line that is too long nothing is kept: memory stays bounded, the rest of the file is read.
void BatchReader::pass_over_buffer() {
  if (!cut_begin_) cut_begin_.emplace(place_, fingerprint_);
  place_ += buffer_.size() - at_;
  fingerprint_.add(std::string_view(buffer_).substr(at_));
  at_ = buffer_.size();
}

/// The place of the import stays before the last line.
void BatchReader::leave_unfinished() {
  left_unfinished_ = true;
  if (!cut_begin_) return;
  place_ = cut_begin_->first;
  fingerprint_ = std::move(cut_begin_->second);
  cut_begin_.reset();
}

Result<std::optional<std::string_view>> BatchReader::next_line(bool& cut) {
  while (!left_unfinished_) {
    const std::size_t end = buffer_.find('\n', std::max(at_, searched_));
    const bool whole = end != std::string::npos;
    const bool unfinished = ended_ && (at_ < buffer_.size() || cut_begin_);
    if (!whole && unfinished && options_.may_grow) {
      leave_unfinished();
    } else if (whole || unfinished) {
      cut = cut_begin_.has_value();
      const auto line = take_line(whole ? end : buffer_.size(), whole);
      cut = cut || line.size() > kMaxLine;
      return std::optional<std::string_view>(line);
    } else if (ended_) {
      break;
    } else {
      searched_ = buffer_.size();
      if (buffer_.size() - at_ > kMaxLine) pass_over_buffer();
      DURAMEN_TRY_VOID(fill());
    }
  }
  return std::optional<std::string_view>();
}

Result<void> BatchReader::skip(const ImportPlace& place) {
  const Error changed{ErrorCode::kNotFound, "the file is not the one that was imported"};
  while (place_ < place.end) {
    if (at_ == buffer_.size()) {
      DURAMEN_TRY(const bool more, fill());
      if (!more) return changed;
    }
    const auto step =
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer_.size() - at_, place.end - place_));
    fingerprint_.add(std::string_view(buffer_).substr(at_, step));
    at_ += step;
    place_ += step;
    searched_ = std::max(searched_, at_);
  }
  if (fingerprint_.head() != place.head || fingerprint_.tail() != place.tail) return changed;
  line_ = place.lines;
  last_time_ = place.time;
  if (place.format && !format_known_) {
    format_ = *place.format;
    format_known_ = true;
  }
  return {};
}

Result<std::optional<Batch>> BatchReader::next() {
  Batch batch;
  batch.begin = place_;
  days_.clear();
  // The batch ends with the line that fills it or brings the last day that is allowed.
  while (batch.body.size() < options_.batch_bytes && days_.size() < options_.days &&
         batch.refused.size() < kMaxRefused) {
    bool cut = false;
    DURAMEN_TRY(const auto line, next_line(cut));
    if (!line) {
      // Blank lines alone tell nothing: what is written behind them does.
      if (!format_known_ && options_.may_grow) return std::optional<Batch>();
      if (!format_known_) settle_format(batch, LineFormat::kText);
      break;
    }
    if (cut) {
      batch.refused.emplace_back(line_, "the line is longer than 16 MiB");
    } else {
      add_line(batch, *line);
    }
  }
  batch.end = place_;
  batch.place = {place_, line_, fingerprint_.head(), fingerprint_.tail(), std::nullopt, last_time_};
  if (format_known_) batch.place.format = format_;
  batch.file_position = input_->file_position();
  if (batch.begin == batch.end) return std::optional<Batch>();
  return std::optional<Batch>(std::move(batch));
}

void BatchReader::add_line(Batch& batch, std::string_view line) {
  if (!format_known_) {
    if (is_blank(line) && leading_.size() < kLeadingLines) {
      leading_.emplace_back(line_, line);
      return;
    }
    settle_format(batch, looks_like_record(line) ? LineFormat::kNdjson : LineFormat::kText);
  }
  if (format_ == LineFormat::kText) return add_text(batch, line, line_);
  if (!is_blank(line)) add_record(batch, line);
}

void BatchReader::settle_format(Batch& batch, LineFormat format) {
  format_ = format;
  format_known_ = true;
  const auto held = std::exchange(leading_, {});
  if (format == LineFormat::kNdjson) return;
  for (const auto& [number, line] : held) add_text(batch, line, number);
}

void BatchReader::add_text(Batch& batch, std::string_view line, std::uint64_t number) {
  batch.lines.push_back(number);
  batch.body += '{';
  if (options_.line_time) {
    if (const auto at = options_.line_time(line)) {
      last_time_ = *at;
      days_.insert(*at / kNsPerDay - (*at % kNsPerDay < 0 ? 1 : 0));
      batch.body += "\"_time\":\"";
      append_rfc3339(batch.body, *at);
      batch.body += "\",";
    }
  }
  batch.body += text_prefix_;
  append_message(batch.body, line);
  batch.body += "}\n";
}

void BatchReader::add_record(Batch& batch, std::string_view line) {
  if (line_ == 1 && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  const std::size_t brace = std::min(line.find_first_not_of(" \t\r"), line.size());
  // A request that begins with `[` would be taken for an array, and its good lines with it.
  if (!line.substr(brace).starts_with('{')) {
    batch.refused.emplace_back(line_, "not a JSON object (it must begin with {)");
    return;
  }
  batch.lines.push_back(line_);
  if (json_prefix_.empty()) {
    batch.body += line;
  } else {
    add_labelled(batch.body, line.substr(brace));
  }
  batch.body += '\n';
}

/// Labels stand in front; members of the same names go, because a name may stand there once.
void BatchReader::add_labelled(std::string& body, std::string_view object) {
  std::string without;
  if (without_members(object, options_.json_labels, without)) object = without;
  const std::size_t next = object.find_first_not_of(" \t\r", 1);
  const bool is_empty = next != std::string_view::npos && object[next] == '}';
  body += '{';
  body += std::string_view(json_prefix_).substr(0, json_prefix_.size() - (is_empty ? 1 : 0));
  body += object.substr(1);
}

}  // namespace duramen::cli
