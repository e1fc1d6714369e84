#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "ingest/text_time.h"
#include "model/labels.h"
#include "model/record_batch.h"

namespace duramen::ingest {

/// Where a batch of lines ends.
struct TextBatchLimits {
  std::uint64_t raw_bytes = 4ULL << 20;  ///< of messages; a longer single line goes alone
  std::uint32_t rows = 100'000;
  std::uint32_t days = 64;  ///< different UTC days; IngestLimits::days_per_request of the receiver
};

/// Turns plain text into records, a line a record.
///
/// The message is the line byte for byte without its `\n` (a `\r` before it stays), whether it is
/// UTF-8 or not; an empty line is a record with an empty message. The time is the one found in the
/// line, else that of the line before, else `received`.
/// Threading: none. Blocking: CPU only. Deterministic: equal text is cut into equal batches.
class TextLineParser {
 public:
  TextLineParser(TextTimeReader times, model::Labels labels, TimeNs received);

  /// Adds whole lines from the beginning of `text` to `out` until it ends or a limit is reached;
  /// `last` says that the text ends where the file ends, so its last line may lack the `\n`.
  /// Gives the bytes consumed; 0 when `text` holds no whole line.
  std::size_t parse(std::string_view text, bool last, const TextBatchLimits& limits,
                    model::RecordBatch& out);

  /// Lines so far whose time was found in themselves, and all.
  std::uint64_t timed_lines() const { return timed_lines_; }
  std::uint64_t lines() const { return lines_; }

 private:
  bool day_fits(TimeNs time, std::uint32_t limit);

  TextTimeReader times_;
  model::Labels labels_;
  TimeNs previous_;
  std::vector<std::int64_t> days_;
  std::uint64_t timed_lines_ = 0;
  std::uint64_t lines_ = 0;
};

}  // namespace duramen::ingest
