#include "query/progress.h"

#include "base/time_text.h"

namespace duramen::query {

Result<void> Progress::check() const {
  if (cancelled_) return Error{ErrorCode::kCancelled, "the query was cancelled"};
  if (elapsed() >= timeout_) {
    return Error{ErrorCode::kDeadlineExceeded, "the query ran longer than its limit of " +
                                                   to_duration_text(timeout_) +
                                                   "; narrow the time range or the filter"};
  }
  return {};
}

Result<void> MemoryUse::check(std::string_view what, std::string_view remedy) const {
  if (!progress_.over_memory()) return {};
  return Error{ErrorCode::kResourceExhausted,
               std::string(what) + " need more than the query's memory limit of " +
                   to_bytes_text(progress_.memory_limit()) + "; " + std::string(remedy)};
}

}  // namespace duramen::query
