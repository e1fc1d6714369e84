#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "tools/cli/output.h"

namespace duramen::cli {

/// A progress bar on a terminal; no bar elsewhere. Redrawn at most ten times a second. Whatever
/// else several threads have to say there goes through write_line(): an Output is for one at a
/// time. Threading: any thread. Blocking: one short write. Ownership: `err` outlives it.
class Progress {
 public:
  /// `total` 0: not known. `bytes`: amounts are bytes and the rate is shown in MB/s.
  Progress(Output& err, std::uint64_t total, bool enabled);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  Progress(Progress&&) = delete;
  Progress& operator=(Progress&&) = delete;

  /// Records and bytes that are done in addition.
  void add(std::uint64_t records, std::uint64_t bytes);
  /// For work that reports absolute numbers.
  void set(std::uint64_t done, std::uint64_t total);
  /// A line in the place of the bar, which comes back below it.
  void write_line(std::string_view text);
  /// Removes the bar, so that a line can be written; the next add() draws it again.
  void clear();

 private:
  void draw_locked() DURAMEN_REQUIRES(mutex_);
  void clear_locked() DURAMEN_REQUIRES(mutex_);

  const bool enabled_;
  const std::chrono::steady_clock::time_point begin_;
  Mutex mutex_;
  Output* err_;
  std::uint64_t total_ DURAMEN_GUARDED_BY(mutex_);
  std::uint64_t records_ DURAMEN_GUARDED_BY(mutex_) = 0;
  std::uint64_t done_ DURAMEN_GUARDED_BY(mutex_) = 0;
  std::chrono::steady_clock::time_point drawn_ DURAMEN_GUARDED_BY(mutex_);
  bool visible_ DURAMEN_GUARDED_BY(mutex_) = false;
};

/// The bar itself: `[=====>    ]  42 %  1,234,567 records  85.1 MB/s`. `width` is the terminal's.
/// Without a total there is no bar, without records and bytes only what is known.
std::string progress_text(std::uint64_t done, std::uint64_t total, std::uint64_t records,
                          double seconds, int width);

}  // namespace duramen::cli
