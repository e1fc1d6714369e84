#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/result.h"
#include "store/store.h"

namespace duramen::index {
class Index;
}

namespace duramen::query {

struct DeletionLimits {
  std::uint32_t waiting = 100;  ///< open at once; one more gets kResourceExhausted
  std::uint64_t mark_bytes = 64ULL
                             << 20;  ///< of the places of rows of one deletion, about one a row
  std::uint64_t max_query_bytes = 64 * 1024;
  std::uint64_t max_reason_bytes = 1024;
};

struct DeletionRequest {
  std::string q;                ///< a filter, without pipes; not empty
  std::optional<TimeNs> start;  ///< of event times, inclusive
  std::optional<TimeNs> end;    ///< exclusive
  std::string by;               ///< who asks
  std::string reason;           ///< why, in their words
};

struct DeletionInfo {
  store::Deletion deletion;
  /// What it is at: `waiting`, `sealing`, `looking`, `rewriting`, `readers` (waiting for who still
  /// reads the rows), `purging`, `indexing`; empty when it has ended.
  std::string_view phase;
  std::uint64_t done = 0;  ///< of the phase, and
  std::uint64_t total = 0;
  std::string trouble;  ///< why it does not get on; it is tried again
};

/// Deletes what matches a filter, one deletion after the other, each in these steps: the rows that
/// were durable when it was asked for go into blocks; those that match are looked for, and then
/// disappear all at once; blocks, files and index are written again without them. Every step is
/// taken up again after a restart (docs/decisions/0015-how-rows-are-deleted.md).
///
/// What a deletion asked for, for whom, and what came of it is kept (Store::deletions).
/// Threading: any thread. Ownership: everything given to make_deletions() outlives it.
class Deletions {
 public:
  Deletions() = default;
  Deletions(const Deletions&) = delete;
  Deletions& operator=(const Deletions&) = delete;
  Deletions(Deletions&&) = delete;
  Deletions& operator=(Deletions&&) = delete;
  /// As stop().
  virtual ~Deletions() = default;

  /// Notes it durably; it is going to be done. Blocking: disk.
  /// Errors: kInvalidArgument (the query, with the column; a pipe; nothing to look for; the range),
  /// kOutOfRange (query or reason are too long), kResourceExhausted (too many wait), kUnavailable.
  virtual Result<DeletionInfo> request(const DeletionRequest& request) = 0;
  /// Oldest first.
  virtual std::vector<DeletionInfo> list() const = 0;
  virtual std::optional<DeletionInfo> find(std::uint64_t id) const = 0;
  /// Tells it to end before any row is hidden; whether that came in time, its state says.
  /// Blocking: disk. Errors: kNotFound, kInvalidArgument (too late: says its state), kUnavailable.
  virtual Result<void> cancel(std::uint64_t id) = 0;
  /// Starts the thread.
  virtual void start() = 0;
  /// Ends what it is at as soon as it can; the rest is done after the next start. Before it, the
  /// store must be interrupted.
  virtual void stop() = 0;
  /// Without the thread: takes the oldest open deletion to its end. False when there is none.
  /// Errors: kUnavailable and others that are tried again, kCancelled.
  virtual Result<bool> step() = 0;
};

/// What takes blocks that are gone out of the index (Indexer::forget_gone_blocks). May be empty.
using CleanIndex = std::function<Result<void>()>;

/// Without an index every block is read.
std::unique_ptr<Deletions> make_deletions(store::Store& store, const index::Index* index,
                                          CleanIndex clean_index, DeletionLimits limits,
                                          const Clock& clock, MetricRegistry& metrics);

}  // namespace duramen::query
