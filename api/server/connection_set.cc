#include <chrono>
#include <utility>

#include "api/server/connection.h"
#include "api/server/server_state.h"

namespace duramen::api {

std::size_t ConnectionSet::add(std::shared_ptr<Connection> connection) {
  const MutexLock lock(mutex_);
  const Connection* key = connection.get();
  open_.emplace(key, Entry{std::move(connection), draining_});
  if (!draining_) ++not_late_;
  return open_.size();
}

void ConnectionSet::remove(const Connection& connection) {
  Entry dropped;
  const MutexLock lock(mutex_);
  const auto at = open_.find(&connection);
  if (at == open_.end()) return;
  dropped = std::move(at->second);
  open_.erase(at);
  if (!dropped.late) --not_late_;
  if (not_late_ == 0) changed_.notify_all();
}

std::vector<std::shared_ptr<Connection>> ConnectionSet::all_locked() const {
  std::vector<std::shared_ptr<Connection>> out;
  out.reserve(open_.size());
  for (const auto& [key, entry] : open_) out.push_back(entry.connection);
  return out;
}

std::vector<std::shared_ptr<Connection>> ConnectionSet::all() const {
  const MutexLock lock(mutex_);
  return all_locked();
}

std::vector<std::shared_ptr<Connection>> ConnectionSet::begin_drain() {
  const MutexLock lock(mutex_);
  draining_ = true;
  return all_locked();
}

void ConnectionSet::set_late(const Connection& connection) {
  const MutexLock lock(mutex_);
  const auto at = open_.find(&connection);
  if (at == open_.end() || std::exchange(at->second.late, true)) return;
  if (--not_late_ == 0) changed_.notify_all();
}

bool ConnectionSet::wait_for_drained(TimeNs limit_ns) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::nanoseconds(limit_ns);
  const MutexLock lock(mutex_);
  while (not_late_ != 0) {
    const auto left = end - std::chrono::steady_clock::now();
    if (left.count() <= 0) return false;
    changed_.wait_for(mutex_, left);
  }
  return true;
}

bool ConnectionSet::wait_until_empty(TimeNs limit_ns) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::nanoseconds(limit_ns);
  const MutexLock lock(mutex_);
  while (!open_.empty()) {
    const auto left = end - std::chrono::steady_clock::now();
    if (left.count() <= 0) return false;
    changed_.wait_for(mutex_, left);
  }
  return true;
}

}  // namespace duramen::api
