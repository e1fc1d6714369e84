#include "query/tail/tail_queue.h"

#include <algorithm>

namespace duramen::query {

bool TailQueue::has_room() const {
  const MutexLock lock(mutex_);
  return bytes_ < limit_bytes_;
}

bool TailQueue::push(const TailChunkPtr& chunk, std::size_t begin) {
  const MutexLock lock(mutex_);
  if (bytes_ >= limit_bytes_) return false;
  add_locked({chunk, begin, chunk->rows.size()});
  return true;
}

void TailQueue::push_always(const TailChunkPtr& chunk) {
  const MutexLock lock(mutex_);
  add_locked({chunk, 0, chunk->rows.size()});
}

void TailQueue::add_locked(TailPiece piece) {
  if (piece.begin == piece.end || left_ || ended_) return;
  const bool was_empty = waiting_.empty();
  bytes_ += piece.bytes();
  waiting_.push_back(std::move(piece));
  if (was_empty && wake_) wake_();
}

bool TailQueue::wait_for_room() {
  const MutexLock lock(mutex_);
  wants_room_ = bytes_ > limit_bytes_ / 2 && !left_ && !ended_;
  return !wants_room_;
}

void TailQueue::end(std::string reason) {
  const MutexLock lock(mutex_);
  if (ended_) return;
  ended_ = true;
  reason_ = std::move(reason);
  if (waiting_.empty() && wake_) wake_();
}

void TailQueue::open(std::function<void()> wake) {
  const MutexLock lock(mutex_);
  wake_.swap(wake);
  if (wake_ && (ended_ || !waiting_.empty())) wake_();
}

TailPiece TailQueue::first_rows_locked(std::size_t bytes) {
  TailPiece& piece = waiting_.front();
  const std::size_t from = piece.chunk->begin(piece.begin);
  const auto& rows = piece.chunk->rows;
  const auto begin = rows.begin() + static_cast<std::ptrdiff_t>(piece.begin);
  const auto limit = rows.begin() + static_cast<std::ptrdiff_t>(piece.end);
  const auto beyond = std::partition_point(
      begin, limit, [&](const TailChunk::Row& row) { return row.end - from <= bytes; });
  const auto count = std::max<std::ptrdiff_t>(1, beyond - begin);
  TailPiece out{piece.chunk, piece.begin, piece.begin + static_cast<std::size_t>(count)};
  piece.begin = out.end;
  if (piece.begin == piece.end) waiting_.pop_front();
  return out;
}

TailTaken TailQueue::take(std::size_t bytes) {
  TailTaken out;
  bool room = false;
  {
    const MutexLock lock(mutex_);
    std::size_t taken = 0;
    while (!waiting_.empty() && taken < bytes) {
      TailPiece piece = first_rows_locked(bytes - taken);
      taken += piece.bytes();
      taken_rows_ += piece.end - piece.begin;
      out.pieces.push_back(std::move(piece));
    }
    bytes_ -= taken;
    out.ended = ended_ && waiting_.empty();
    if (out.ended) out.reason = reason_;
    room = wants_room_ && bytes_ <= limit_bytes_ / 2;
    if (room) wants_room_ = false;
  }
  if (room) on_room_();
  return out;
}

void TailQueue::leave() {
  std::deque<TailPiece> dropped;
  std::function<void()> wake;
  bool call = false;
  {
    const MutexLock lock(mutex_);
    left_ = true;
    bytes_ = 0;
    dropped.swap(waiting_);
    wake.swap(wake_);
    call = std::exchange(wants_room_, false);
  }
  if (call) on_room_();
}

std::size_t TailQueue::waiting_bytes() const {
  const MutexLock lock(mutex_);
  return bytes_;
}

std::optional<model::Seq> TailQueue::first_waiting() const {
  const MutexLock lock(mutex_);
  if (waiting_.empty()) return std::nullopt;
  const TailPiece& piece = waiting_.front();
  return piece.chunk->rows[piece.begin].seq;
}

std::uint64_t TailQueue::taken_rows() const {
  const MutexLock lock(mutex_);
  return taken_rows_;
}

}  // namespace duramen::query
