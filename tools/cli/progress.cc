#include "tools/cli/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "tools/cli/table.h"

namespace duramen::cli {
namespace {

constexpr std::chrono::milliseconds kRedraw{100};

}  // namespace

std::string progress_text(std::uint64_t done, std::uint64_t total, std::uint64_t records,
                          double seconds, int width) {
  std::string text;
  if (records > 0) {
    char rate[32];
    std::snprintf(rate, sizeof rate, "%.1f MB/s",
                  static_cast<double>(done) / 1e6 / std::max(seconds, 1e-3));
    text = "  " + grouped_digits(records) + " records  " + rate;
  }
  if (total == 0) return text.empty() ? grouped_digits(done) : text.substr(2);
  const std::uint64_t reached = std::min(done, total);
  const auto share = static_cast<double>(reached) / static_cast<double>(total);
  char percent[16];
  std::snprintf(percent, sizeof percent, " %3d %%", static_cast<int>(share * 100));
  const int room = std::clamp(width - static_cast<int>(text.size()) - 10, 0, 40);
  if (room < 5) return percent + text;
  const auto filled = static_cast<std::size_t>(share * room);
  std::string bar(filled, '=');
  if (filled < static_cast<std::size_t>(room)) bar += '>';
  bar.resize(static_cast<std::size_t>(room), ' ');
  return "[" + bar + "]" + percent + text;
}

Progress::Progress(Output& err, std::uint64_t total, bool enabled)
    : enabled_(enabled && err.is_terminal()),
      begin_(std::chrono::steady_clock::now()),
      err_(&err),
      total_(total) {}

void Progress::add(std::uint64_t records, std::uint64_t bytes) {
  const MutexLock lock(mutex_);
  records_ += records;
  done_ += bytes;
  draw_locked();
}

void Progress::set(std::uint64_t done, std::uint64_t total) {
  const MutexLock lock(mutex_);
  done_ = done;
  total_ = total;
  draw_locked();
}

void Progress::write_line(std::string_view text) {
  const MutexLock lock(mutex_);
  clear_locked();
  [[maybe_unused]] const auto ignored = err_->line(text);
}

void Progress::clear() {
  const MutexLock lock(mutex_);
  clear_locked();
}

void Progress::clear_locked() {
  if (!visible_) return;
  visible_ = false;
  drawn_ = {};
  [[maybe_unused]] const auto ignored = err_->write("\r\x1b[K");
  [[maybe_unused]] const auto flushed = err_->flush();
}

void Progress::draw_locked() {
  if (!enabled_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - drawn_ < kRedraw) return;
  drawn_ = now;
  visible_ = true;
  const std::chrono::duration<double> passed = now - begin_;
  [[maybe_unused]] const auto ignored =
      err_->write("\r\x1b[K" + progress_text(done_, total_, records_, passed.count(),
                                             terminal_width(STDERR_FILENO)));
  [[maybe_unused]] const auto flushed = err_->flush();
}

}  // namespace duramen::cli
