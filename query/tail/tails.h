#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/result.h"
#include "query/rows/record_name.h"
#include "query/tail/tail_queue.h"
#include "store/store.h"

namespace duramen::index {
class Index;
}

namespace duramen::query {

struct TailLimits {
  std::uint32_t concurrent = 1000;         ///< at once; one more gets kResourceExhausted
  std::uint64_t queue_bytes = 1U << 20;    ///< lines that wait for one client, about
  std::uint64_t behind_rows = 10'000'000;  ///< stored since a slow client's last row: then it jumps
  std::uint64_t recent_rows = 1'000'000;   ///< most that may be asked for
  std::uint64_t max_query_bytes = 64 * 1024;
};

struct TailRequest {
  std::string q;                    ///< a filter, and `fields`, `where`, `parse`; empty: everything
  std::uint64_t recent = 0;         ///< first the last rows that are stored, this many of them
  std::optional<RecordName> after;  ///< first everything behind this row; goes without `recent`
  bool follow = true;               ///< then what comes; false: that was all
};

struct TailInfo {
  std::uint64_t id = 0;
  std::string q;
  TimeNs started = 0;
  bool behind = false;  ///< reads what is stored already
  std::uint64_t rows = 0;
  std::uint64_t missed_rows = 0;  ///< said in gaps
  std::uint64_t waiting_bytes = 0;
  /// Rows that are stored from the first on that its client has not been given yet, whether they
  /// match or not.
  std::uint64_t lag_rows = 0;
};

/// One client's rows, in the order in which the store took them: each that matches exactly once.
/// What a slow client missed is said by a row with `_gap`. Ends with its last copy.
/// Threading: any thread, take() one at a time. None blocks.
class Tail {
 public:
  Tail() = default;
  Tail(const Tail&) = delete;
  Tail& operator=(const Tail&) = delete;
  Tail(Tail&&) = delete;
  Tail& operator=(Tail&&) = delete;
  virtual ~Tail() = default;

  virtual std::uint64_t id() const = 0;
  /// What was durable when it began. Without `recent` and `after`, who has got no row goes on
  /// behind this.
  virtual RecordName start() const = 0;
  /// From now on `wake` is called when there is something to take after take() left nothing; on any
  /// thread, and it must only post.
  virtual void open(std::function<void()> wake) = 0;
  /// About `bytes` of what waits, whole rows.
  virtual TailTaken take(std::size_t bytes) = 0;
};

/// The tails of one store. Rows are looked at once for each different query, when their commit
/// wakes a thread; tails that have the same query share the lines. A tail that is not at the
/// present yet, or whose client is slow, is read for by another thread, a slice at a time.
/// Threading: any thread. Ownership: store, index, clock and metrics outlive it and its tails;
/// tails may outlive it, and get nothing more.
class Tails {
 public:
  Tails() = default;
  Tails(const Tails&) = delete;
  Tails& operator=(const Tails&) = delete;
  Tails(Tails&&) = delete;
  Tails& operator=(Tails&&) = delete;
  virtual ~Tails() = default;

  /// Errors: kInvalidArgument (the query, with the column; a pipe that needs all rows; `recent`),
  /// kOutOfRange (the query is too long), kNotFound (`after` is no row of this store),
  /// kResourceExhausted (too many tails), kUnavailable (after end_all()).
  virtual Result<std::shared_ptr<Tail>> start(const TailRequest& request) = 0;
  virtual std::vector<TailInfo> list() const = 0;
  /// False when there is no such tail.
  virtual bool stop(std::uint64_t id) = 0;
  virtual void stop_all() = 0;
  /// Ends all, after what waits for them, and starts no others: the daemon stops.
  virtual void end_all(const std::string& reason) = 0;
  /// Without threads of its own: does what there is to do now.
  virtual void step() = 0;
};

struct TailOptions {
  TailLimits limits;
  /// Numbers of tails and of queries are of one kind.
  std::function<std::uint64_t()> next_id;
  bool threads = true;  ///< false: a test calls step()
};

/// Listens to the store. Without an index every block is read.
std::unique_ptr<Tails> make_tails(store::Store& store, const index::Index* index,
                                  TailOptions options, const Clock& clock, MetricRegistry& metrics);

}  // namespace duramen::query
