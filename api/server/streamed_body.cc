#include "api/server/streamed_body.h"

#include <algorithm>
#include <chrono>

namespace duramen::api {
namespace {

constexpr auto kCheckEvery = std::chrono::milliseconds(100);

}  // namespace

Result<void> StreamedBody::wait_for_room_locked() {
  while (!gone_ && waiting_.size() + in_flight_ >= limits_.unsent_bytes) {
    if (limits_.hold_all) {
      return Error{ErrorCode::kResourceExhausted,
                   "the answer is over " + std::to_string(limits_.unsent_bytes) +
                       " bytes and the client speaks HTTP/1.0; use HTTP/1.1 (nginx: "
                       "proxy_http_version 1.1) or a smaller limit"};
    }
    if (!check_) {
      room_.wait(mutex_);
      continue;
    }
    DURAMEN_TRY_VOID(check_());
    room_.wait_for(mutex_, kCheckEvery);
  }
  if (gone_) return Error{ErrorCode::kCancelled, "the client went away"};
  return {};
}

Result<void> StreamedBody::write(std::string_view bytes) {
  const MutexLock lock(mutex_);
  if (gone_) return Error{ErrorCode::kCancelled, "the client went away"};
  while (!bytes.empty()) {
    DURAMEN_TRY_VOID(wait_for_room_locked());
    started_ = true;
    const bool was_empty = waiting_.empty();
    const std::size_t room = limits_.unsent_bytes - waiting_.size() - in_flight_;
    const auto part = bytes.substr(0, std::min(bytes.size(), room));
    waiting_.append(part);
    bytes.remove_prefix(part.size());
    if (limits_.hold_all || !wake_) continue;
    if (waiting_.size() >= limits_.flush_bytes) {
      if (!woken_) wake_(Wake::kNow);
      woken_ = true;
    } else if (was_empty) {
      wake_(Wake::kSoon);
    }
  }
  return {};
}

bool StreamedBody::gone() const {
  const MutexLock lock(mutex_);
  return gone_;
}

void StreamedBody::when_gone(std::function<void()> on_gone) {
  {
    const MutexLock lock(mutex_);
    if (!gone_) {
      if (!finished_) on_gone_.push_back(std::move(on_gone));
      return;
    }
  }
  on_gone();
}

void StreamedBody::finish(Result<void> outcome) {
  std::vector<std::function<void()>> dropped;
  const MutexLock lock(mutex_);
  finished_ = true;
  outcome_ = std::move(outcome);
  dropped.swap(on_gone_);
  if (wake_) wake_(Wake::kNow);
}

StreamedBody::Taken StreamedBody::take(std::string& into) {
  const MutexLock lock(mutex_);
  woken_ = false;
  if (!limits_.hold_all || finished_) {
    into.swap(waiting_);
    in_flight_ += into.size();
  }
  return Taken{started_, finished_, outcome_};
}

void StreamedBody::sent() {
  const MutexLock lock(mutex_);
  in_flight_ = 0;
  room_.notify_all();
}

std::size_t StreamedBody::waiting() const {
  const MutexLock lock(mutex_);
  return waiting_.size();
}

bool StreamedBody::finished() const {
  const MutexLock lock(mutex_);
  return finished_;
}

void StreamedBody::leave() {
  std::vector<std::function<void()>> call;
  std::function<void(Wake)> dropped;
  {
    const MutexLock lock(mutex_);
    if (gone_) return;
    gone_ = true;
    dropped.swap(wake_);
    call.swap(on_gone_);
    room_.notify_all();
  }
  for (const auto& on_gone : call) on_gone();
}

}  // namespace duramen::api
