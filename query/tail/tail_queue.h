#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "query/tail/chunk.h"

namespace duramen::query {

/// What a client is given at once.
struct TailTaken {
  std::vector<TailPiece> pieces;
  bool ended = false;  ///< nothing follows
  std::string reason;  ///< why, when it was not the end of what was asked for
};

/// What waits for one client, bounded: rows that are shared with other queues.
/// Threading: one producer at a time; open(), take() and leave() by the consumer; end() by anybody.
/// None blocks. `wake` and `on_room` must only post or note.
class TailQueue {
 public:
  /// `on_room` is called after wait_for_room() when there is room again, or nobody takes any more.
  TailQueue(std::size_t limit_bytes, std::function<void()> on_room)
      : limit_bytes_(limit_bytes), on_room_(std::move(on_room)) {}

  bool has_room() const;
  /// Rows of the chunk from `begin` on. False: the queue is full, and has not taken them.
  bool push(const TailChunkPtr& chunk, std::size_t begin);
  /// Also when it is full: for the few rows that say something about the others.
  void push_always(const TailChunkPtr& chunk);
  /// True: there is room. False: on_room will be called.
  bool wait_for_room();
  /// Nothing follows what waits. The first reason counts; empty: the end of what was asked for.
  void end(std::string reason);

  /// From now on `wake` is called when there is something to take after take() left nothing.
  void open(std::function<void()> wake);
  /// About `bytes`, whole rows.
  TailTaken take(std::size_t bytes);
  void leave();

  std::size_t waiting_bytes() const;
  /// Of the first row that waits.
  std::optional<model::Seq> first_waiting() const;
  std::uint64_t taken_rows() const;

 private:
  void add_locked(TailPiece piece) DURAMEN_REQUIRES(mutex_);
  TailPiece first_rows_locked(std::size_t bytes) DURAMEN_REQUIRES(mutex_);

  const std::size_t limit_bytes_;
  const std::function<void()> on_room_;
  mutable Mutex mutex_;
  std::function<void()> wake_ DURAMEN_GUARDED_BY(mutex_);
  std::deque<TailPiece> waiting_ DURAMEN_GUARDED_BY(mutex_);
  std::size_t bytes_ DURAMEN_GUARDED_BY(mutex_) = 0;
  std::uint64_t taken_rows_ DURAMEN_GUARDED_BY(mutex_) = 0;
  bool wants_room_ DURAMEN_GUARDED_BY(mutex_) = false;
  bool ended_ DURAMEN_GUARDED_BY(mutex_) = false;
  bool left_ DURAMEN_GUARDED_BY(mutex_) = false;
  std::string reason_ DURAMEN_GUARDED_BY(mutex_);
};

}  // namespace duramen::query
