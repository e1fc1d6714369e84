#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "tools/cli/import_place.h"
#include "tools/cli/input.h"

namespace duramen::cli {

/// Finds the time of a text line; nothing when it has none. Called once a line, in order, so that
/// it may remember (a stack trace has the time of the line before it).
using LineTime = std::function<std::optional<TimeNs>(std::string_view line)>;

struct BatchOptions {
  std::optional<LineFormat> format = {};  ///< none: found from the first line
  std::uint64_t batch_bytes = 4ULL << 20;
  std::size_t days = 64;  ///< UTC days in one request; the daemon refuses lines of further ones
  std::vector<std::pair<std::string, std::string>> text_labels = {};  ///< for lines of text
  std::vector<std::pair<std::string, std::string>> json_labels = {};  ///< for records
  /// The input may grow: a last line that does not end yet is not read (unless it is packed).
  bool may_grow = false;
  LineTime line_time = {};  ///< for text; not set: no times, so that the daemon's clock counts
};

/// Lines of one file as one request.
struct Batch {
  std::string body;                  ///< NDJSON
  std::vector<std::uint64_t> lines;  ///< the file's line number (from 1) of each line of `body`
  std::uint64_t begin = 0;           ///< place in the unpacked file
  std::uint64_t end = 0;
  std::uint64_t file_position = 0;  ///< bytes of the file as it lies on the disk, up to here
  ImportPlace place;                ///< for --resume
  std::vector<std::pair<std::uint64_t, std::string>>
      refused;  ///< lines that cannot be sent, and why
};

/// Cuts a file into batches of whole lines, always in the same way for the same content and
/// options.
///
/// A text line keeps its exact bytes (without its line feed; a carriage return stays); one that is
/// not UTF-8, or long and full of what JSON must escape, travels as `_msg_base64`: no request is
/// larger than `batch_bytes` and 22 MiB. A line over 16 MiB is refused, and so is one of NDJSON
/// that begins with no brace. Blank lines between records are skipped, empty lines of text are
/// lines. Threading: one thread. Memory: two batches.
class BatchReader {
 public:
  BatchReader(std::unique_ptr<Input> input, BatchOptions options);

  /// Passes over what an earlier import has stored. Errors: kNotFound when these are not the bytes
  /// that were imported; the reader is then of no use any more.
  Result<void> skip(const ImportPlace& place);
  /// Nothing at the end of the file.
  Result<std::optional<Batch>> next();
  /// Known after the first next(); text before that.
  LineFormat format() const { return format_; }
  /// After the end: a last line was left for a later import, because it does not end yet.
  bool left_unfinished() const { return left_unfinished_; }

 private:
  /// The next line without its line feed; nothing at the end. `cut`: it was too long and is gone.
  Result<std::optional<std::string_view>> next_line(bool& cut);
  Result<bool> fill();
  std::string_view take_line(std::size_t stop, bool whole);
  void pass_over_buffer();
  void leave_unfinished();
  void add_line(Batch& batch, std::string_view line);
  void settle_format(Batch& batch, LineFormat format);
  void add_text(Batch& batch, std::string_view line, std::uint64_t number);
  void add_record(Batch& batch, std::string_view line);
  void add_labelled(std::string& body, std::string_view object);

  std::unique_ptr<Input> input_;
  BatchOptions options_;
  LineFormat format_ = LineFormat::kText;
  bool format_known_ = false;
  std::vector<std::pair<std::uint64_t, std::string>>
      leading_;              ///< blank lines before the one that tells the format
  std::string text_prefix_;  ///< `"app":"x","file":"y",`
  std::string json_prefix_;
  std::string buffer_;
  std::size_t at_ = 0;        ///< the next line begins here in buffer_
  std::size_t searched_ = 0;  ///< no line feed before this place
  bool ended_ = false;
  bool left_unfinished_ = false;
  Fingerprint fingerprint_;
  /// Where a line began of which a part is passed over already.
  std::optional<std::pair<std::uint64_t, Fingerprint>> cut_begin_;
  std::optional<TimeNs> last_time_;  ///< of the last line of text
  std::set<std::int64_t> days_;      ///< of the batch being made
  std::uint64_t place_ = 0;          ///< of at_ in the unpacked file
  std::uint64_t line_ = 0;           ///< lines read so far
};

/// `app.log.2.gz` is of the app `app`.
std::string app_of_file(const std::string& path);

}  // namespace duramen::cli
